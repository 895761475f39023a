"""What a target says about itself at one moment: what the analysis, the forecast and the pages speak from."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    name: str
    type: str  # format_type()
    not_null: bool
    default: str  # "" when there is none


@dataclass(frozen=True, slots=True)
class ConstraintFacts:
    name: str
    kind: str  # pg_constraint.contype: c, f, p, u, x, n
    definition: str  # pg_get_constraintdef()
    validated: bool
    references: str = ""  # schema.table of a foreign key's other side


@dataclass(frozen=True, slots=True)
class IndexFacts:
    name: str
    definition: str
    unique: bool
    valid: bool
    bytes: int


@dataclass(frozen=True, slots=True)
class TableFacts:
    schema: str
    name: str
    kind: str  # pg_class.relkind: r, p, v, m
    rows: int | None  # the planner's estimate; None: never analysed
    bytes: int
    columns: tuple[ColumnFacts, ...] = ()
    constraints: tuple[ConstraintFacts, ...] = ()
    indexes: tuple[IndexFacts, ...] = ()
    referenced_by: tuple[str, ...] = ()  # schema.table of tables whose foreign keys point here

    @property
    def identity(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a target said about itself at one moment."""

    target: str
    taken_at: datetime
    server_version: int  # 180006
    database: str
    bytes: int
    tables: tuple[TableFacts, ...]
    search_path: tuple[str, ...] = ("public",)

    def table(self, name: str) -> TableFacts | None:
        """By "schema.table", or by "table" along the search path."""
        names = (name,) if "." in name else tuple(f"{schema}.{name}" for schema in self.search_path)
        return next((table for wanted in names for table in self.tables if table.identity == wanted), None)
