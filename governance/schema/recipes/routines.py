"""Functions, procedures, aggregates and operators."""

import re
from collections.abc import Iterator

from governance.schema.model import Kind, SchemaObject
from governance.schema.recipes.words import commented, literal, owner, regranted
from governance.schema.tree import Tree

# Settings that are lists of names, each of which is quoted by itself.
_LISTS = {
    "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries", "temp_tablespaces",
    "unix_socket_directories",
}  # fmt: skip
_ITEM = re.compile(r'"((?:[^"]|"")*)"|([^\s,]+)')


def make(routine: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _create(routine)
    yield from owner(routine)
    yield from commented(routine)
    yield from regranted(None, routine)


def _create(routine: SchemaObject) -> str:
    name, body = routine.name.partition("(")[0], routine.get("body")
    head = f"CREATE OR REPLACE {routine.kind.upper()} {name}("
    if body.startswith(head):  # in SQL's own syntax it is the whole statement
        return body.rstrip()
    returns = f" RETURNS {routine.get('returns')}" if routine.kind is Kind.FUNCTION else ""
    return "\n".join([f"{head}{routine.get('arguments')}){returns}", *_clauses(routine), f"AS {_source(routine)}"])


def _clauses(routine: SchemaObject) -> Iterator[str]:
    yield f"LANGUAGE {routine.get('language')}"
    if routine.kind is Kind.FUNCTION:
        words = [word for word in ("window", "leakproof", "strict") if routine.get(word)]
        yield " ".join([*words, routine.get("volatility"), "parallel", routine.get("parallel"), "cost", routine.get("cost")]).upper()
        if routine.get("rows"):
            yield f"ROWS {routine.get('rows')}"
        if routine.get("support"):
            yield f"SUPPORT {routine.get('support')}"
    if routine.get("security definer"):
        yield "SECURITY DEFINER"
    for setting in filter(None, routine.get("settings").split("\n")):
        name, _, value = setting.partition("=")
        yield f"SET {name} TO {_value(name, value)}"


def _value(name: str, value: str) -> str:
    if name not in _LISTS:
        return literal(value)
    items = (quoted.replace('""', '"') or bare for quoted, bare in _ITEM.findall(value))
    return ", ".join(map(literal, items)) or "''"


def _source(routine: SchemaObject) -> str:
    body = routine.get("body")
    if routine.get("library"):
        return f"{literal(routine.get('library'))}, {literal(body)}"
    tag = next(tag for tag in ("$$", *(f"$body{number}$" for number in range(1000))) if tag[:-1] not in body)
    return f"{tag}{body}{tag}"


def replace(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    """Keeps owner and privileges, and whatever uses it."""
    yield _create(after)


_REPLACED = (
    "body", "library", "language", "window", "volatility", "parallel", "strict", "security definer", "leakproof", "cost", "rows",
    "support", "settings",
)  # fmt: skip
CHANGES = dict.fromkeys(_REPLACED, replace)
_AGGREGATE = (
    ("SFUNC", "transition"), ("STYPE", "state type"), ("SSPACE", "state space"), ("FINALFUNC", "final"), ("COMBINEFUNC", "combine"),
    ("SERIALFUNC", "serial"), ("DESERIALFUNC", "deserial"), ("MSFUNC", "moving transition"), ("MINVFUNC", "moving inverse"),
    ("MSTYPE", "moving state type"), ("MSSPACE", "moving state space"), ("MFINALFUNC", "moving final"), ("SORTOP", "sort operator"),
)  # fmt: skip


def make_aggregate(aggregate: SchemaObject, tree: Tree) -> Iterator[str]:
    parts = [f"{word} = {_bare(aggregate.get(attribute), word)}" for word, attribute in _AGGREGATE if aggregate.get(attribute)]
    parts += [
        f"{word} = {literal(aggregate.get(attribute))}"
        for word, attribute in (("INITCOND", "initial state"), ("MINITCOND", "moving initial state"))
        if attribute in dict(aggregate.attributes)
    ]
    parts += ["FINALFUNC_EXTRA"] * bool(aggregate.get("final extra")) + ["HYPOTHETICAL"] * bool(aggregate.get("hypothetical"))
    if aggregate.get("final"):
        parts.append(f"FINALFUNC_MODIFY = {aggregate.get('final modify').upper()}")
    parts.append(f"PARALLEL = {aggregate.get('parallel').upper()}")
    name = aggregate.name.partition("(")[0]
    yield f"CREATE AGGREGATE {name}({aggregate.get('arguments') or '*'}) ({', '.join(parts)})"
    yield from owner(aggregate)
    yield from commented(aggregate)
    yield from regranted(None, aggregate)


def _bare(value: str, word: str) -> str:
    """A function or operator without its arguments, which the statement infers."""
    if word == "SORTOP":
        return f"OPERATOR({value.partition('(')[0]})"
    return value if word in {"STYPE", "MSTYPE", "SSPACE", "MSSPACE"} else value.partition("(")[0]


_OPERATOR = (("FUNCTION", "function"), ("LEFTARG", "left"), ("RIGHTARG", "right"), ("RESTRICT", "restriction"), ("JOIN", "join"))


def make_operator(operator: SchemaObject, tree: Tree) -> Iterator[str]:
    parts = [f"{word} = {operator.get(attribute).partition('(')[0] if word == 'FUNCTION' else operator.get(attribute)}"
             for word, attribute in _OPERATOR if operator.get(attribute)]  # fmt: skip
    for word, attribute in (("COMMUTATOR", "commutator"), ("NEGATOR", "negator")):
        if operator.get(attribute):
            parts.append(f"{word} = OPERATOR({operator.get(attribute).partition('(')[0]})")
    parts += [word.upper() for word in ("hashes", "merges") if operator.get(word)]
    yield f"CREATE OPERATOR {operator.name.partition('(')[0]} ({', '.join(parts)})"
    yield from owner(operator)
    yield from commented(operator)
