"""What forward scripts do to columns and keys of tables that are there, as far as checks want to know."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from governance.analysis.nodes import Node, relation, strings
from governance.analysis.statements import parse, type_text, written
from governance.orders import Script, ScriptKind


@dataclass(slots=True)
class Touched:
    """One table; names of columns."""

    table: str
    columns: set[str] = field(default_factory=set)  # written, retyped, renamed or dropped
    writes: bool = False  # its rows, at all
    adds: bool = False  # rows,
    removes: bool = False
    rebuilt: bool = False  # dropped or renamed itself: nothing of it can be compared
    nulls: list[tuple[str, ...]] = field(default_factory=list)  # columns that will refuse NULL
    added: set[str] = field(default_factory=set)  # new columns
    validates: set[str] = field(default_factory=set)  # constraints
    checks: list[tuple[str, str]] = field(default_factory=list)  # expressions that will have to hold; NOT VALID: under which name
    uniques: list[tuple[str, ...]] = field(default_factory=list)
    types: list[tuple[str, str]] = field(default_factory=list)  # column and its coming type
    partners: list[tuple[tuple[str, ...], str, tuple[str, ...], str]] = field(default_factory=list)  # coming foreign keys, likewise

    def asks(self, unproven: str) -> bool:
        """Whether a constraint will have to hold for rows that are there: at once, or when it is validated."""
        return not unproven or unproven in self.validates


def touched(scripts: Iterable[Script], tables: Collection[str]) -> tuple[Touched, ...]:
    """`tables`: "schema.table" of all that the scripts name and that are there before them."""
    found = {table: Touched(table) for table in tables}
    for script in scripts:
        if script.kind is ScriptKind.FORWARD:
            for node in parse(script.text, script.name):
                _read(node, found)
    return tuple(found.values())


def _read(node: Node, found: dict[str, Touched]) -> None:
    if node.node_type == "AlterTableStmt":
        for command, table in ((command, _table(node.relation, found)) for command in node.cmds):
            if table:
                _altered(command, table, found)
    elif node.node_type == "IndexStmt" and node.unique and not node.where_clause and (table := _table(node.relation, found)):
        names = tuple(param.name for param in node.index_params)
        table.uniques += [names] if all(names) else []
    elif node.node_type == "RenameStmt" and (table := _table(node.relation, found)):
        table.columns |= {node.subname} - {""}
        table.rebuilt |= node.rename_type == "OBJECT_TABLE"
    else:
        _written(node, found)


def _written(node: Node, found: dict[str, Touched]) -> None:
    """By the statement itself, or by one inside it."""
    for inner in node.walk():
        if inner.node_type not in ("InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "TruncateStmt"):
            continue
        places = inner.relations if inner.node_type == "TruncateStmt" else (inner.relation,)
        for table in filter(None, (_table(place, found) for place in places)):
            table.writes = True
            table.adds |= inner.node_type in ("InsertStmt", "MergeStmt")
            table.removes |= inner.node_type in ("DeleteStmt", "TruncateStmt", "MergeStmt")
            table.columns |= set(_assigned(inner))


def _assigned(node: Node) -> Iterator[str]:
    for inner in node.walk():
        if inner.node_type in ("UpdateStmt", "OnConflictClause") or inner.node_type == "MergeWhenClause":
            yield from (target.name for target in inner.target_list)


def _altered(command: Node, table: Touched, found: dict[str, Touched]) -> None:
    kind = command.subtype
    if kind == "AT_SetNotNull":
        table.nulls.append((command.name,))
    elif kind == "AT_AlterColumnType":
        table.columns.add(command.name)
        if command.def_ and not command.def_.raw_default:
            table.types.append((command.name, type_text(command.def_.type_name)))
    elif kind == "AT_DropColumn":
        table.columns.add(command.name)
    elif kind == "AT_AddColumn" and command.def_:
        table.added.add(command.def_.colname)
    elif kind == "AT_ValidateConstraint":
        table.validates.add(command.name)
    elif kind == "AT_AddConstraint" and command.def_:
        _constrained(command.def_, table, found)


def _constrained(constraint: Node, table: Touched, found: dict[str, Touched]) -> None:
    unproven = constraint.conname if constraint.skip_validation else ""
    match constraint.contype:
        case "CONSTR_CHECK" if constraint.raw_expr:
            table.checks.append((written(constraint.raw_expr), unproven))
        case "CONSTR_NOTNULL":
            table.nulls.append(strings(constraint.keys))
        case "CONSTR_UNIQUE" | "CONSTR_PRIMARY" if constraint.keys:
            table.uniques.append(strings(constraint.keys))
            table.nulls += [strings(constraint.keys)] if constraint.contype == "CONSTR_PRIMARY" else []
        case "CONSTR_FOREIGN" if constraint.pk_attrs:
            partner = _name(constraint.pktable, table, found)
            table.partners.append((strings(constraint.fk_attrs), partner, strings(constraint.pk_attrs), unproven))


def _name(node: Node, beside: Touched, found: dict[str, Touched]) -> str:
    """Of a table that the scripts may not touch: without a schema, in that of the one which points to it."""
    known, name = _table(node, found), relation(node)
    return known.table if known else name if "." in name else f"{beside.table.partition('.')[0]}.{name}"


def _table(node: Node | None, found: dict[str, Touched]) -> Touched | None:
    name = relation(node)
    return found.get(name) or next((found[table] for table in found if table.partition(".")[2] == name), None)
