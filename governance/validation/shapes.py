"""A table as checks see it: its columns with their types, its key, and its sequences."""

from collections.abc import Collection
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class ShapeColumn:
    name: str
    type: str  # pg_type.typname, of a domain that of its base type
    not_null: bool = False
    hashed: str = ""  # the server's own function for it, where that is quicker than what every server has


@dataclass(frozen=True, slots=True)
class Shape:
    table: str  # "schema.table"
    columns: tuple[ShapeColumn, ...]
    key: tuple[str, ...] = ()  # a unique key without NULLs; () when there is none
    rows: int = 0  # as the statistics say
    sequences: tuple[tuple[str, str], ...] = ()  # column and the sequence that it owns, as SQL names it
    storage: str = ""  # pg_relation_filenode(): another one after a rewrite

    @property
    def sql(self) -> str:
        return name_sql(self.table)

    def only(self, columns: Collection[str], without: Collection[str]) -> "Shape":
        """With those columns alone, and its key in any case.

        Raises:
            LookupError: it has no such column.
        """
        missing = sorted({*columns, *without} - {column.name for column in self.columns})
        if missing:
            raise LookupError(f"{self.table} has no column {missing[0]}; it has {', '.join(column.name for column in self.columns)}")
        wanted = {*(columns or [column.name for column in self.columns])} - set(without) | set(self.key)
        return replace(self, columns=tuple(column for column in self.columns if column.name in wanted))

    def column(self, name: str) -> ShapeColumn:
        return next(column for column in self.columns if column.name == name)

    @property
    def key_columns(self) -> tuple[ShapeColumn, ...]:
        return tuple(map(self.column, self.key))


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def name_sql(table: str) -> str:
    return ".".join(identifier(part) for part in table.split(".", 1))


def listed(names: Collection[str], before: str = "") -> str:
    return ", ".join(before + identifier(name) for name in names)


def literal(text: str) -> str:
    """Whatever standard_conforming_strings says."""
    quoted = "'" + text.replace("'", "''").replace("\\", "\\\\") + "'"
    return f"E{quoted}" if "\\" in text else quoted
