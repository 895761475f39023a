"""The command tag of a statement, and whether PostgreSQL lets it run inside a transaction block."""

import re
from collections.abc import Callable
from functools import cache
from operator import attrgetter

from governance.analysis.nodes import Node, switched_off, switched_on

# Where the tag is not simply the node's name with spaces.
TAGS = {
    "CreateStmt": "CREATE TABLE",
    "CreateTableAsStmt": "CREATE TABLE AS",
    "IndexStmt": "CREATE INDEX",
    "ViewStmt": "CREATE VIEW",
    "CreateTrigStmt": "CREATE TRIGGER",
    "CreateSeqStmt": "CREATE SEQUENCE",
    "AlterSeqStmt": "ALTER SEQUENCE",
    "CreateEnumStmt": "CREATE TYPE",
    "CompositeTypeStmt": "CREATE TYPE",
    "CreateRangeStmt": "CREATE TYPE",
    "AlterEnumStmt": "ALTER TYPE",
    "DefineStmt": "CREATE",
    "RuleStmt": "CREATE RULE",
    "CreateStatsStmt": "CREATE STATISTICS",
    "AlterStatsStmt": "ALTER STATISTICS",
    "CreatePLangStmt": "CREATE LANGUAGE",
    "RefreshMatViewStmt": "REFRESH MATERIALIZED VIEW",
    "VariableSetStmt": "SET",
    "VariableShowStmt": "SHOW",
    "LockStmt": "LOCK TABLE",
    "TruncateStmt": "TRUNCATE TABLE",
    "CreatedbStmt": "CREATE DATABASE",
    "DropdbStmt": "DROP DATABASE",
    "CreateTableSpaceStmt": "CREATE TABLESPACE",
    "DropTableSpaceStmt": "DROP TABLESPACE",
    "CheckPointStmt": "CHECKPOINT",
    "ConstraintsSetStmt": "SET CONSTRAINTS",
    "AlterTableMoveAllStmt": "ALTER TABLE",
    "GrantRoleStmt": "GRANT ROLE",
    "SecLabelStmt": "SECURITY LABEL",
}
OBJECTS = {
    "OBJECT_MATVIEW": "MATERIALIZED VIEW",
    "OBJECT_TSCONFIGURATION": "TEXT SEARCH CONFIGURATION",
    "OBJECT_TSDICTIONARY": "TEXT SEARCH DICTIONARY",
    "OBJECT_STATISTIC_EXT": "STATISTICS",
    "OBJECT_FOREIGN_SERVER": "SERVER",
    "OBJECT_FDW": "FOREIGN DATA WRAPPER",
    "OBJECT_TABCONSTRAINT": "TABLE",
    "OBJECT_DOMCONSTRAINT": "DOMAIN",
    "OBJECT_ATTRIBUTE": "TYPE",
}
# The field of a node that says which kind of object its ALTER or DROP is about.
OBJECT_FIELDS = {
    "DropStmt": "remove_type",
    "AlterTableStmt": "objtype",
    "AlterObjectSchemaStmt": "object_type",
    "AlterOwnerStmt": "object_type",
}
NEVER_IN_TRANSACTION = frozenset(
    {"AlterSystemStmt", "CreatedbStmt", "DropdbStmt", "CreateTableSpaceStmt", "DropTableSpaceStmt", "DropSubscriptionStmt"}
)
WHOLE = frozenset({"REINDEX_OBJECT_SCHEMA", "REINDEX_OBJECT_SYSTEM", "REINDEX_OBJECT_DATABASE"})


def tag(node: Node) -> str:
    if node.node_type in OBJECT_FIELDS:
        name = _about("DROP" if node.node_type == "DropStmt" else "ALTER", getattr(node, OBJECT_FIELDS[node.node_type]))
    elif node.node_type == "RenameStmt":
        on_part = node.rename_type in ("OBJECT_COLUMN", "OBJECT_ATTRIBUTE") and node.relation_type != "OBJECT_ACCESS_METHOD"
        name = _about("ALTER", node.relation_type if on_part else node.rename_type)
    else:
        name = _plain(node)
    return f"{name} CONCURRENTLY" if concurrent(node) else name


def _plain(node: Node) -> str:
    match node.node_type:
        case "GrantStmt" | "GrantRoleStmt" if not node.is_grant:
            return "REVOKE" if node.node_type == "GrantStmt" else "REVOKE ROLE"
        case "VacuumStmt":
            return "VACUUM" if node.is_vacuumcmd else "ANALYZE"
        case "TransactionStmt":
            return str(node.kind).removeprefix("TRANS_STMT_").replace("_", " ")
        case "CreateTableAsStmt" if node.objtype == "OBJECT_MATVIEW":
            return "CREATE MATERIALIZED VIEW"
        case "CreateFunctionStmt" if node.is_procedure:
            return "CREATE PROCEDURE"
        case "DefineStmt":
            return _about("CREATE", node.kind)
    return TAGS.get(node.node_type) or _spaced(node.node_type)


@cache
def _spaced(kind: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.removesuffix("Stmt")).upper()


@cache
def _about(verb: str, sort: str) -> str:
    return f"{verb} {OBJECTS.get(sort) or sort.removeprefix('OBJECT_').replace('_', ' ')}"


def concurrent(node: Node) -> bool:
    asked = CONCURRENT.get(node.node_type)
    return asked is not None and asked(node)


def transactional(node: Node) -> bool:
    """False for what PostgreSQL forbids inside a transaction block."""
    asked = TRANSACTIONAL.get(node.node_type)
    return asked(node) if asked else not concurrent(node)


def _refreshes(node: Node) -> bool:
    """https://www.postgresql.org/docs/current/sql-altersubscription.html: whatever refreshes the publication contacts the publisher."""
    if node.kind == "ALTER_SUBSCRIPTION_REFRESH":
        return True
    return node.kind.endswith("_PUBLICATION") and not switched_off(node.options, "refresh")


def _detaches_concurrently(node: Node) -> bool:
    command = node.cmds[0]  # nothing else stands beside it
    return command.subtype == "AT_DetachPartition" and bool(command.def_.concurrent)


def _never(_node: Node) -> bool:
    return False


_said: Callable[[Node], bool] = attrgetter("concurrent")
CONCURRENT: dict[str, Callable[[Node], bool]] = {
    "IndexStmt": _said,
    "DropStmt": _said,
    "RefreshMatViewStmt": _said,
    "ReindexStmt": lambda node: switched_on(node.params, "concurrently"),
    "AlterTableStmt": _detaches_concurrently,
}
# https://www.postgresql.org/docs/current/sql-altersystem.html and the pages beside it: "cannot be executed inside a transaction block"
TRANSACTIONAL: dict[str, Callable[[Node], bool]] = {
    **dict.fromkeys(NEVER_IN_TRANSACTION, _never),
    "RefreshMatViewStmt": lambda _node: True,
    "ReindexStmt": lambda node: not concurrent(node) and node.kind not in WHOLE,
    "VacuumStmt": lambda node: not node.is_vacuumcmd,
    "ClusterStmt": lambda node: node.relation is not None,
    "AlterDatabaseStmt": lambda node: not any(element.defname == "tablespace" for element in node.options),
    "DiscardStmt": lambda node: node.target != "DISCARD_ALL",
    "CreateSubscriptionStmt": lambda node: any(switched_off(node.options, name) for name in ("create_slot", "connect")),
    "AlterSubscriptionStmt": lambda node: not _refreshes(node),
}
