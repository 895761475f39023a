"""What is known when a statement runs: the target's facts, and what the change itself has done so far."""

import re
from dataclasses import field

from governance.analysis.actions import Action, Kind
from governance.analysis.catalogue import Catalogue
from governance.analysis.evolution import evolved, moved
from governance.analysis.layers import Layers
from governance.facts import ConstraintFacts, TableFacts
from governance.values import dataclass, replace

__all__ = ["CREATING", "Catalogue", "Scene", "columns_of", "mentions"]

UTC_NAMES = "utc uct zulu universal gmt greenwich gmt0 gmt+0 gmt-0"
UTC = frozenset(UTC_NAMES.split())
CREATING = frozenset({Kind.CREATE_TABLE, Kind.CREATE_TABLE_AS, Kind.CREATE_PARTITION, Kind.CREATE_MATERIALIZED_VIEW})
DROPPING = frozenset({Kind.DROP_TABLE, Kind.DROP_VIEW})
LEAVING = DROPPING | {Kind.RENAME_TABLE, Kind.SET_SCHEMA}  # whose table is not there afterwards under its name
NOT_NULL_CHECK = re.compile(r"^CHECK \(\((?P<column>\S+) IS NOT NULL\)\)")


@dataclass(frozen=True)
class Scene:
    catalogue: Catalogue
    created: Layers[bool] = field(default_factory=lambda: Layers({}))  # tables made by this change, which nobody else uses yet
    settings: tuple[tuple[str, str], ...] = ()  # that this change has set: name in lower case, value
    creating: str = ""  # the table that is being made just now

    def identity(self, name: str) -> str:
        return self.catalogue.identity(name)

    def table(self, name: str) -> TableFacts | None:
        return self.catalogue.tables.get(self.catalogue.identity(name))

    def is_new(self, name: str) -> bool:
        return self.has_made(self.catalogue.identity(name))

    def has_made(self, identity: str) -> bool:
        return self.created.get(identity) is not None or (identity == self.creating and identity != "")

    def lacks(self, name: str) -> bool:
        """Whether it is known that there is no such relation."""
        return bool(name) and self.catalogue.facts is not None and self.table(name) is None and not self.is_new(name)

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
        return table is not None and (
            any(found.not_null for found in table.columns if found.name == column)
            or any(found.validated and _checks_not_null(found) == column for found in table.constraints)
        )

    def stores_local_time_as_utc(self) -> bool:
        """Whether timestamps with and without time zone are stored alike: whether TimeZone is UTC."""
        known = self.catalogue.facts.settings.get("TimeZone", "") if self.catalogue.facts else ""
        zone = dict(self.settings).get("timezone", known)
        return zone.lower().removeprefix("etc/") in UTC

    def during(self, action: Action) -> "Scene":
        """The scene in which the action is done: what a statement creates is new to that statement too."""
        return replace(self, creating=self.identity(action.relation)) if self._creates(action) else self

    def after(self, action: Action) -> "Scene":
        """The scene once the action has been done."""
        if action.kind is Kind.SESSION:
            return self._with_setting(action)
        if action.if_there and self.lacks(action.relation):
            return self
        catalogue, created = evolved(self.catalogue, action), self._created_after(action)
        return (
            self
            if catalogue is self.catalogue and created is self.created and not self.creating
            else Scene(catalogue, created, self.settings)
        )

    def in_use(self) -> "Scene":
        """The scene once others use what the change has made."""
        return replace(self, created=Layers({}))

    def later(self) -> "Scene":
        """For the next change, in a session of its own: others use what this one has made, and its settings are gone."""
        return Scene(self.catalogue.afresh())

    def _creates(self, action: Action) -> bool:
        return action.kind in CREATING and self.identity(action.relation) not in self.catalogue.tables

    def _created_after(self, action: Action) -> Layers[bool]:
        if self._creates(action):
            return self.created.changed(self.identity(action.relation), True)
        if action.kind not in LEAVING or (table := self.identity(action.relation)) not in self.created:
            return self.created
        others = self.created.changed(table, None)
        return others if action.kind in DROPPING else others.changed(moved(table, action.new_name), True)

    def _with_setting(self, action: Action) -> "Scene":
        if action.name == "timezone":
            return replace(self, settings=(*self.settings, (action.name, action.new_name)))
        if action.name == "search_path":
            schemas = tuple(part.strip().strip('"') for part in action.new_name.split(",") if part.strip())
            return replace(self, catalogue=self.catalogue.with_path(schemas))
        return self


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
