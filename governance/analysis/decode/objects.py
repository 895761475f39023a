"""Statements that create, drop and protect objects, into actions."""

from contextlib import suppress

from governance.analysis.actions import Action, Kind
from governance.analysis.bounds import bound_of
from governance.analysis.decode.columns import CONSTRAINTS, column, constraint, type_name
from governance.analysis.nodes import Node, dotted, only_of, option, relation, strings, switched_on
from governance.analysis.statements import parse
from governance.errors import UnparsableScript
from governance.values import replace

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
PARTS_OF_TABLES = frozenset({"OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"})
COMMENTED_RELATIONS = frozenset({"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE", "OBJECT_COLUMN"})
WRITES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
# The bits of src/include/catalog/pg_trigger.h
EVENTS = {4: "insert", 16: "update", 8: "delete", 32: "truncate"}
INSTEAD = 64
ON_A_TABLE = frozenset({Kind.DROP_TRIGGER, Kind.DROP_POLICY})
OWN_RELATION = frozenset({Kind.DROP_TABLE, Kind.DROP_VIEW})


def create_table(node: Node) -> tuple[Action, ...]:
    columns = tuple(column(found) for found in node.table_elts if found.node_type == "ColumnDef")
    of_columns = (found for added in columns for found in added.constraints)
    of_table = tuple(constraint(found) for found in node.table_elts if found.node_type == "Constraint" and found.contype in CONSTRAINTS)
    partners = tuple(dict.fromkeys(found.references for found in (*of_columns, *of_table) if found.references))
    parents = tuple(relation(parent) for parent in node.inh_relations)
    read = tuple(relation(found.relation) for found in node.table_elts if found.node_type == "TableLikeClause")
    bound = node.partbound
    return (
        Action(
            Kind.CREATE_PARTITION if bound else Kind.CREATE_TABLE,
            created(node.relation),
            others=parents if bound else partners,
            parents=() if bound else parents,
            bound=bound_of(bound) if bound else None,
            conditional=node.if_not_exists,
            made=columns,
            constraints=of_table,
            partitioned=node.partspec is not None,
            read=read,
        ),
    )


def create_schema(node: Node) -> tuple[Action, ...]:
    """With the tables, views and indexes that are made in it at once."""
    parts = {"CreateStmt": create_table, "ViewStmt": create_view, "IndexStmt": create_index}
    made = (action for found in node.schema_elts if found.node_type in parts for action in parts[found.node_type](found))
    within = (replace(action, relation=f"{node.schemaname}.{action.relation}") if "." not in action.relation else action for action in made)
    return (Action(Kind.CREATE_OBJECT, name=node.schemaname, type=node.node_type), *within)


def create_foreign_table(node: Node) -> tuple[Action, ...]:
    return create_table(node.base_stmt)


def created(node: Node) -> str:
    """A temporary table is in a schema of its session's own."""
    return f"pg_temp.{node.relname}" if node.relpersistence == "t" else relation(node)


def create_table_as(node: Node) -> tuple[Action, ...]:
    kind = Kind.CREATE_MATERIALIZED_VIEW if node.objtype == "OBJECT_MATVIEW" else Kind.CREATE_TABLE_AS
    name, (read, only) = created(node.into.rel), named_in(node.query.walk())
    return (Action(kind, name, others=read, only=only, everything=not node.into.skip_data, conditional=node.if_not_exists),)


def create_index(node: Node) -> tuple[Action, ...]:
    return (
        Action(
            Kind.CREATE_INDEX,
            relation(node.relation),
            name=node.idxname,
            type="unique" if node.unique else "",
            concurrently=node.concurrent,
            conditional=node.if_not_exists,
            only=only_of(node.relation),
            columns=tuple(found.name for found in (*node.index_params, *node.index_including_params) if found.name),
            plain=node.where_clause is None and all(found.name for found in node.index_params),
        ),
    )


def create_view(node: Node) -> tuple[Action, ...]:
    return (Action(Kind.CREATE_VIEW, relation(node.view), others=tables_read(node.query), conditional=node.replace),)


def refresh(node: Node) -> tuple[Action, ...]:
    return (Action(Kind.REFRESH_MATERIALIZED_VIEW, relation(node.relation), concurrently=node.concurrent, everything=not node.skip_data),)


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
    table, read = relation(node.relation), (relation(node.constrrel),) if node.constrrel else ()
    return (
        Action(
            Kind.CREATE_TRIGGER,
            table,
            name=node.trigname,
            read=read,
            everything=not node.row,
            conditional=node.replace,
            function=dotted(node.funcname),
            columns=strings(node.columns),
            events=events(node.events | node.timing),
        ),
    )


def events(bits: int) -> tuple[str, ...]:
    return tuple(f"{'instead of ' if bits & INSTEAD else ''}{event}" for bit, event in EVENTS.items() if bits & bit)


def create_rule(node: Node) -> tuple[Action, ...]:
    table = relation(node.relation)
    written = tuple(relation(found.relation) for found in node.actions if found.node_type in WRITES)
    read = tuple(name for found in node.actions for name in tables_read(found) if name not in (*written, table, "old", "new"))
    event = (node.event.removeprefix("CMD_").lower(),)
    return (Action(Kind.CREATE_RULE, table, name=node.rulename, read=read, written=written, conditional=node.replace, events=event),)


def create_function(node: Node) -> tuple[Action, ...]:
    given = option(node.options, "volatility")
    volatility = str(given.arg.sval)[0].lower() if given else ""
    body = _body(node)
    read = tuple(dict.fromkeys(name for found in body for name in tables_read(found)))
    written = tuple(relation(found.relation) for part in body for found in part.walk() if found.node_type in WRITES)
    return (
        Action(Kind.CREATE_FUNCTION, name=dotted(node.funcname), type=volatility, read=read, written=written, conditional=node.replace),
    )


def _body(node: Node) -> tuple[Node, ...]:
    """PostgreSQL looks at the body of an SQL function when it is created, and at no other."""
    if node.sql_body:
        return (node.sql_body,)
    language, body = option(node.options, "language"), option(node.options, "as")
    if language is None or language.arg.sval.lower() != "sql" or body is None:
        return ()
    with suppress(UnparsableScript):
        return parse("".join(strings(body.arg.items)))
    return ()


def alter_sequence(node: Node) -> tuple[Action, ...]:
    owner = option(node.options, "owned_by")
    table = dotted(owner.arg.items).rpartition(".")[0] if owner else ""
    name, read = relation(node.sequence), (table,) if table else ()
    return (Action(Kind.ALTER_OBJECT, name=name, type="OBJECT_SEQUENCE", read=read, conditional=node.missing_ok),)


def create_domain(node: Node) -> tuple[Action, ...]:
    """`new_name`: the type below it; `everything`: whether not all of that type's values are allowed."""
    constrained = any(found.contype in ("CONSTR_CHECK", "CONSTR_NOTNULL") for found in node.constraints)
    name, below = dotted(node.domainname), type_name(node.type_name)
    return (Action(Kind.CREATE_OBJECT, name=name, new_name=below, type=node.node_type, everything=constrained),)


def alter_domain(node: Node) -> tuple[Action, ...]:
    """ADD CONSTRAINT and SET NOT NULL look at every row that has a value of the domain, unless NOT VALID."""
    checked = (node.subtype == "C" and not node.def_.skip_validation) or node.subtype in ("O", "V")
    return (Action(Kind.ALTER_OBJECT, name=dotted(node.type_name), type="OBJECT_DOMAIN", everything=checked),)


def publication(node: Node) -> tuple[Action, ...]:
    kind = Kind.CREATE_OBJECT if node.node_type == "CreatePublicationStmt" else Kind.ALTER_OBJECT
    tables = tuple(relation(found.pubtable.relation) for found in node.pubobjects if found.pubtable)
    replaces = kind is Kind.ALTER_OBJECT and node.action == "AP_SetObjects"
    return (Action(kind, name=node.pubname, type="OBJECT_PUBLICATION", others=tables, everything=replaces),)


def create_statistics(node: Node) -> tuple[Action, ...]:
    return tuple(Action(Kind.CREATE_STATISTICS, relation(found), name=dotted(node.defnames)) for found in node.relations)


def alter_enum(node: Node) -> tuple[Action, ...]:
    kind = Kind.RENAME_OBJECT if node.old_val else Kind.ADD_ENUM_VALUE
    return (Action(kind, name=dotted(node.type_name), new_name=node.new_val),)


def create_policy(node: Node) -> tuple[Action, ...]:
    kind = Kind.CREATE_POLICY if node.node_type == "CreatePolicyStmt" else Kind.ALTER_POLICY
    read = tuple(name for part in (node.qual, node.with_check) if part for name in tables_read(part))
    return (Action(kind, relation(node.table), name=node.policy_name, read=read),)


def grant(node: Node) -> tuple[Action, ...]:
    kind = Kind.GRANT if node.is_grant else Kind.REVOKE
    grantees = tuple("PUBLIC" if role.roletype == "ROLESPEC_PUBLIC" else str(role.rolename) for role in node.grantees)
    tables = tuple(relation(found) for found in node.objects if found.node_type == "RangeVar")
    return tuple(Action(kind, table, name=table, type=node.objtype, grantees=grantees) for table in tables or ("",))


def owned(node: Node) -> tuple[Action, ...]:
    """REASSIGN OWNED and DROP OWNED: whatever in the database belongs to the roles."""
    return tuple(Action(Kind.ROLE, name=str(role.rolename), type=node.node_type) for role in node.roles)


def default_privileges(node: Node) -> tuple[Action, ...]:
    return grant(node.action)


def comment(node: Node) -> tuple[Action, ...]:
    on_table = node.objtype in COMMENTED_RELATIONS and node.object.node_type == "List"
    name = object_name(node.object)
    table = name.rpartition(".")[0] if node.objtype == "OBJECT_COLUMN" else name
    read = (name.rpartition(".")[0],) if node.objtype in PARTS_OF_TABLES else ()
    return (Action(Kind.COMMENT, table if on_table else "", name=name, type=node.objtype, read=read),)


def reindex(node: Node) -> tuple[Action, ...]:
    name = relation(node.relation) or node.name
    table = name if node.kind == "REINDEX_OBJECT_TABLE" else ""
    return (Action(Kind.REINDEX, table, name=name, type=node.kind, concurrently=switched_on(node.params, "concurrently")),)


def tables_read(node: Node) -> tuple[str, ...]:
    return named_in(node.walk())[0]


def named_in(nodes: list[Node]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Every table that a query reads, and those that it names with ONLY; names of its own WITH queries are not tables."""
    own = {found.ctename for found in nodes if found.node_type == "CommonTableExpr"}
    tables = [found for found in nodes if found.node_type == "RangeVar"]
    return tuple([name for name in dict.fromkeys(map(relation, tables)) if name not in own]), only_of(*tables)
