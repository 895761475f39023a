"""What statements do, as values: one statement is one action, or several (ALTER TABLE with a list, DROP of many)."""

from enum import StrEnum

from governance.analysis.bounds import Bound
from governance.analysis.statements import Check
from governance.values import dataclass


class Kind(StrEnum):
    """The families of statements that PostgreSQL treats alike."""

    # tables
    CREATE_TABLE = "create table"
    CREATE_TABLE_AS = "create table as"
    CREATE_PARTITION = "create partition"
    DROP_TABLE = "drop table"
    RENAME_TABLE = "rename table"
    SET_SCHEMA = "set schema"
    ATTACH_PARTITION = "attach partition"
    DETACH_PARTITION = "detach partition"
    SET_TABLESPACE = "set tablespace"
    SET_LOGGED = "set logged"
    SET_ACCESS_METHOD = "set access method"
    SET_OPTIONS = "set options"
    SET_STATISTICS = "set statistics"
    REPLICA_IDENTITY = "replica identity"
    INHERIT = "inherit"
    TRUNCATE = "truncate"
    COMMENT = "comment"
    LOCK = "lock"
    ALTER_TABLE_OTHER = "alter table"
    # columns
    ADD_COLUMN = "add column"
    DROP_COLUMN = "drop column"
    RENAME_COLUMN = "rename column"
    ALTER_COLUMN_TYPE = "alter column type"
    SET_NOT_NULL = "set not null"
    DROP_NOT_NULL = "drop not null"
    SET_DEFAULT = "set default"
    DROP_DEFAULT = "drop default"
    SET_STORAGE = "set storage"
    # constraints
    ADD_CHECK = "add check"
    ADD_NOT_NULL = "add not null constraint"
    ADD_FOREIGN_KEY = "add foreign key"
    ADD_UNIQUE = "add unique constraint"
    ADD_PRIMARY_KEY = "add primary key"
    ADD_EXCLUDE = "add exclusion constraint"
    VALIDATE_CONSTRAINT = "validate constraint"
    DROP_CONSTRAINT = "drop constraint"
    RENAME_CONSTRAINT = "rename constraint"
    # indexes
    CREATE_INDEX = "create index"
    DROP_INDEX = "drop index"
    REINDEX = "reindex"
    RENAME_INDEX = "rename index"
    CREATE_STATISTICS = "create statistics"
    # other objects
    CREATE_VIEW = "create view"
    CREATE_MATERIALIZED_VIEW = "create materialized view"
    REFRESH_MATERIALIZED_VIEW = "refresh materialized view"
    DROP_VIEW = "drop view"
    CREATE_TRIGGER = "create trigger"
    DROP_TRIGGER = "drop trigger"
    TOGGLE_TRIGGER = "enable or disable trigger"
    CREATE_RULE = "create rule"
    CREATE_FUNCTION = "create function"
    DROP_FUNCTION = "drop function"
    CREATE_OBJECT = "create object"
    ALTER_OBJECT = "alter object"
    DROP_OBJECT = "drop object"
    RENAME_OBJECT = "rename object"
    ADD_ENUM_VALUE = "add enum value"
    # data
    SELECT = "select"
    INSERT = "insert"
    INSERT_VALUES = "insert values"
    UPDATE = "update"
    DELETE = "delete"
    MERGE = "merge"
    COPY = "copy"
    # permissions
    GRANT = "grant"
    REVOKE = "revoke"
    ROLE = "role"
    OWNER = "owner"
    ROW_SECURITY = "row level security"
    CREATE_POLICY = "create policy"
    ALTER_POLICY = "alter policy"
    DROP_POLICY = "drop policy"
    # the rest
    VACUUM = "vacuum"
    VACUUM_FULL = "vacuum full"
    ANALYZE = "analyze"
    SESSION = "session"
    TRANSACTION = "transaction control"
    OPAQUE = "opaque"


class Volatility(StrEnum):
    """How PostgreSQL treats a default when a column is added: anything but volatile is evaluated once."""

    NONE = "none"
    CONSTANT = "constant"
    STABLE = "stable"
    VOLATILE = "volatile"
    UNKNOWN = "unknown"  # a function that is not built in


@dataclass(frozen=True, slots=True)
class Constraint:
    kind: Kind
    name: str = ""
    columns: tuple[str, ...] = ()
    references: str = ""  # the other table of a foreign key, as written
    not_valid: bool = False
    using_index: str = ""
    proves_not_null: str = ""  # the column of CHECK (column IS NOT NULL)
    no_inherit: bool = False
    enforced: bool = True
    check: Check | None = None
    referenced: tuple[str, ...] = ()  # columns of the other table; none: its primary key
    on_delete: str = ""  # a, r, c, n, d
    on_update: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str  # as format_type() would say it, without schema for built-in types
    builtin: bool = True
    not_null: bool = False
    default: Volatility = Volatility.NONE
    identity: bool = False  # identity or serial: numbers from a sequence
    serial: bool = False
    generated: str = ""  # "stored" or "virtual"
    constraints: tuple[Constraint, ...] = ()
    functions: tuple[str, ...] = ()  # that the default calls and that are not built in

    @property
    def is_required(self) -> bool:
        """Whether an INSERT that does not know the column fails."""
        return self.not_null and self.default is Volatility.NONE and not self.identity and not self.generated


@dataclass(frozen=True, slots=True)
class Action:
    """One effect. Names are as written; `governance.analysis.scene` resolves them."""

    kind: Kind
    relation: str = ""
    name: str = ""  # column, constraint, index, policy, or the object itself when it is not a table
    new_name: str = ""
    type: str = ""  # new type of a column, sort of object, or mode of LOCK TABLE
    using: bool = False  # ALTER TYPE … USING something else than a plain cast
    column: Column | None = None
    constraint: Constraint | None = None
    others: tuple[str, ...] = ()  # further relations: foreign key partners, partitions, tables that are read
    parents: tuple[str, ...] = ()  # tables that a new one inherits from
    enabled: bool = True  # of row level security and triggers
    grantees: tuple[str, ...] = ()
    concurrently: bool = False
    conditional: bool = False  # IF EXISTS, IF NOT EXISTS, OR REPLACE
    if_there: bool = False  # ALTER … IF EXISTS of the relation itself
    cascade: bool = False
    everything: bool = False  # no WHERE
    count: int = 1  # how many actions the statement has
    only: frozenset[str] = frozenset()  # relations named with ONLY: their partitions and children are left alone
    columns: tuple[str, ...] = ()  # that UPDATE sets, or that an index is on
    plain: bool = True  # of an index: neither an expression nor a predicate
    made: tuple[Column, ...] = ()  # of a new table
    constraints: tuple[Constraint, ...] = ()  # of a new table, beside those of its columns
    partitioned: bool = False  # a new table
    function: str = ""  # that a trigger calls
    events: tuple[str, ...] = ()  # on which a trigger or rule acts, or which a statement that writes rows is
    does: tuple["Action", ...] = ()  # what a function does when it is called
    bound: Bound | None = None  # of a partition
    collation: bool = False  # ALTER TYPE … COLLATE
    read: tuple[str, ...] = ()  # relations that are looked at besides: by a policy, a body, LIKE
    written: tuple[str, ...] = ()  # and that are written besides: by a rule
