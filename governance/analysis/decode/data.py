"""Statements that read and write rows, and maintenance, into actions."""

from governance.analysis.actions import Action, Kind
from governance.analysis.decode.columns import STABLE, VOLATILE
from governance.analysis.decode.objects import created, named_in, tables_read
from governance.analysis.nodes import Node, only_of, relation, strings, switched_on
from governance.values import replace

LOCK_MODES = {
    1: "AccessShareLock",
    2: "RowShareLock",
    3: "RowExclusiveLock",
    4: "ShareUpdateExclusiveLock",
    5: "ShareLock",
    6: "ShareRowExclusiveLock",
    7: "ExclusiveLock",
    8: "AccessExclusiveLock",
}
# What a function does cannot be told from its name, but for these.
HARMLESS_NAMES = (
    "setval set_config pg_notify pg_sleep version count sum min max avg bool_and bool_or array_agg string_agg jsonb_agg json_agg "
    "row_number rank lag lead first_value last_value generate_series unnest round floor ceil abs greatest least replace substring btrim "
    "to_regclass pg_get_serial_sequence pg_advisory_lock pg_advisory_xact_lock pg_advisory_unlock pg_try_advisory_lock "
    "pg_try_advisory_xact_lock"
)
HARMLESS = STABLE | VOLATILE | frozenset(HARMLESS_NAMES.split())
WRITES = {
    "InsertStmt": Kind.INSERT,
    "UpdateStmt": Kind.UPDATE,
    "DeleteStmt": Kind.DELETE,
    "MergeStmt": Kind.MERGE,
}


def write(node: Node) -> tuple[Action, ...]:
    """INSERT, UPDATE, DELETE, MERGE: the statement itself and those inside its WITH."""
    nodes = node.walk()
    read, only = named_in(nodes)
    return tuple([_write(found, read, only) for found in nodes if found.node_type in WRITES])


def _write(node: Node, read: tuple[str, ...], only: frozenset[str]) -> Action:
    kind = WRITES[node.node_type]
    if kind is Kind.INSERT and _only_values(node):
        kind = Kind.INSERT_VALUES
    table = relation(node.relation)
    others = tuple([name for name in read if name != table])
    everything = kind in (Kind.UPDATE, Kind.DELETE) and node.where_clause is None
    columns = _columns_set(node)
    return Action(kind, table, others=others, everything=everything, only=only, columns=columns, events=_events(node, columns))


def _events(node: Node, columns: tuple[str, ...]) -> tuple[str, ...]:
    """That make triggers act."""
    if node.node_type == "MergeStmt":
        words = (found.command_type.removeprefix("CMD_").lower() for found in node.merge_when_clauses)
        return tuple(dict.fromkeys(word for word in words if word != "nothing"))
    own = node.node_type.removesuffix("Stmt").lower()
    return (own, "update") if own == "insert" and columns else (own,)


def _columns_set(node: Node) -> tuple[str, ...]:
    """By UPDATE, by ON CONFLICT DO UPDATE and by the branches of MERGE."""
    match node.node_type:
        case "UpdateStmt":
            parts: tuple[Node, ...] = (node,)
        case "InsertStmt":
            parts = (node.on_conflict_clause,) if node.on_conflict_clause else ()
        case "MergeStmt":
            parts = tuple(found for found in node.merge_when_clauses if found.command_type == "CMD_UPDATE")
        case _:
            parts = ()
    return tuple([target.name for part in parts for target in part.target_list])


def _only_values(node: Node) -> bool:
    return node.select_stmt is None or bool(node.select_stmt.values_lists)


def select(node: Node) -> tuple[Action, ...]:
    nodes = node.walk()
    if any([found.node_type in WRITES for found in nodes]):
        return write(node)
    read, only = named_in(nodes)
    if node.into_clause:  # whose table the grammar keeps among those that are read
        name = relation(node.into_clause.rel)
        others = tuple(found for found in read if found != name)
        return (Action(Kind.CREATE_TABLE_AS, created(node.into_clause.rel), others=others, everything=True, only=only),)
    if not HARMLESS.issuperset([strings(found.funcname)[-1] for found in nodes if found.node_type == "FuncCall"]):
        return (Action(Kind.OPAQUE, type="FuncCall"),)
    return (Action(Kind.SELECT, others=read, type="for update" if node.locking_clause else "", only=only),)


def copy(node: Node) -> tuple[Action, ...]:
    if node.is_from:
        return (Action(Kind.COPY, relation(node.relation), events=("insert",)),)
    return (Action(Kind.SELECT, others=tables_read(node)),)


def truncate(node: Node) -> tuple[Action, ...]:
    cascade = node.behavior == "DROP_CASCADE"
    what = "restart identity" if node.restart_seqs else ""
    whole = Action(Kind.TRUNCATE, type=what, cascade=cascade, everything=True, events=("truncate",))
    return tuple(replace(whole, relation=relation(found), only=only_of(found)) for found in node.relations)


def lock(node: Node) -> tuple[Action, ...]:
    return tuple(Action(Kind.LOCK, relation(found), type=LOCK_MODES[node.mode], only=only_of(found)) for found in node.relations)


def vacuum(node: Node) -> tuple[Action, ...]:
    kind = Kind.ANALYZE
    if node.is_vacuumcmd:
        kind = Kind.VACUUM_FULL if switched_on(node.options, "full") else Kind.VACUUM
    return tuple(Action(kind, relation(found.relation)) for found in node.rels) or (Action(kind),)


def cluster(node: Node) -> tuple[Action, ...]:
    return (Action(Kind.VACUUM_FULL, relation(node.relation)),)


def explain(node: Node) -> tuple[Action, ...]:
    """EXPLAIN, PREPARE and DECLARE: to plan a query is to look at its tables. Writing is taken for writing, although no row is written
    unless EXPLAIN is to ANALYZE."""
    query = node.query
    if query.node_type == "SelectStmt" and query.into_clause is None:
        found = select(query)
    else:
        found = write(query) if query.node_type in WRITES else (Action(Kind.SELECT, others=tables_read(query)),)
    executed = node.node_type == "ExplainStmt" and switched_on(node.options, "analyze")
    return found if executed else tuple(replace(action, everything=False, events=()) for action in found)


def setting(node: Node) -> tuple[Action, ...]:
    """SET and RESET. The value only where it is plain text or a whole number, which is what matters: SET TimeZone = 'UTC'."""
    given = (found.sval or found.ival for found in node.args if found.node_type == "A_Const")
    value = ", ".join(str(found.sval if found.node_type == "String" else found.ival) for found in given if found)
    return (Action(Kind.SESSION, name=node.name.lower(), new_name=value, type="VariableSetStmt"),)


def transaction(node: Node) -> tuple[Action, ...]:
    return (Action(Kind.TRANSACTION, type=node.kind.removeprefix("TRANS_STMT_").lower()),)
