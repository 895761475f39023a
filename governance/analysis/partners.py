"""Which further relations a statement locks: those that it names, and those that only the facts know of."""

from collections.abc import Iterator

from governance.analysis.actions import Action, Kind
from governance.analysis.bounds import proves_inside, proves_outside
from governance.analysis.catalogue import foreign_keys
from governance.analysis.conditions import finds_nothing
from governance.analysis.effects import ALL, AS, AX, PARTS, RX, SRX, SUX, Effect, Reach, S
from governance.analysis.majors import Difference
from governance.analysis.queried import acting, behind_view, locked, queried, queried_if_filled, referencing_keys, refreshed, written
from governance.analysis.scene import Scene, columns_of
from governance.analysis.touch import Finder, Touch, named
from governance.facts import ConstraintFacts, IndexFacts, TableFacts
from governance.values import replace


def partners(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    if finds_nothing(action, scene):
        return
    for parent in action.parents:
        yield Touch(parent, SUX)
    for name in action.read:
        yield Touch(name, AS)
    if action.kind is Kind.CREATE_FUNCTION:  # its queries are rewritten, down to the tables behind views
        yield from (Touch(name, AS) for read in action.read for name in behind_view(scene, read))
        yield from (Touch(name, RX) for written in action.written for name in behind_view(scene, written))
    for name in action.written:
        yield Touch(name, RX)
    if effect.others:
        yield from PARTNERS.get(action.kind, named)(action, scene, effect)


def _of_dropped_table(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    table = scene.table(action.relation)
    if table is None:
        return
    names = [name for key in foreign_keys(table) for name in _unlinked(key, scene)]
    names += scene.catalogue.owned_sequences(table.identity)
    if table.bound:
        names += _parents_and_default(table, scene)
    yield from (Touch(name, AX) for name in names)
    if action.cascade:
        yield from (Touch(name, AX, reach=PARTS) for name in table.referenced_by)
        yield from (Touch(name, AX) for name in scene.catalogue.descendants(table.identity))
        yield from _going_with(table, "", scene)


def _unlinked(key: ConstraintFacts, scene: Scene) -> tuple[str, ...]:
    below = scene.catalogue.partitions(key.references)
    return (key.references, *below) if not below or scene.catalogue.has(Difference.REFERENCED_PARENT_LOCKED) else below


def _parents_and_default(table: TableFacts, scene: Scene) -> list[str]:
    parents = [found for found in map(scene.table, table.parents) if found]
    return [*table.parents, *(parent.default_partition for parent in parents if parent.default_partition)]


def _going_with(table: TableFacts, column: str, scene: Scene) -> Iterator[Touch]:
    """What CASCADE takes along: views, and policies and rules of other tables."""
    yield from (Touch(name, AX) for name in scene.catalogue.dependent_views(table.identity, column))
    for found in table.dependants:
        if found.on and found.on != table.identity and (not column or column in found.columns):
            yield Touch(found.on, AX)


def _of_dropped_view(action: Action, scene: Scene, _effect: Effect) -> Iterator[Touch]:
    if action.cascade:
        yield from (Touch(name, AX) for name in scene.catalogue.dependent_views(scene.identity(action.relation)))


def _of_column(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    """The other side of foreign keys from the column and, when it is in a key, of those to it."""
    table = scene.table(action.relation)
    if table is None:
        return
    if action.relation in action.only:
        yield from (Touch(name, AX) for name in table.children)  # they keep the column, as one of their own
    changes_type = action.kind is Kind.ALTER_COLUMN_TYPE
    for key in foreign_keys(table):
        if action.name in columns_of(key):
            yield Touch(key.references, AX, effect.others_scan and key.validated, reach=PARTS)
    if changes_type or action.cascade:
        for other, key in referencing_keys(table, scene):
            if not key.referenced_columns or action.name in key.referenced_columns:
                yield Touch(other.identity, AX, effect.others_scan and key.validated, reach=PARTS)
    column = next((found for found in table.columns if found.name == action.name), None)
    if not changes_type or (column and column.identity):
        mode = SRX if changes_type else AX
        yield from (Touch(name, mode) for name in scene.catalogue.owned_sequences(table.identity, action.name))
    if action.cascade:
        yield from _going_with(table, action.name, scene)


def _of_constraint(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    table = scene.table(action.relation)
    found = next((each for each in table.constraints if each.name == action.name), None) if table else None
    if table is None or found is None or effect.others is None:
        return
    if found.kind == "f":
        yield Touch(found.references, effect.others, effect.others_scan, reach=effect.others_reach)
    elif action.cascade:
        yield from (Touch(name, effect.others, reach=effect.others_reach) for name in table.referenced_by)


def _truncated_along(action: Action, scene: Scene, _effect: Effect) -> Iterator[Touch]:
    """TRUNCATE … CASCADE empties what references the table, and what references that."""
    found: dict[str, None] = {scene.identity(action.relation): None}
    waiting = list(found)
    while waiting:
        facts = scene.table(waiting.pop())
        yield from acting(action.events, facts, (), scene) if facts else ()
        new = [name for name in facts.referenced_by if name not in found] if facts and action.cascade else []
        found.update(dict.fromkeys(new))
        waiting += new
    for name in found:
        yield Touch(name, AX, reach=ALL if name not in action.only else Reach.NONE)
        if action.type == "restart identity":
            yield from (Touch(sequence, AX) for sequence in scene.catalogue.owned_sequences(name))


def _of_new_partition(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    """The parent; the default partition, which must not hold rows of the new one; and both ends of the parent's foreign keys."""
    parents = [found for found in map(scene.table, action.others) if found]
    yield from named(action, scene, effect)
    for parent in parents:
        yield from _default_partition(parent, action, scene)
        yield from _both_ends(parent, scene)


def _of_attached(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    parent = scene.table(action.relation)
    for name in action.others:
        partition = scene.table(name)
        takes_all = bool(parent and not parent.children and action.bound and action.bound.default)
        proven = takes_all or bool(parent and partition and proves_inside(partition, parent.partition_key, action.bound))
        built = bool(parent and _lacks_indexes_of(parent, partition))
        referring = bool(parent and foreign_keys(parent))
        yield Touch(name, AX, built or referring or not proven, built, reach=PARTS)
    if parent:
        yield from _default_partition(parent, action, scene)
        yield from _both_ends(parent, scene, scan=True)


def _lacks_indexes_of(parent: TableFacts, partition: TableFacts | None) -> bool:
    """Whether the partition lacks an index that it needs: that is built while it is attached."""
    there = [_described(index) for index in (partition.indexes if partition else ())]
    for wanted in map(_described, parent.indexes):
        if wanted not in there:
            return True
        there.remove(wanted)
    return False


def _described(index: IndexFacts) -> tuple[object, ...]:
    """What has to be alike in two indexes of which one is to be a part of the other."""
    return index.unique, index.definition.partition(" USING ")[2] or index.columns, bool(index.constraint)


def _default_partition(parent: TableFacts, action: Action, scene: Scene) -> Iterator[Touch]:
    default = scene.table(parent.default_partition) if parent.default_partition else None
    if default:
        yield Touch(default.identity, AX, not proves_outside(default, parent.partition_key, action.bound), reach=PARTS)


def _both_ends(parent: TableFacts, scene: Scene, scan: bool = False) -> Iterator[Touch]:
    """Of its foreign keys: what it references, which is compared with rows that come with the partition, and what references it."""
    mode = SRX if scene.catalogue.has(Difference.REFERENCING_LOCKED) else AS
    yield from (Touch(key.references, SRX, scan and key.validated, reach=PARTS) for key in foreign_keys(parent))
    yield from (Touch(name, mode) for name in parent.referenced_by)


def _of_detached(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    yield from named(action, scene, effect)
    yield from (Touch(name, AX) for other in action.others for name in scene.catalogue.partitions(scene.identity(other)))
    parent = scene.table(action.relation)
    if parent and parent.default_partition:
        yield Touch(parent.default_partition, AX)
    if parent and not action.concurrently:
        yield from (Touch(key.references, SRX, reach=PARTS) for key in foreign_keys(parent))


def _inherited(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    yield from (Touch(name, SUX if action.enabled else AS) for name in action.others)


def _owned_sequences(action: Action, scene: Scene, _effect: Effect) -> Iterator[Touch]:
    yield from (Touch(name, AX) for name in scene.catalogue.owned_sequences(scene.identity(action.relation)))


def _sequences_with_persistence(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    if effect.rewrite and scene.catalogue.has(Difference.SEQUENCES_FOLLOW_PERSISTENCE):
        yield from _owned_sequences(action, scene, effect)


def _of_altered_table(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    if action.type == "AT_AlterConstraint" and action.everything:
        yield from _of_constraint(action, scene, replace(effect, others=AX))
    mode = {"AT_SetIdentity": SRX, "AT_DropIdentity": AX}.get(action.type)
    if mode:
        yield from (Touch(name, mode) for name in scene.catalogue.owned_sequences(scene.identity(action.relation), action.name))


def _calling(action: Action, scene: Scene, _effect: Effect) -> Iterator[Touch]:
    if action.cascade:
        yield from (Touch(name, AX, reach=PARTS) for name in scene.catalogue.calling(action.name))


def _of_altered_object(action: Action, scene: Scene, effect: Effect) -> Iterator[Touch]:
    if action.type == "OBJECT_DOMAIN" and action.everything:
        yield from (Touch(name, S, scan=True, reach=PARTS) for name in scene.catalogue.typed(action.name))
    if action.type == "OBJECT_INDEX":
        owners = (scene.catalogue.owner_of_index(name) for name in (action.name, action.new_name) if action.new_name)
        yield from (Touch(owner, AS) for owner in owners if owner)
    if action.type == "OBJECT_TYPE":
        yield from _made_of_it(action, scene, effect)
    if action.type == "OBJECT_PUBLICATION" and action.everything:
        yield from (Touch(name, SUX) for name, table in scene.catalogue.tables.items() if action.name in table.publications)
    yield from named(action, scene, effect)


def _made_of_it(action: Action, scene: Scene, _effect: Effect) -> Iterator[Touch]:
    """Typed tables, when CASCADE changes them along with their type."""
    wanted = next(iter(action.others), action.name)
    for name, table in scene.catalogue.tables.items():
        if action.cascade and wanted in (table.of_type, f"public.{table.of_type}"):
            yield Touch(name, AX, reach=ALL)


def _of_dropped_object(action: Action, scene: Scene, _effect: Effect) -> Iterator[Touch]:
    if action.cascade and action.type == "OBJECT_SEQUENCE":
        yield from (Touch(name, AX) for name in scene.catalogue.numbered_by(scene.catalogue.sequence(action.name)))
    if action.cascade and action.type in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
        yield from (Touch(name, AX, reach=PARTS) for name in scene.catalogue.typed(action.name))
    if action.cascade and action.type == "OBJECT_SCHEMA":
        within = [table for table in scene.catalogue.tables.values() if table.schema == action.name]
        yield from (Touch(table.identity, AX) for table in within)
        for table in within:
            yield from _of_dropped_table(Action(Kind.DROP_TABLE, table.identity, cascade=True), scene, _effect)


def _of_owner(action: Action, scene: Scene, _effect: Effect) -> Iterator[Touch]:
    if action.type in ("ReassignOwnedStmt", "DropOwnedStmt"):
        for table in scene.catalogue.tables.values():
            if table.owner == action.name:
                yield Touch(table.identity, AX)
                yield from (Touch(name, AX) for name in scene.catalogue.owned_sequences(table.identity))


PARTNERS: dict[Kind, Finder] = {
    Kind.CREATE_TABLE_AS: queried_if_filled,
    Kind.CREATE_MATERIALIZED_VIEW: queried_if_filled,
    Kind.REFRESH_MATERIALIZED_VIEW: refreshed,
    Kind.SELECT: queried,
    Kind.LOCK: locked,
    Kind.INSERT: written,
    Kind.INSERT_VALUES: written,
    Kind.UPDATE: written,
    Kind.DELETE: written,
    Kind.MERGE: written,
    Kind.COPY: written,
    Kind.DROP_TABLE: _of_dropped_table,
    Kind.DROP_VIEW: _of_dropped_view,
    Kind.DROP_COLUMN: _of_column,
    Kind.ALTER_COLUMN_TYPE: _of_column,
    Kind.DROP_CONSTRAINT: _of_constraint,
    Kind.VALIDATE_CONSTRAINT: _of_constraint,
    Kind.TRUNCATE: _truncated_along,
    Kind.CREATE_PARTITION: _of_new_partition,
    Kind.ATTACH_PARTITION: _of_attached,
    Kind.DETACH_PARTITION: _of_detached,
    Kind.INHERIT: _inherited,
    Kind.SET_SCHEMA: _owned_sequences,
    Kind.OWNER: _owned_sequences,
    Kind.SET_LOGGED: _sequences_with_persistence,
    Kind.ALTER_TABLE_OTHER: _of_altered_table,
    Kind.DROP_FUNCTION: _calling,
    Kind.ALTER_OBJECT: _of_altered_object,
    Kind.DROP_OBJECT: _of_dropped_object,
    Kind.RENAME_OBJECT: _made_of_it,
    Kind.ROLE: _of_owner,
}
