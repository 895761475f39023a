"""Which further relations queries and writes lock: what views read, and the other sides of foreign keys."""

from collections.abc import Iterator

from governance.analysis.actions import Action, Kind
from governance.analysis.catalogue import foreign_keys
from governance.analysis.effects import ALL, AS, PARTS, RS, RX, Effect
from governance.analysis.scene import Scene, columns_of
from governance.analysis.touch import Touch, named
from governance.facts import ConstraintFacts, TableFacts

WRITING = ("c", "n", "d")  # what a foreign key does of itself: CASCADE, SET NULL, SET DEFAULT


def queried(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    """A query locks what the views in it read as well."""
    for touch in named(action, scene, effect):
        yield touch
        yield from (Touch(name, touch.mode, reach=ALL) for name in behind_view(scene, touch.relation))


def behind_view(scene: Scene, name: str) -> tuple[str, ...]:
    """Nothing behind a materialized one, which has its own rows."""
    found = scene.table(name)
    return scene.catalogue.read_through(found.identity) if found and found.kind == "v" else ()


def queried_if_filled(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    """WITH NO DATA plans nothing."""
    return (queried if action.everything else named)(action, scene, effect)


def refreshed(action: Action, scene: Scene, _effect: Effect) -> Iterator[Touch]:
    if action.everything:
        yield from (Touch(name, AS, reach=ALL) for name in scene.catalogue.read_through(scene.identity(action.relation)))


def locked(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    if effect.mode:
        yield from (Touch(name, effect.mode, reach=ALL) for name in scene.catalogue.read_through(scene.identity(action.relation)))


def written(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    """What is read; the tables behind a view; and the other sides of foreign keys, in which every row is looked up."""
    yield from queried(action, scene, effect)
    behind = scene.catalogue.read_through(scene.identity(action.relation))
    yield from (Touch(name, RX, reach=ALL) for name in behind)
    for name in (scene.identity(action.relation), *behind):
        table = scene.table(name)
        if table:
            yield from _looked_up(action, table, scene)


def _looked_up(action: Action, table: TableFacts, scene: Scene) -> Iterator[Touch]:
    if action.kind is Kind.DELETE:
        yield from _deleted_along(table, scene, set())
        return
    inserts = action.kind in (Kind.INSERT, Kind.INSERT_VALUES, Kind.MERGE, Kind.COPY)
    for key in foreign_keys(table):
        if inserts or set(columns_of(key)) & set(action.columns):
            yield Touch(key.references, RS, reach=PARTS)
    for other, key in referencing_keys(table, scene):
        if set(key.referenced_columns) & set(action.columns):
            yield Touch(other.identity, RX if key.on_update in WRITING else RS, reach=PARTS)


def _deleted_along(table: TableFacts, scene: Scene, seen: set[str]) -> Iterator[Touch]:
    """Rows that reference the deleted ones are looked for, and are deleted or changed with ON DELETE CASCADE or SET."""
    seen.add(table.identity)
    for other, key in referencing_keys(table, scene):
        yield Touch(other.identity, RX if key.on_delete in WRITING else RS, reach=PARTS)
        if key.on_delete == "c" and other.identity not in seen:
            yield from _deleted_along(other, scene, seen)


def referencing_keys(table: TableFacts, scene: Scene) -> Iterator[tuple[TableFacts, ConstraintFacts]]:
    for name in table.referenced_by:
        other = scene.table(name)
        yield from ((other, key) for key in (foreign_keys(other) if other else ()) if other and key.references == table.identity)
