"""Statements that create, drop and protect objects, into actions."""

from governance.analysis.actions import Action, Kind
from governance.analysis.decode.columns import CONSTRAINTS, column, constraint
from governance.analysis.nodes import Node, dotted, relation, switched_on

DROPPED = {
    "OBJECT_TABLE": Kind.DROP_TABLE,
    "OBJECT_FOREIGN_TABLE": Kind.DROP_TABLE,
    "OBJECT_VIEW": Kind.DROP_VIEW,
    "OBJECT_MATVIEW": Kind.DROP_VIEW,
    "OBJECT_INDEX": Kind.DROP_INDEX,
    "OBJECT_TRIGGER": Kind.DROP_TRIGGER,
    "OBJECT_RULE": Kind.DROP_TRIGGER,
    "OBJECT_POLICY": Kind.DROP_POLICY,
    "OBJECT_FUNCTION": Kind.DROP_FUNCTION,
    "OBJECT_PROCEDURE": Kind.DROP_FUNCTION,
    "OBJECT_ROUTINE": Kind.DROP_FUNCTION,
}
ON_A_TABLE = frozenset({Kind.DROP_TRIGGER, Kind.DROP_POLICY})
OWN_RELATION = frozenset({Kind.DROP_TABLE, Kind.DROP_VIEW})


def create_table(node: Node) -> tuple[Action, ...]:
    columns = tuple(column(found) for found in node.table_elts if found.node_type == "ColumnDef")
    of_columns = (found for added in columns for found in added.constraints)
    of_table = (constraint(found) for found in node.table_elts if found.node_type == "Constraint" and found.contype in CONSTRAINTS)
    partners = tuple(dict.fromkeys(found.references for found in (*of_columns, *of_table) if found.references))
    parents = tuple(relation(parent) for parent in node.inh_relations)
    if node.partbound:
        return (Action(Kind.CREATE_PARTITION, relation(node.relation), others=parents, conditional=node.if_not_exists),)
    return (Action(Kind.CREATE_TABLE, relation(node.relation), others=partners, parents=parents, conditional=node.if_not_exists),)


def create_table_as(node: Node) -> tuple[Action, ...]:
    kind = Kind.CREATE_MATERIALIZED_VIEW if node.objtype == "OBJECT_MATVIEW" else Kind.CREATE_TABLE_AS
    return (Action(kind, relation(node.into.rel), others=tables_read(node.query), conditional=node.if_not_exists),)


def create_index(node: Node) -> tuple[Action, ...]:
    return (
        Action(
            Kind.CREATE_INDEX,
            relation(node.relation),
            name=node.idxname,
            type="unique" if node.unique else "",
            concurrently=node.concurrent,
            conditional=node.if_not_exists,
        ),
    )


def create_view(node: Node) -> tuple[Action, ...]:
    return (Action(Kind.CREATE_VIEW, relation(node.view), others=tables_read(node.query), conditional=node.replace),)


def refresh(node: Node) -> tuple[Action, ...]:
    return (Action(Kind.REFRESH_MATERIALIZED_VIEW, relation(node.relation), concurrently=node.concurrent),)


def drop(node: Node) -> tuple[Action, ...]:
    kind = DROPPED.get(node.remove_type, Kind.DROP_OBJECT)
    return tuple(_drop_one(node, kind, found) for found in node.objects)


def _drop_one(node: Node, kind: Kind, found: Node) -> Action:
    name = object_name(found)
    table, name = name.rpartition(".")[::2] if kind in ON_A_TABLE else (name if kind in OWN_RELATION else "", name)
    return Action(
        kind,
        table,
        name=name,
        type=node.remove_type,
        concurrently=node.concurrent,
        conditional=node.missing_ok,
        cascade=node.behavior == "DROP_CASCADE",
        count=len(node.objects),
    )


def object_name(node: Node) -> str:
    """The name in whichever way the grammar wraps it."""
    match node.node_type:
        case "List":
            return dotted(node.items)
        case "ObjectWithArgs":
            return dotted(node.objname)
        case "TypeName":
            return dotted(node.names)
        case "String":
            return str(node.sval)
        case _:
            return ""


def create_trigger(node: Node) -> tuple[Action, ...]:
    return (Action(Kind.CREATE_TRIGGER, relation(node.relation), name=node.trigname, conditional=node.replace),)


def create_rule(node: Node) -> tuple[Action, ...]:
    return (Action(Kind.CREATE_RULE, relation(node.relation), name=node.rulename, conditional=node.replace),)


def create_function(node: Node) -> tuple[Action, ...]:
    return (Action(Kind.CREATE_FUNCTION, name=dotted(node.funcname), conditional=node.replace),)


def create_statistics(node: Node) -> tuple[Action, ...]:
    return tuple(Action(Kind.CREATE_STATISTICS, relation(found), name=dotted(node.defnames)) for found in node.relations)


def alter_enum(node: Node) -> tuple[Action, ...]:
    kind = Kind.RENAME_OBJECT if node.old_val else Kind.ADD_ENUM_VALUE
    return (Action(kind, name=dotted(node.type_name), new_name=node.new_val),)


def create_policy(node: Node) -> tuple[Action, ...]:
    kind = Kind.CREATE_POLICY if node.node_type == "CreatePolicyStmt" else Kind.ALTER_POLICY
    return (Action(kind, relation(node.table), name=node.policy_name),)


def grant(node: Node) -> tuple[Action, ...]:
    kind = Kind.GRANT if node.is_grant else Kind.REVOKE
    grantees = tuple("PUBLIC" if role.roletype == "ROLESPEC_PUBLIC" else str(role.rolename) for role in node.grantees)
    tables = tuple(relation(found) for found in node.objects if found.node_type == "RangeVar")
    return tuple(Action(kind, table, name=table, type=node.objtype, grantees=grantees) for table in tables or ("",))


def default_privileges(node: Node) -> tuple[Action, ...]:
    return grant(node.action)


def comment(node: Node) -> tuple[Action, ...]:
    on_table = node.objtype in ("OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_COLUMN") and node.object.node_type == "List"
    name = object_name(node.object)
    table = name.rpartition(".")[0] if node.objtype == "OBJECT_COLUMN" else name
    return (Action(Kind.COMMENT, table if on_table else "", name=name),)


def reindex(node: Node) -> tuple[Action, ...]:
    of_table = node.kind == "REINDEX_OBJECT_TABLE"
    name = relation(node.relation) or node.name
    return (Action(Kind.REINDEX, name if of_table else "", name=name, concurrently=switched_on(node.params, "concurrently")),)


def tables_read(node: Node) -> tuple[str, ...]:
    """Every table that a query reads; names of its own WITH queries are not tables."""
    nodes = tuple(node.walk())
    own = {found.ctename for found in nodes if found.node_type == "CommonTableExpr"}
    names = (relation(found) for found in nodes if found.node_type == "RangeVar")
    return tuple(dict.fromkeys(name for name in names if name not in own))
