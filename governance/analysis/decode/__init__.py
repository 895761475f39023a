"""Parse tree in, actions out. What is not in the table is opaque: its effect cannot be told from its text."""

import re
from collections.abc import Callable

from governance.analysis.actions import Action, Kind
from governance.analysis.decode import alter, data, objects
from governance.analysis.nodes import Node, dotted, relation

DECODERS: dict[str, Callable[[Node], tuple[Action, ...]]] = {
    "AlterTableStmt": alter.alter_table,
    "RenameStmt": alter.rename,
    "AlterObjectSchemaStmt": alter.set_schema,
    "AlterOwnerStmt": alter.owner,
    "CreateStmt": objects.create_table,
    "CreateTableAsStmt": objects.create_table_as,
    "IndexStmt": objects.create_index,
    "ViewStmt": objects.create_view,
    "RefreshMatViewStmt": objects.refresh,
    "DropStmt": objects.drop,
    "CreateTrigStmt": objects.create_trigger,
    "RuleStmt": objects.create_rule,
    "CreateFunctionStmt": objects.create_function,
    "CreateStatsStmt": objects.create_statistics,
    "AlterEnumStmt": objects.alter_enum,
    "AlterSeqStmt": objects.alter_sequence,
    "AlterDomainStmt": objects.alter_domain,
    "CreateDomainStmt": objects.create_domain,
    "CreateForeignTableStmt": objects.create_foreign_table,
    "CreatePublicationStmt": objects.publication,
    "AlterPublicationStmt": objects.publication,
    "CreatePolicyStmt": objects.create_policy,
    "AlterPolicyStmt": objects.create_policy,
    "GrantStmt": objects.grant,
    "AlterDefaultPrivilegesStmt": objects.default_privileges,
    "CommentStmt": objects.comment,
    "ReindexStmt": objects.reindex,
    "SelectStmt": data.select,
    "InsertStmt": data.write,
    "UpdateStmt": data.write,
    "DeleteStmt": data.write,
    "MergeStmt": data.write,
    "CopyStmt": data.copy,
    "TruncateStmt": data.truncate,
    "LockStmt": data.lock,
    "VacuumStmt": data.vacuum,
    "ClusterStmt": data.cluster,
    "TransactionStmt": data.transaction,
    "ExplainStmt": data.explain,
    "DeclareCursorStmt": data.explain,
    "PrepareStmt": data.explain,
    "CreateSchemaStmt": objects.create_schema,
    "VariableSetStmt": data.setting,
    "ReassignOwnedStmt": objects.owned,
    "DropOwnedStmt": objects.owned,
}
# Statements whose family is clear and whose details do not matter to us.
CREATES = re.compile(r"(Create|Define|CompositeType)")
ROLES = frozenset(
    {"CreateRoleStmt", "AlterRoleStmt", "AlterRoleSetStmt", "DropRoleStmt", "GrantRoleStmt", "ReassignOwnedStmt", "DropOwnedStmt"}
)
SESSION = frozenset(
    {"VariableSetStmt", "VariableShowStmt", "ConstraintsSetStmt", "NotifyStmt", "ListenStmt", "UnlistenStmt", "CheckPointStmt"}
)
ALTERS = frozenset({"AlterStatsStmt", "AlterFunctionStmt", "AlterSubscriptionStmt"})


def actions(node: Node) -> tuple[Action, ...]:
    decoder = DECODERS.get(node.node_type)
    if decoder:
        return decoder(node)
    return (Action(_family(node.node_type), name=_name(node), type=node.node_type),)


def _family(node_type: str) -> Kind:
    if node_type in ROLES:
        return Kind.ROLE
    if node_type in SESSION:
        return Kind.SESSION
    if node_type in ALTERS:
        return Kind.ALTER_OBJECT
    return Kind.CREATE_OBJECT if CREATES.match(node_type) else Kind.OPAQUE


def _name(node: Node) -> str:
    match node.node_type:
        case "CreateExtensionStmt":
            return str(node.extname)
        case "CreateSeqStmt":
            return relation(node.sequence)
        case "CreateEnumStmt" | "CreateRangeStmt":
            return dotted(node.type_name)
        case _:
            return ""
