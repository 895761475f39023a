"""ALTER TABLE and the statements that rename, into actions."""

from collections.abc import Callable

from governance.analysis.actions import Action, Kind
from governance.analysis.bounds import bound_of
from governance.analysis.decode.columns import column, constraint, type_name, volatility
from governance.analysis.nodes import Node, dotted, only_of, relation
from governance.values import replace

# Subcommands that carry nothing that matters beyond their family.
PLAIN = {
    "AT_DropNotNull": Kind.DROP_NOT_NULL,
    "AT_SetNotNull": Kind.SET_NOT_NULL,
    "AT_SetStatistics": Kind.SET_STATISTICS,
    "AT_SetOptions": Kind.SET_STATISTICS,
    "AT_ResetOptions": Kind.SET_STATISTICS,
    "AT_SetStorage": Kind.SET_STORAGE,
    "AT_SetCompression": Kind.SET_STORAGE,
    "AT_DropColumn": Kind.DROP_COLUMN,
    "AT_ValidateConstraint": Kind.VALIDATE_CONSTRAINT,
    "AT_DropConstraint": Kind.DROP_CONSTRAINT,
    "AT_ChangeOwner": Kind.OWNER,
    "AT_ClusterOn": Kind.SET_STATISTICS,
    "AT_DropCluster": Kind.SET_STATISTICS,
    "AT_SetLogged": Kind.SET_LOGGED,
    "AT_SetUnLogged": Kind.SET_LOGGED,
    "AT_SetAccessMethod": Kind.SET_ACCESS_METHOD,
    "AT_SetTableSpace": Kind.SET_TABLESPACE,
    "AT_SetRelOptions": Kind.SET_OPTIONS,
    "AT_ResetRelOptions": Kind.SET_OPTIONS,
    "AT_ReplicaIdentity": Kind.REPLICA_IDENTITY,
    "AT_EnableTrig": Kind.TOGGLE_TRIGGER,
    "AT_EnableAlwaysTrig": Kind.TOGGLE_TRIGGER,
    "AT_EnableReplicaTrig": Kind.TOGGLE_TRIGGER,
    "AT_DisableTrig": Kind.TOGGLE_TRIGGER,
    "AT_EnableTrigAll": Kind.TOGGLE_TRIGGER,
    "AT_DisableTrigAll": Kind.TOGGLE_TRIGGER,
    "AT_EnableTrigUser": Kind.TOGGLE_TRIGGER,
    "AT_DisableTrigUser": Kind.TOGGLE_TRIGGER,
    "AT_EnableRowSecurity": Kind.ROW_SECURITY,
    "AT_DisableRowSecurity": Kind.ROW_SECURITY,
    "AT_ForceRowSecurity": Kind.ROW_SECURITY,
    "AT_NoForceRowSecurity": Kind.ROW_SECURITY,
}
OF_OBJECTS = {
    "AT_SetTableSpace": Kind.SET_TABLESPACE,
    "AT_ChangeOwner": Kind.OWNER,
    "AT_SetLogged": Kind.SET_LOGGED,
    "AT_SetUnLogged": Kind.SET_LOGGED,
}
SWITCHING_OFF = ("AT_Disable", "AT_NoForce")
RENAMED = {
    "OBJECT_TABLE": Kind.RENAME_TABLE,
    "OBJECT_VIEW": Kind.RENAME_TABLE,
    "OBJECT_MATVIEW": Kind.RENAME_TABLE,
    "OBJECT_COLUMN": Kind.RENAME_COLUMN,
    "OBJECT_TABCONSTRAINT": Kind.RENAME_CONSTRAINT,
    "OBJECT_INDEX": Kind.RENAME_INDEX,
}
OWN_RELATION = frozenset({"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE"})
# What is renamed is not a table, although the grammar keeps its name where a table's would be.
NOT_A_TABLE = frozenset({"OBJECT_INDEX", "OBJECT_SEQUENCE", "OBJECT_ATTRIBUTE"})


def alter_table(node: Node) -> tuple[Action, ...]:
    table = relation(node.relation)
    if node.objtype not in OWN_RELATION:
        return tuple(replace(_of_object(command, table, node.objtype), if_there=node.missing_ok) for command in node.cmds)
    only, if_there = only_of(node.relation), node.missing_ok
    found = tuple([_command(command, table) for command in node.cmds])
    if not (only or if_there or len(found) > 1):
        return found
    return tuple(replace(action, count=len(found), only=only, if_there=if_there) for action in found)


def _of_object(command: Node, name: str, sort: str) -> Action:
    """Of ALTER INDEX and ALTER SEQUENCE, what moves it to another tablespace or owner weighs more than the rest."""
    kind = OF_OBJECTS.get(command.subtype, Kind.ALTER_OBJECT)
    attached = relation(command.def_.name) if command.subtype == "AT_AttachPartition" else ""
    cascade = command.behavior == "DROP_CASCADE"
    return Action(kind, name=name, type=sort, new_name=attached, cascade=cascade, columns=_options(command))


def _options(command: Node) -> tuple[str, ...]:
    """The names of the storage parameters that are set or reset."""
    return tuple(found.defname for found in command.def_.items) if command.subtype in ("AT_SetRelOptions", "AT_ResetRelOptions") else ()


def _command(command: Node, table: str) -> Action:
    if command.subtype in COMMANDS:
        return COMMANDS[command.subtype](command, table)
    return Action(
        PLAIN.get(command.subtype, Kind.ALTER_TABLE_OTHER),
        table,
        name=command.name,
        type=command.subtype,
        enabled=not command.subtype.startswith(SWITCHING_OFF),
        conditional=command.missing_ok,
        cascade=command.behavior == "DROP_CASCADE",
        columns=_options(command),
    )


def _add_column(command: Node, table: str) -> Action:
    added = column(command.def_)
    partners = tuple([found.references for found in added.constraints if found.references])
    return Action(Kind.ADD_COLUMN, table, name=added.name, column=added, others=partners, conditional=command.missing_ok)


def _alter_type(command: Node, table: str) -> Action:
    new = type_name(command.def_.type_name)
    using = _transforms(command.def_.raw_default, command.name, new)
    return Action(
        Kind.ALTER_COLUMN_TYPE,
        table,
        name=command.name,
        type=new,
        using=using,
        collation=command.def_.coll_clause is not None,
    )


def _transforms(expression: Node | None, name: str, new: str) -> bool:
    """Whether USING does more than the cast that PostgreSQL would do anyway."""
    if expression is None:
        return False
    inner = expression.arg if expression.node_type == "TypeCast" and type_name(expression.type_name) == new else expression
    return inner.node_type != "ColumnRef" or dotted(inner.fields) != name


def _default(command: Node, table: str) -> Action:
    kind = Kind.SET_DEFAULT if command.def_ else Kind.DROP_DEFAULT
    return Action(kind, table, name=command.name, type=volatility(command.def_))


def _add_constraint(command: Node, table: str) -> Action:
    added = constraint(command.def_)
    partners = (added.references,) if added.references else ()
    return Action(added.kind, table, name=added.name, constraint=added, others=partners)


def _partition(kind: Kind) -> Callable[[Node, str], Action]:
    def decode(command: Node, table: str) -> Action:
        bound = bound_of(command.def_.bound) if command.def_.bound else None
        return Action(kind, table, others=(relation(command.def_.name),), concurrently=command.def_.concurrent, bound=bound)

    return decode


def _inherit(command: Node, table: str) -> Action:
    return Action(Kind.INHERIT, table, others=(relation(command.def_),), enabled=command.subtype == "AT_AddInherit")


def _alter_constraint(command: Node, table: str) -> Action:
    """`everything`: whether it is enforced is changed, which concerns every row of both tables."""
    changed = command.def_
    return Action(Kind.ALTER_TABLE_OTHER, table, name=changed.conname, type=command.subtype, everything=changed.alter_enforceability)


COMMANDS: dict[str, Callable[[Node, str], Action]] = {
    "AT_AddColumn": _add_column,
    "AT_AlterColumnType": _alter_type,
    "AT_ColumnDefault": _default,
    "AT_AddConstraint": _add_constraint,
    "AT_AttachPartition": _partition(Kind.ATTACH_PARTITION),
    "AT_DetachPartition": _partition(Kind.DETACH_PARTITION),
    "AT_AddInherit": _inherit,
    "AT_AlterConstraint": _alter_constraint,
    "AT_DropInherit": _inherit,
}


def rename(node: Node) -> tuple[Action, ...]:
    kind = RENAMED.get(node.rename_type, Kind.RENAME_OBJECT)
    old = relation(node.relation)
    name = node.subname or old or (dotted(node.object.items) if node.object and node.object.node_type == "List" else "")
    table = "" if node.rename_type in NOT_A_TABLE else old
    return (
        Action(
            kind,
            table,
            name=name,
            new_name=node.newname,
            type=node.rename_type,
            conditional=node.missing_ok,
            if_there=node.missing_ok,
            cascade=node.behavior == "DROP_CASCADE",
            others=(old,) if node.rename_type == "OBJECT_ATTRIBUTE" else (),
            only=only_of(node.relation),
        ),
    )


def set_schema(node: Node) -> tuple[Action, ...]:
    if node.object_type not in OWN_RELATION:
        name, there = relation(node.relation), node.missing_ok
        return (Action(Kind.RENAME_OBJECT, name=name, new_name=node.newschema, type=node.object_type, if_there=there),)
    old = relation(node.relation)
    return (Action(Kind.SET_SCHEMA, old, name=old, new_name=f"{node.newschema}.{node.relation.relname}", if_there=node.missing_ok),)


def owner(node: Node) -> tuple[Action, ...]:
    return (Action(Kind.OWNER, relation(node.relation), type=node.object_type),)
