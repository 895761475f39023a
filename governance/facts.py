"""What a target says about itself at one moment: what the analysis, the forecast and the pages speak from."""

from collections.abc import Mapping
from dataclasses import asdict, field, is_dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any, get_args, get_origin, get_type_hints

from governance.values import dataclass


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    name: str
    type: str  # format_type()
    not_null: bool
    default: str  # "" when there is none
    identity: str = ""  # pg_attribute.attidentity: a, d
    generated: str = ""  # pg_attribute.attgenerated: s, v


@dataclass(frozen=True, slots=True)
class ConstraintFacts:
    name: str
    kind: str  # pg_constraint.contype: c, f, p, u, x, n
    definition: str  # pg_get_constraintdef()
    validated: bool
    references: str = ""  # schema.table of a foreign key's other side
    columns: tuple[str, ...] = ()
    referenced_columns: tuple[str, ...] = ()
    on_delete: str = ""  # pg_constraint.confdeltype: a, r, c, n, d
    on_update: str = ""  # pg_constraint.confupdtype
    inherited: bool = False  # from a parent


@dataclass(frozen=True, slots=True)
class IndexFacts:
    name: str
    definition: str
    unique: bool
    valid: bool
    bytes: int
    columns: tuple[str, ...] = ()  # of the key and of INCLUDE; those inside expressions and predicates too
    constraint: str = ""  # that owns it
    parent: str = ""  # schema.index of the partitioned table's index
    plain: bool = True  # neither an expression nor a predicate


@dataclass(frozen=True, slots=True)
class UseFacts:
    """What a function or a rule does with a table when it runs, as far as its text tells."""

    what: str  # insert, update, delete, merge, truncate, select, select for update
    table: str  # schema.table
    columns: tuple[str, ...] = ()  # that it sets


@dataclass(frozen=True, slots=True)
class DependantFacts:
    """Something that needs a table, or some of its columns."""

    kind: str  # view, materialized view, function, trigger, policy, rule, statistics
    name: str  # with its schema; a trigger, policy or rule has none
    on: str = ""  # schema.table that a trigger, policy or rule belongs to
    columns: tuple[str, ...] = ()  # none: the whole table
    function: str = ""  # schema.name of what a trigger calls
    events: tuple[str, ...] = ()  # on which a trigger or rule acts: insert, update, delete, truncate; "instead of …" for a view's trigger
    enabled: bool = True  # of a trigger or rule, in an ordinary session
    uses: tuple[UseFacts, ...] = ()  # of a rule; a trigger's are its function's


@dataclass(frozen=True)
class TableFacts:
    schema: str
    name: str
    kind: str  # pg_class.relkind: r, p, v, m, f
    rows: int | None  # the planner's estimate; None: never analysed
    bytes: int
    columns: tuple[ColumnFacts, ...] = ()
    constraints: tuple[ConstraintFacts, ...] = ()
    indexes: tuple[IndexFacts, ...] = ()
    referenced_by: tuple[str, ...] = ()  # schema.table of tables whose foreign keys point here
    dependants: tuple[DependantFacts, ...] = ()
    parents: tuple[str, ...] = ()  # schema.table of what it is a partition of, or inherits from
    children: tuple[str, ...] = ()
    partition_key: str = ""  # pg_get_partkeydef()
    bound: str = ""  # FOR VALUES … or DEFAULT
    default_partition: str = ""  # schema.table
    reads: tuple[str, ...] = ()  # schema.table of what a view's query names
    publications: tuple[str, ...] = ()
    owner: str = ""
    persistence: str = "p"  # pg_class.relpersistence: p, u
    access_method: str = ""
    tablespace: str = ""
    replica_identity: str = "d"  # pg_class.relreplident: d, n, f, i
    row_security: bool = False
    row_security_forced: bool = False
    dead_rows: int | None = None  # None: nobody knows
    of_type: str = ""  # the composite type that a typed table is made of
    partial: bool = False  # nothing but what a change says of it: the target was not asked, or does not have it yet

    @property
    def identity(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class DomainFacts:
    name: str  # as format_type() writes it
    type: str
    constrained: bool  # by NOT NULL or CHECK, its own or one of a domain below it


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    name: str  # schema.name
    volatility: str  # pg_proc.provolatile: i, s, v; of the most volatile one of this name
    uses: tuple[UseFacts, ...] = ()  # of one that a trigger calls
    opaque: bool = False  # of such a one: what else it does cannot be told


@dataclass(frozen=True, slots=True)
class SequenceFacts:
    name: str  # schema.sequence
    owner: str = ""  # schema.table and
    column: str = ""  # column that own it


@dataclass(frozen=True, slots=True)
class BusyTable:
    name: str  # schema.table
    scans: int  # since the statistics were last reset
    writes: int  # rows


@dataclass(frozen=True, slots=True)
class LoadFacts:
    longest_transaction: float | None = None  # seconds; None: nobody may tell
    active_sessions: int = 0
    busiest: tuple[BusyTable, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplicationFacts:
    is_standby: bool = False
    standbys: int = 0
    slots: int = 0
    lag_bytes: int | None = None  # of the slowest standby; None: there is none, or nobody may tell


@dataclass(frozen=True, slots=True)
class Need:
    """Something that the runner has to be able to do in a target."""

    what: str
    held: bool
    todo: str  # SQL for a superuser in the target, or a sentence after "--"
    required: bool = True


@dataclass(frozen=True)
class Facts:
    """What a target said about itself at one moment."""

    target: str
    taken_at: datetime
    server_version: int  # 180006
    database: str
    bytes: int
    tables: tuple[TableFacts, ...]
    search_path: tuple[str, ...] = ("public",)
    settings: Mapping[str, str] = field(default_factory=dict)  # those that change what a statement does
    extensions: tuple[str, ...] = ()
    domains: tuple[DomainFacts, ...] = ()
    functions: tuple[FunctionFacts, ...] = ()
    sequences: tuple[SequenceFacts, ...] = ()
    load: LoadFacts = LoadFacts()
    replication: ReplicationFacts = ReplicationFacts()
    needs: tuple[Need, ...] = ()  # none: the runner did not test itself

    def table(self, name: str) -> TableFacts | None:
        """By "schema.table", or by "table" along the search path."""
        names = (name,) if "." in name else tuple(f"{schema}.{name}" for schema in self.search_path)
        return next((self.by_identity[wanted] for wanted in names if wanted in self.by_identity), None)

    @cached_property
    def by_identity(self) -> Mapping[str, TableFacts]:
        """Tables by "schema.table"."""
        return {table.identity: table for table in self.tables}


def facts_as_json(facts: Facts) -> dict[str, Any]:
    return {**asdict(facts), "taken_at": facts.taken_at.isoformat()}


def facts_from_json(data: Mapping[str, Any]) -> Facts:
    """Also of facts that an older Lockgate kept: what it did not ask for has its default."""
    return Facts(**_fields(Facts, data))


def _fields(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    hints = _hints(kind)
    return {name: _value(hints[name], value) for name, value in data.items() if name in hints}


def _value(hint: Any, value: Any) -> Any:
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        return tuple(_value(item, each) for each in value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    return hint(**_fields(hint, value)) if is_dataclass(hint) and isinstance(hint, type) else value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
