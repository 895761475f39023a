"""Which further relations queries and writes lock: what views read, the other sides of foreign keys, and what triggers and rules do."""

from collections.abc import Iterator

from governance.analysis.actions import Action, Kind
from governance.analysis.catalogue import foreign_keys
from governance.analysis.effects import ALL, AS, EFFECTS, PARTS, RS, RX, Effect
from governance.analysis.routines import action_of
from governance.analysis.scene import Scene, columns_of
from governance.analysis.touch import Touch, named
from governance.facts import ConstraintFacts, DependantFacts, TableFacts
from governance.values import replace

Acted = frozenset[tuple[str, str]]  # triggers and rules that have acted already: table and name
ACTING = ("trigger", "rule")
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
    """WITH NO DATA plans nothing, nor does IF NOT EXISTS of what is there."""
    return (queried if action.everything and effect.mode else named)(action, scene, effect)


def refreshed(action: Action, scene: Scene, _effect: Effect) -> Iterator[Touch]:
    if action.everything:
        yield from (Touch(name, AS, reach=ALL) for name in scene.catalogue.read_through(scene.identity(action.relation)))


def locked(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    if effect.mode:
        yield from (Touch(name, effect.mode, reach=ALL) for name in scene.catalogue.read_through(scene.identity(action.relation)))


def written(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    """What is read; the tables behind a view; the other sides of foreign keys, in which every row is looked up; and what triggers and
    rules do."""
    yield from _written(action, scene, effect, frozenset())


def _written(action: Action, scene: Scene, effect: Effect, seen: Acted) -> Iterator[Touch]:
    yield from queried(action, scene, effect)
    name = scene.identity(action.relation)
    behind = () if _instead(action, scene) else scene.catalogue.read_through(name)
    yield from (Touch(other, RX, reach=ALL) for other in behind)
    for other in (name, *behind):
        table = scene.table(other)
        if table and action.events:
            yield from _looked_up(action, table, scene, seen)
            yield from acting(action.events, table, action.columns, scene, seen)


def _instead(action: Action, scene: Scene) -> bool:
    """Whether triggers of a view do what is to be done."""
    view = scene.table(action.relation)
    if view is None or not view.dependants:
        return False
    wanted = {f"instead of {event}" for event in action.events}
    return any(not wanted.isdisjoint(found.events) for found in view.dependants)


def acting(
    events: tuple[str, ...], table: TableFacts, columns: tuple[str, ...], scene: Scene, seen: Acted = frozenset()
) -> Iterator[Touch]:
    """What the table's triggers and rules do, those of its partitions and children included, each of them once."""
    for part in parts_acting(events, table, columns, scene):
        if (part.on, part.name) not in seen:
            yield from _done_by(part, scene, seen | {(part.on, part.name)})


def parts_acting(events: tuple[str, ...], table: TableFacts, columns: tuple[str, ...], scene: Scene) -> Iterator[DependantFacts]:
    """Triggers and rules."""
    below = scene.catalogue.descendants(table.identity) if table.children and "insert" not in events else ()
    for each in (table, *filter(None, map(scene.table, below))):
        yield from (part for part in each.dependants if _acts(part, each, events, columns))


def _acts(part: DependantFacts, table: TableFacts, events: tuple[str, ...], columns: tuple[str, ...]) -> bool:
    """Whether the trigger or rule acts on such a statement; UPDATE OF only where one of its columns is set."""
    if not part.enabled or part.on != table.identity or part.kind not in ACTING:
        return False
    hit = {event for event in events if event in part.events or f"instead of {event}" in part.events}
    of_others = part.kind == "trigger" and bool(part.columns) and not set(part.columns) & set(columns)
    return bool(hit - {"update"} if of_others else hit)


def _done_by(part: DependantFacts, scene: Scene, seen: Acted) -> Iterator[Touch]:
    for use in scene.catalogue.uses(part):
        action = action_of(use)
        effect = EFFECTS[action.kind]
        if action.kind is Kind.SELECT:
            yield from queried(action, scene, replace(effect, others=RS) if action.type else effect)
        elif effect.mode:
            yield Touch(use.table, effect.mode, reach=effect.reach)
            yield from _written(action, scene, effect, seen)


def _looked_up(action: Action, table: TableFacts, scene: Scene, seen: Acted) -> Iterator[Touch]:
    if action.kind is Kind.DELETE:
        yield from _deleted_along(table, scene, seen, set())
        return
    inserts = action.kind in (Kind.INSERT, Kind.INSERT_VALUES, Kind.MERGE, Kind.COPY)
    for key in foreign_keys(table):
        if inserts or set(columns_of(key)) & set(action.columns):
            yield Touch(key.references, RS, reach=PARTS)
    for other, key in referencing_keys(table, scene):
        if set(key.referenced_columns) & set(action.columns):
            yield Touch(other.identity, RX if key.on_update in WRITING else RS, reach=PARTS)
            if key.on_update in WRITING:
                yield from acting(("update",), other, columns_of(key), scene, seen)


def _deleted_along(table: TableFacts, scene: Scene, seen: Acted, gone: set[str]) -> Iterator[Touch]:
    """Rows that reference the deleted ones are looked for, and are deleted or changed with ON DELETE CASCADE or SET."""
    gone.add(table.identity)
    for other, key in referencing_keys(table, scene):
        yield Touch(other.identity, RX if key.on_delete in WRITING else RS, reach=PARTS)
        if key.on_delete in WRITING:
            event = "delete" if key.on_delete == "c" else "update"
            yield from acting((event,), other, columns_of(key), scene, seen)
        if key.on_delete == "c" and other.identity not in gone:
            yield from _deleted_along(other, scene, seen, gone)


def referencing_keys(table: TableFacts, scene: Scene) -> Iterator[tuple[TableFacts, ConstraintFacts]]:
    for name in table.referenced_by:
        other = scene.table(name)
        yield from ((other, key) for key in (foreign_keys(other) if other else ()) if other and key.references == table.identity)
