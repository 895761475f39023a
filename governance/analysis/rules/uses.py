"""Rules about who needs what a change takes away: objects in the database, other domains, live clients."""

from collections.abc import Iterator

from governance.analysis.actions import Kind
from governance.analysis.rule import CLIENTS, DOMAINS, Hit, Level, Place, Read, hit, rule, safe
from governance.facts import DependantFacts

TAKING_COLUMN = frozenset({Kind.DROP_COLUMN, Kind.RENAME_COLUMN, Kind.ALTER_COLUMN_TYPE})
TAKING_TABLE = frozenset({Kind.DROP_TABLE, Kind.RENAME_TABLE, Kind.SET_SCHEMA, Kind.DROP_VIEW})
# PostgreSQL follows a renamed column into views, policies and triggers, but not into the text of a function.
FOLLOWED_WHEN_RENAMED = frozenset({"view", "materialized view", "policy", "rule", "statistics"})
REFUSING = frozenset({"view", "materialized view", "policy", "rule", "trigger"})  # a trigger needs the columns of UPDATE OF
VERBS = {Kind.ALTER_COLUMN_TYPE: "changes", Kind.RENAME_COLUMN: "renames", Kind.RENAME_TABLE: "renames", Kind.SET_SCHEMA: "moves"}


@rule("object-in-use", Level.BLOCKING, rollback=True, on=[*TAKING_COLUMN, *TAKING_TABLE])
def object_in_use(read: Read) -> Iterator[Hit]:
    for place in read.of(*TAKING_COLUMN, *TAKING_TABLE):
        needing = [] if place.is_new else [found for found in _dependants(place) if not _goes_first(read, place, found)]
        if needing:
            refused = [found for found in needing if _refuses(place, found)]
            names = ", ".join(_named(found) for found in refused or needing)
            yield hit(
                place,
                f"{names} {'need' if len(refused or needing) > 1 else 'needs'} {_what(place)}, which this statement "
                f"{VERBS.get(place.action.kind, 'drops')}" + (": PostgreSQL refuses it." if refused else "."),
                "It is refused (2BP01 or 0A000) as long as something depends on it."
                if refused
                else "PostgreSQL does not look into the text of functions: they fail when they are called.",
                _around(place, (refused or needing)[0]),
                None if refused else Level.WARNING,
            )


def _dependants(place: Place) -> tuple[DependantFacts, ...]:
    table = place.facts
    found = table.dependants if table else ()
    if not found:
        return ()
    if place.action.kind in TAKING_COLUMN:
        found = tuple(each for each in found if place.action.name in each.columns)
    if place.action.kind in (Kind.RENAME_COLUMN, Kind.RENAME_TABLE, Kind.SET_SCHEMA):
        return tuple(each for each in found if each.kind not in FOLLOWED_WHEN_RENAMED and each.kind != "trigger")
    return tuple(each for each in found if not (place.action.kind in TAKING_TABLE and each.on))


def _refuses(place: Place, found: DependantFacts) -> bool:
    return found.kind in REFUSING and not place.action.cascade


def _goes_first(read: Read, taken: Place, needing: DependantFacts) -> bool:
    """Whether the change drops or replaces it before."""
    for place in read.of(Kind.DROP_VIEW, Kind.CREATE_VIEW, Kind.DROP_FUNCTION, Kind.CREATE_FUNCTION, Kind.DROP_POLICY, Kind.DROP_TRIGGER):
        if place is taken:
            return False
        name = place.scene.identity(place.action.relation or place.action.name)
        if needing.name in (name, place.action.name):
            return True
        if place.statement is taken.statement:
            return False
    return False


def _named(found: DependantFacts) -> str:
    return f"the {found.kind} {found.name}" + (f" of {found.on}" if found.on else "")


def _what(place: Place) -> str:
    return f"{place.action.name} of {place.table}" if place.action.kind in TAKING_COLUMN else place.table


def _around(place: Place, found: DependantFacts) -> str:
    if found.kind in ("view", "materialized view"):
        dropped = safe(f"DROP {found.kind.upper()} {{name}};\n", name=found.name)
        return f"{dropped}{place.statement.text};\n" + safe("-- CREATE VIEW {name} AS … without it, in the same script", name=found.name)
    return f"-- change {_named(found)} in the same script, before this statement"


@rule("crosses-domain", Level.WARNING, on=[DOMAINS])
def crosses_domain(read: Read) -> Iterator[Hit]:
    domains = read.surroundings.domains
    for place in read.of(*TAKING_COLUMN, *TAKING_TABLE):
        table = place.facts
        own = domains.get(place.identity)
        if table is None or own is None or place.is_new:
            continue
        using = {domains[name] for name in (*table.referenced_by, *_read_by(place)) if name in domains} - {own}
        if using:
            yield hit(
                place,
                f"{', '.join(sorted(using))} uses {place.table}, which belongs to {own}.",
                "A foreign key or a view of another domain reaches into this table; its owners have to know before it changes.",
                "-- let the owners of the other domain answer its considerations first",
            )


def _read_by(place: Place) -> tuple[str, ...]:
    table = place.facts
    wanted = {place.action.name} if place.action.kind in TAKING_COLUMN else set()
    found = table.dependants if table else ()
    return tuple(each.on or each.name for each in found if not wanted or wanted & set(each.columns))


@rule("breaks-live-client", Level.BLOCKING, on=[CLIENTS])
def breaks_live_client(read: Read) -> Iterator[Hit]:
    kept = {place.identity for place in read.of(Kind.CREATE_VIEW)}
    for place in read.of(*TAKING_COLUMN, *TAKING_TABLE):
        table = place.identity
        if place.is_new or (place.action.kind in TAKING_TABLE and table in kept):
            continue
        columns = frozenset({place.action.name}) if place.action.kind in TAKING_COLUMN else frozenset()
        names = [client.name for client in read.surroundings.clients if _uses(client.uses.get(table), columns)]
        if names:
            yield hit(
                place,
                f"{', '.join(names)} still {'uses' if len(names) == 1 else 'use'} {_what(place)}, which this statement "
                f"{VERBS.get(place.action.kind, 'drops')}.",
                "The client is live: its queries fail from the moment the change is done.",
                "-- expand, move the client over, and do this in the contract phase, once no live client needs it",
            )


def _uses(used: frozenset[str] | None, columns: frozenset[str]) -> bool:
    return used is not None and (not columns or not used or bool(used & columns))
