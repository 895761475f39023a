"""Whether a finding's safe form can take the place of its statement as it stands, or is something to be done beside it."""

from governance.analysis.statements import parse
from governance.errors import UnparsableScript

# Rules whose safe forms go before or behind the statement, into another script, or speak of one of its parts.
BESIDE_NAMES = (
    "attaching-partition-scans ban-alter-identity ban-disable-trigger ban-uncommitted-transaction breaks-prepared-statements "
    "change-too-large foreign-key-locks-partner foreign-key-without-index lock-held-while-working lock-order-differs "
    "missing-purpose-header mixed-transaction prefer-robust-stmts require-lock-timeout require-statement-timeout "
    "rollback-misses-inverse security-definer-without-search-path truncate-loses-rows"
)
BESIDE = frozenset(BESIDE_NAMES.split())
# Statements with parts, of which a safe form is about one.
MANIFOLD = {"AlterTableStmt": "cmds", "DropStmt": "objects", "TruncateStmt": "relations"}
WHOLE = frozenset({"CreateStmt", "CreateSchemaStmt", "DoStmt"})  # with more in them than any safe form says again


def stands_for(code: str, safe_form: str, statement: str) -> bool:
    """Whether nothing is lost when the form is put where the statement was."""
    return code not in BESIDE and _does_something(safe_form) and _has_one_part(statement)


def _does_something(form: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("--") for line in form.splitlines())


def _has_one_part(statement: str) -> bool:
    try:
        (node,) = parse(statement)
    except (UnparsableScript, ValueError):
        return False
    parts = MANIFOLD.get(node.node_type)
    return node.node_type not in WHOLE and (parts is None or len(getattr(node, parts)) == 1)
