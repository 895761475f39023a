"""What is known when a statement runs: the target's facts, and what the change itself has done so far."""

import re
from dataclasses import dataclass, field, replace

from governance.analysis.actions import Action, Kind
from governance.analysis.catalogue import Catalogue
from governance.analysis.names import Names
from governance.facts import ConstraintFacts, TableFacts

__all__ = ["CREATING", "Catalogue", "Scene", "columns_of", "mentions"]

UTC_NAMES = "utc uct zulu universal gmt greenwich gmt0 gmt+0 gmt-0"
UTC = frozenset(UTC_NAMES.split())
CREATING = frozenset({Kind.CREATE_TABLE, Kind.CREATE_TABLE_AS, Kind.CREATE_PARTITION, Kind.CREATE_MATERIALIZED_VIEW})
NOT_NULL_CHECK = re.compile(r"^CHECK \(\((?P<column>\S+) IS NOT NULL\)\)")


@dataclass(frozen=True)
class Scene:
    catalogue: Catalogue
    created: Names = field(default_factory=Names)  # tables made by this change
    promised: frozenset[tuple[str, str, str]] = frozenset()  # table, constraint, column: CHECK (column IS NOT NULL) NOT VALID
    proven: frozenset[tuple[str, str]] = frozenset()  # table, column: shown to hold no NULL by a CHECK that this change validated
    settings: tuple[tuple[str, str], ...] = ()  # that this change has set: name in lower case, value

    def identity(self, name: str) -> str:
        return self.catalogue.identity(name)

    def table(self, name: str) -> TableFacts | None:
        return self.catalogue.tables.get(self.identity(name))

    def is_new(self, name: str) -> bool:
        return self.identity(name) in self.created

    def rows(self, name: str) -> int | None:
        """None: unknown."""
        if self.is_new(name):
            return 0
        table = self.table(name)
        return table.rows if table else None

    def column_type(self, name: str, column: str) -> str | None:
        table = self.table(name)
        return next((found.type for found in table.columns if found.name == column), None) if table else None

    def is_not_null(self, name: str, column: str) -> bool:
        """Whether PostgreSQL can tell without a scan that the column holds no NULL."""
        table = self.table(name)
        if (self.identity(name), column) in self.proven:
            return True
        return table is not None and (
            any(found.not_null for found in table.columns if found.name == column)
            or any(found.validated and _checks_not_null(found) == column for found in table.constraints)
        )

    def stores_local_time_as_utc(self) -> bool:
        """Whether timestamps with and without time zone are stored alike: whether TimeZone is UTC."""
        known = self.catalogue.facts.settings.get("TimeZone", "") if self.catalogue.facts else ""
        zone = dict(self.settings).get("timezone", known)
        return zone.lower().removeprefix("etc/") in UTC

    def after(self, action: Action) -> "Scene":
        """The scene once the action has been done."""
        table = self.identity(action.relation)
        match action.kind:
            case kind if kind in CREATING and table not in self.catalogue.tables:
                return replace(self, created=self.created | {table, self.identity(table.removeprefix("pg_temp."))})
            case Kind.RENAME_TABLE | Kind.SET_SCHEMA if table in self.created:
                return replace(self, created=self.created | {self.identity(action.new_name)})
            case Kind.ADD_CHECK if action.constraint and action.constraint.proves_not_null:
                return self._promise(table, action.name, action.constraint.proves_not_null, action.constraint.not_valid)
            case Kind.VALIDATE_CONSTRAINT:
                return replace(self, proven=self.proven | self._proven_by(table, action.name))
            case Kind.SESSION if action.name == "timezone":
                return replace(self, settings=(*self.settings, (action.name, action.new_name)))
        return self

    def _promise(self, table: str, name: str, column: str, not_valid: bool) -> "Scene":
        if not_valid:
            return replace(self, promised=self.promised | {(table, name, column)})
        return replace(self, proven=self.proven | {(table, column)})

    def _proven_by(self, table: str, constraint: str) -> frozenset[tuple[str, str]]:
        promised = {(table, column) for where, name, column in self.promised if (where, name) == (table, constraint)}
        facts = self.catalogue.tables.get(table)
        known = facts.constraints if facts else ()
        existing = {(table, _checks_not_null(found)) for found in known if found.name == constraint and _checks_not_null(found)}
        return frozenset(promised | existing)


def _checks_not_null(constraint: ConstraintFacts) -> str:
    found = NOT_NULL_CHECK.match(constraint.definition) if constraint.kind == "c" else None
    return found["column"].strip('"') if found else ""


def columns_of(constraint: ConstraintFacts) -> tuple[str, ...]:
    """The constraint's own columns, where need be out of pg_get_constraintdef()."""
    if constraint.columns:
        return constraint.columns
    found = re.match(r"^(?:FOREIGN KEY|PRIMARY KEY|UNIQUE(?: NULLS NOT DISTINCT)?) \((?P<columns>[^)]*)\)", constraint.definition)
    return tuple(part.strip().strip('"') for part in found["columns"].split(",")) if found else ()


def mentions(constraint: ConstraintFacts, column: str) -> bool:
    """Whether a CHECK speaks of the column."""
    return (
        constraint.kind == "c"
        and re.search(rf'(?<![\w"]){re.escape(column)}(?![\w"])|"{re.escape(column)}"', constraint.definition) is not None
    )
