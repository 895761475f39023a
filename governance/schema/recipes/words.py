"""What the statements for all kinds of objects are made of: names, owners, comments and privileges."""

import re
from collections.abc import Iterable, Iterator

from governance.schema.model import Kind, SchemaObject

# How a statement calls the kind; the others are called as they are.
_WORDS = {
    Kind.FUNCTION: "ROUTINE", Kind.PROCEDURE: "ROUTINE", Kind.AGGREGATE: "ROUTINE",
    Kind.STATISTICS: "STATISTICS", Kind.FOREIGN_SERVER: "SERVER",
}  # fmt: skip
_PRIVILEGED_WORDS = {Kind.VIEW: "TABLE", Kind.MATERIALIZED_VIEW: "TABLE", Kind.DOMAIN: "TYPE", Kind.FOREIGN_SERVER: "FOREIGN SERVER"}
_GRANT = re.compile(r'(?P<privileges>[^",]+?) to (?P<role>"(?:[^"]|"")*"|[^",]+)(?:, |$)')
LABELS = "security labels"
_WITH_OPTION = " with grant option"
Privilege = tuple[str, str, bool]  # what, to whom, whether it may be passed on


def literal(text: str) -> str:
    """As PostgreSQL's quote_literal writes it."""
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


def word(item: SchemaObject) -> str:
    if item.kind is Kind.TABLE and item.get("foreign server"):
        return "FOREIGN TABLE"
    return _WORDS.get(item.kind, item.kind.upper())


def called(item: SchemaObject) -> str:
    """The object as DROP and COMMENT ON name it: “TABLE public.bids”, “TRIGGER touch ON public.bids”."""
    if item.kind in {Kind.TRIGGER, Kind.POLICY, Kind.RULE}:
        return f"{word(item)} {item.own_name} ON {item.parent}"
    return f"{word(item)} {item.name}"


def owner(item: SchemaObject) -> Iterator[str]:
    if item.get("owner"):
        yield f"ALTER {called(item)} OWNER TO {item.get('owner')}"


def bound(before: SchemaObject, after: SchemaObject) -> Iterator[str]:
    """To extensions without which the object is to go."""
    was, now = (set(filter(None, item.get("goes with").split(", "))) for item in (before, after))
    yield from (f"ALTER {called(after)} NO DEPENDS ON EXTENSION {name}" for name in sorted(was - now))
    yield from (f"ALTER {called(after)} DEPENDS ON EXTENSION {name}" for name in sorted(now - was))


def labelled(before: SchemaObject, after: SchemaObject) -> Iterator[str]:
    """With security labels, one of each provider."""
    was, now = listed(before.get(LABELS)), listed(after.get(LABELS))
    for provider in sorted(was.keys() | now.keys()):
        if was.get(provider) != now.get(provider):
            label = literal(now[provider]) if provider in now else "NULL"
            yield f"SECURITY LABEL FOR {provider} ON {called(after)} IS {label}"


def comment(item: SchemaObject, named: str = "") -> str:
    return f"COMMENT ON {named or called(item)} IS {literal(item.get('comment')) if item.get('comment') else 'NULL'}"


def commented(item: SchemaObject, named: str = "") -> Iterator[str]:
    if item.get("comment"):
        yield comment(item, named)


def privileges(text: str) -> set[Privilege]:
    """From “INSERT/SELECT with grant option to bob, UPDATE to PUBLIC”."""
    return {
        (privilege.removesuffix(_WITH_OPTION), found["role"], privilege.endswith(_WITH_OPTION))
        for found in _GRANT.finditer(text)
        for privilege in found["privileges"].split("/")
    }


def regranted(before: SchemaObject | None, after: SchemaObject) -> Iterator[str]:
    """From what a new object has, or from what another form of it had."""
    had, lacked = (privileges(before.get(name)) if before else set() for name in ("grants", "revoked"))
    has, lacks = (privileges(after.get(name)) for name in ("grants", "revoked"))
    if before and before.get("owner") != after.get("owner"):
        had, lacked = _handed_over(had, lacked, before.get("owner"), after.get("owner"))
    for what, whom, _ in sorted((had - has) | (lacks - lacked)):
        yield f"REVOKE {_on(what, after)} FROM {whom}"
    for what, whom, grantable in sorted((has - had) | (lacked - lacks)):
        yield f"GRANT {_on(what, after)} TO {whom}{' WITH GRANT OPTION' if grantable else ''}"


def _handed_over(had: set[Privilege], lacked: set[Privilege], old: str, new: str) -> tuple[set[Privilege], set[Privilege]]:
    """The new owner steps into the old one's place, and keeps what it had: even that it could pass on what an owner has anyway."""
    own = {what for what, whom, _ in had if whom in (old, new)}
    passed_on = {what for what, whom, grantable in had if whom in (old, new) and grantable}
    return (
        {entry for entry in had if entry[1] not in (old, new)} | {(what, new, True) for what in passed_on},
        {entry for entry in lacked if entry[1] != old}
        | {(what, new, False) for what, whom, _ in lacked if whom == old and what not in own}
        | {(what, new, False) for what in passed_on},
    )


def cleared(item: SchemaObject, roles: Iterable[str]) -> Iterator[str]:
    """What default privileges gave a new object is taken back, so that it has exactly its own."""
    for whom in roles:
        yield f"REVOKE {_on('ALL', item)} FROM {whom}"


def _on(privilege: str, item: SchemaObject) -> str:
    if item.kind is Kind.COLUMN:
        return f"{privilege} ({item.own_name}) ON TABLE {item.parent}"
    return f"{privilege} ON {_PRIVILEGED_WORDS.get(item.kind, 'TABLE' if item.kind is Kind.TABLE else word(item))} {item.name}"


def listed(text: str) -> dict[str, str]:
    """From “name=value” lines, or a list of such, each in quotes if it has to be."""
    return dict(entry.partition("=")[::2] for entry in re.split(r"\n|, (?=[\w.]+=)", text) if entry)


def reset(before: str, after: str) -> Iterator[str]:
    """Storage parameters as parts of ALTER: “RESET (fillfactor)”, “SET (fillfactor=70)”."""
    was, now = listed(before), listed(after)
    if gone := sorted(was.keys() - now.keys()):
        yield f"RESET ({', '.join(gone)})"
    if changed := [f"{name}={value}" for name, value in now.items() if was.get(name) != value]:
        yield f"SET ({', '.join(changed)})"


def foreign_options(before: str, after: str) -> str:
    """“OPTIONS (ADD host 'a', SET port '5433', DROP user)”; empty if nothing changes."""
    was, now = listed(before), listed(after)
    parts = [f"DROP {name}" for name in was.keys() - now.keys()]
    parts += [f"{'SET' if name in was else 'ADD'} {name} {literal(value)}" for name, value in now.items() if was.get(name) != value]
    return f"OPTIONS ({', '.join(sorted(parts))})" if parts else ""
