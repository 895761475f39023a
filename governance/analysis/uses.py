"""Which tables and columns a client's query reads and writes, as far as its text tells: what pg_stat_statements keeps of it is enough."""

from collections.abc import Iterator

from governance.analysis.nodes import Node, relation, strings
from governance.analysis.statements import parse
from governance.errors import UnparsableScript
from governance.matrix.contract import Bound

CHANGING = {"InsertStmt": "cols", "UpdateStmt": "target_list", "DeleteStmt": "", "MergeStmt": ""}
LONGEST = 200  # characters of the query that the binding names


def uses_of(query: str, schema: str = "public") -> tuple[Bound, ...]:
    """Names without a schema are taken to be in `schema`. Nothing for what is not a query, or not SQL at all."""
    try:
        nodes = parse(query, "query")
    except UnparsableScript:
        return ()
    by = " ".join(query.split())[:LONGEST]
    found = (bound for node in nodes for bound in _of(node, schema, by))
    return tuple(dict.fromkeys(found))


def _of(node: Node, schema: str, by: str) -> Iterator[Bound]:
    written = {id_ for each in node.walk() if each.node_type in CHANGING for id_ in [_qualified(each.relation, schema)]}
    tables = dict(_tables(node, schema))
    for each in node.walk():
        if each.node_type in CHANGING:
            table = _qualified(each.relation, schema)
            columns = [target.name for target in getattr(each, CHANGING[each.node_type])] if CHANGING[each.node_type] else []
            yield from (Bound(name, False, True, by) for name in ([f"{table}.{column}" for column in columns] or [table]))
    read = {name for each in node.walk() if each.node_type == "ColumnRef" for name in _columns(each, tables)}
    silent = {table for table in tables.values() if not any(name == table or name.startswith(f"{table}.") for name in read)}
    yield from (Bound(name, True, False, by) for name in sorted(read | silent - written))


def _tables(node: Node, schema: str) -> Iterator[tuple[str, str]]:
    """By the name or alias under which columns speak of them. What WITH defines is no table."""
    own = {each.ctename for each in node.walk() if each.node_type == "CommonTableExpr"}
    for each in node.walk():
        if each.node_type == "RangeVar" and not (each.relname in own and not each.schemaname):
            yield (each.alias.aliasname if each.alias else each.relname), _qualified(each, schema)


def _qualified(node: Node, schema: str) -> str:
    name = relation(node)
    return name if "." in name else f"{schema}.{name}"


def _columns(node: Node, tables: dict[str, str]) -> Iterator[str]:
    """A column without its table belongs to the only one there is; to any of them where there are several."""
    names, star = strings(node.fields), any(field.node_type == "A_Star" for field in node.fields)
    if len(names) > 1 or (star and names):
        table = tables.get(names[-2] if not star else names[-1])
        if table:
            yield table if star else f"{table}.{names[-1]}"
    elif star or len(set(tables.values())) != 1:
        yield from set(tables.values())
    else:
        yield f"{next(iter(tables.values()))}.{names[0]}"
