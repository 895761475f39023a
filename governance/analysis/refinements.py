"""The families whose locks, scans and rewrites depend on the statement's details or on the target's facts."""

from collections.abc import Callable

from governance.analysis.actions import Action, Column, Kind, Volatility
from governance.analysis.catalogue import foreign_keys, indexes_on
from governance.analysis.conditions import finds_nothing
from governance.analysis.effects import ALL, AS, AX, EFFECTS, RS, SRX, SUX, Effect, LockMode, Reach, X
from governance.analysis.majors import Difference
from governance.analysis.scene import Scene, mentions
from governance.analysis.types import rewrites, sorts_alike
from governance.facts import TableFacts
from governance.values import replace

# Storage parameters that are changed under ACCESS EXCLUSIVE; all others are only for later writers and vacuums.
EXCLUSIVE_NAMES = "user_catalog_table fastupdate gin_pending_list_limit buffering pages_per_range autosummarize"
EXCLUSIVE_OPTIONS = frozenset(EXCLUSIVE_NAMES.split())

# What is looked for in vain under the lock of its table, which is kept; constraints are looked for below it, too.
ON_THE_WAY = {Kind.ADD_COLUMN: Reach.NONE, Kind.DROP_COLUMN: Reach.NONE, Kind.DROP_CONSTRAINT: ALL}

Refinement = Callable[[Action, Scene, Effect], Effect]


def effect_of(action: Action, scene: Scene) -> Effect:
    """The family's effect, as this statement on this target has it."""
    if action.kind is Kind.LOCK:
        return Effect(LockMode(action.type), LockMode(action.type), reach=ALL)
    effect = OF_OBJECTS.get((action.kind, action.type)) or EFFECTS.get(action.kind, NOTHING)
    if finds_nothing(action, scene):
        looked = action.kind in ON_THE_WAY and not scene.lacks(action.relation)
        return replace(effect, others=None, reach=ON_THE_WAY[action.kind]) if looked else NOTHING
    refine = REFINEMENTS.get(action.kind)
    return refine(action, scene, effect) if refine else effect


NOTHING = Effect(None)
# What is no table has families of its own.
OF_OBJECTS: dict[tuple[Kind, str], Effect] = {
    (Kind.ALTER_OBJECT, "OBJECT_SEQUENCE"): Effect(SRX),
    (Kind.RENAME_OBJECT, "OBJECT_SEQUENCE"): Effect(AX),
    (Kind.RENAME_OBJECT, "OBJECT_ATTRIBUTE"): Effect(None, AX),
    (Kind.OWNER, "OBJECT_SEQUENCE"): Effect(AX),
    (Kind.DROP_OBJECT, "OBJECT_SEQUENCE"): Effect(AX, AX),
    (Kind.SET_LOGGED, "OBJECT_SEQUENCE"): Effect(AX),
    (Kind.COMMENT, "OBJECT_SEQUENCE"): NOTHING,
    (Kind.DROP_OBJECT, "OBJECT_STATISTIC_EXT"): Effect(SUX),
    (Kind.ALTER_OBJECT, "OBJECT_INDEX"): Effect(SUX, AS),
    (Kind.COMMENT, "OBJECT_INDEX"): Effect(SUX),
}


def data_untouched(effect: Effect) -> Effect:
    return replace(effect, rewrite=False, scan=False, others_scan=False, reindex=False)


def _concurrently(action: Action, _scene: Scene, effect: Effect) -> Effect:
    return replace(effect, mode=SUX) if action.concurrently else effect


def _create_table(action: Action, scene: Scene, effect: Effect) -> Effect:
    """IF NOT EXISTS of what is there: a query has been read by then, which names its tables."""
    exists = action.conditional and scene.table(action.relation) is not None
    return Effect(None, effect.others if effect.others is AS else None) if exists else effect


def _create_index(action: Action, scene: Scene, effect: Effect) -> Effect:
    table = scene.table(action.relation)
    exists = action.conditional and table is not None and any(found.name == action.name for found in table.indexes)
    return data_untouched(effect) if exists else _concurrently(action, scene, effect)


def _refresh(action: Action, _scene: Scene, effect: Effect) -> Effect:
    if not action.everything:
        return replace(effect, rewrite=False)
    return replace(effect, mode=X, rewrite=False, scan=True) if action.concurrently else effect


def _detach(action: Action, scene: Scene, effect: Effect) -> Effect:
    if action.concurrently:
        return Effect(SUX, AX)
    return effect if scene.catalogue.has(Difference.DETACHED_EXCLUSIVELY) else replace(effect, others=SUX)


def _grant(_action: Action, scene: Scene, effect: Effect) -> Effect:
    return effect if scene.catalogue.has(Difference.GRANT_LOCKS) else NOTHING


def _select(action: Action, _scene: Scene, effect: Effect) -> Effect:
    return replace(effect, others=RS) if action.type == "for update" else effect


def _write(action: Action, _scene: Scene, effect: Effect) -> Effect:
    return replace(effect, scan=action.everything)


def _set_not_null(action: Action, scene: Scene, effect: Effect) -> Effect:
    """A valid CHECK (column IS NOT NULL) spares the scan."""
    known = scene.catalogue.has(Difference.PROVEN_NOT_NULL) and scene.is_not_null(action.relation, action.name)
    return replace(effect, scan=False) if known else effect


def _add_not_null(action: Action, scene: Scene, effect: Effect) -> Effect:
    if action.constraint is None or action.constraint.not_valid:
        return replace(effect, scan=False)
    return _set_not_null(replace(action, name=next(iter(action.constraint.columns), "")), scene, effect)


def _unless_not_valid(action: Action, scene: Scene, effect: Effect) -> Effect:
    """NOT VALID leaves existing rows alone; a table that the change has made is empty, or as good as empty."""
    unchecked = action.constraint is not None and (action.constraint.not_valid or not action.constraint.enforced)
    return data_untouched(effect) if unchecked or scene.is_new(action.relation) else effect


def _add_unique(action: Action, scene: Scene, effect: Effect) -> Effect:
    if action.constraint is None or not action.constraint.using_index:
        return effect
    return data_untouched(effect)


def _add_primary_key(action: Action, scene: Scene, effect: Effect) -> Effect:
    """USING INDEX reads the table only to make columns NOT NULL that may hold NULL."""
    if action.constraint is None or not action.constraint.using_index:
        return effect
    table = scene.table(action.relation)
    index = next((found for found in table.indexes if found.name == action.constraint.using_index), None) if table else None
    known = index is not None and bool(index.columns) and all(scene.is_not_null(action.relation, column) for column in index.columns)
    return replace(data_untouched(effect), scan=not known)


def _validate(action: Action, scene: Scene, effect: Effect) -> Effect:
    table = scene.table(action.relation)
    found = next((found for found in table.constraints if found.name == action.name), None) if table else None
    return Effect(effect.mode) if found and found.validated else effect


def add_column(action: Action, scene: Scene, effect: Effect) -> Effect:
    column = action.column
    if column is None:
        return effect
    has_value = column.default is not Volatility.NONE
    kinds = {found.kind for found in column.constraints}
    indexed = bool(kinds & {Kind.ADD_UNIQUE, Kind.ADD_PRIMARY_KEY})
    domain = scene.catalogue.domains.get(column.type)
    return replace(
        effect,
        rewrite=is_filled_row_by_row(_with_known_functions(column, scene)) or (domain is not None and domain.constrained),
        scan=indexed or Kind.ADD_CHECK in kinds or (has_value and Kind.ADD_FOREIGN_KEY in kinds),
        reindex=indexed,
        others_scan=has_value and Kind.ADD_FOREIGN_KEY in kinds,
    )


def _with_known_functions(column: Column, scene: Scene) -> Column:
    """The facts say how volatile the target's own functions are."""
    if column.default is not Volatility.UNKNOWN:
        return column
    steady = all(scene.catalogue.volatility(name) in ("i", "s") for name in column.functions)
    return replace(column, default=Volatility.STABLE) if steady else column


def is_filled_row_by_row(column: Column) -> bool:
    """Whether PostgreSQL has to compute a value for each existing row of a table that gets this column."""
    return column.identity or column.generated == "stored" or column.default in (Volatility.VOLATILE, Volatility.UNKNOWN)


def _alter_type(action: Action, scene: Scene, effect: Effect) -> Effect:
    """A type that only widens is metadata; the CHECKs that speak of the column are nevertheless verified again, and some indexes built."""
    old, domains = scene.column_type(action.relation, action.name), scene.catalogue.domains
    if old is None or action.using or rewrites(old, action.type, domains, scene.stores_local_time_as_utc()):
        return effect
    table = scene.table(action.relation)
    checked = table is not None and any(mentions(found, action.name) for found in table.constraints)
    changed = action.collation or old != action.type
    resorted = action.collation or not sorts_alike(old, action.type, domains)
    rebuilt = table is not None and changed and _indexes_cannot_stay(table, action.name, resorted)
    return replace(effect, rewrite=False, others_scan=False, scan=checked or rebuilt, reindex=rebuilt)


def _indexes_cannot_stay(table: TableFacts, column: str, resorted: bool) -> bool:
    """An index is used on unless the order changes, or it has an expression or a predicate, or belongs to a partitioned table's."""
    return any(resorted or not index.plain or index.parent for index in indexes_on(table, column))


def _set_tablespace(action: Action, scene: Scene, effect: Effect) -> Effect:
    table = scene.table(action.relation)
    return replace(effect, rewrite=False) if table and table.tablespace == action.name else effect


def _set_logged(action: Action, scene: Scene, effect: Effect) -> Effect:
    table, wanted = scene.table(action.relation), "p" if action.type == "AT_SetLogged" else "u"
    return replace(effect, rewrite=False) if table and table.persistence == wanted else effect


def _set_access_method(action: Action, scene: Scene, effect: Effect) -> Effect:
    table = scene.table(action.relation)
    return replace(effect, rewrite=False) if table and table.access_method == action.name else effect


def _set_options(action: Action, scene: Scene, effect: Effect) -> Effect:
    table = scene.table(action.relation)
    return replace(effect, mode=AX) if (table and table.kind == "v") or EXCLUSIVE_OPTIONS & set(action.columns) else effect


def _altered_object(action: Action, scene: Scene, effect: Effect) -> Effect:
    return replace(effect, mode=AX) if EXCLUSIVE_OPTIONS & set(action.columns) else effect


def _only_of_column(action: Action, _scene: Scene, effect: Effect) -> Effect:
    """Of what is set for a column, statistics targets and storage go down to partitions, options and compression do not."""
    return effect if action.type in ("AT_SetStatistics", "AT_SetStorage") else replace(effect, reach=Reach.NONE)


def _trigger(action: Action, _scene: Scene, effect: Effect) -> Effect:
    """Triggers for each row are on every partition as well; rules, policies and triggers for each statement are not."""
    alone = action.everything or action.type in ("OBJECT_RULE", "OBJECT_POLICY")
    return replace(effect, reach=Reach.NONE) if alone else effect


def _toggled(action: Action, scene: Scene, effect: Effect) -> Effect:
    """All of a table's triggers, when it has none."""
    table = scene.table(action.relation)
    named = bool(action.name) or table is None or any(each.kind == "trigger" for each in table.dependants)
    of_keys = table is not None and action.type.endswith("All") and bool(foreign_keys(table))
    return replace(effect, reach=Reach.NONE) if not named and not of_keys else _trigger(action, scene, effect)


def _other(action: Action, scene: Scene, effect: Effect) -> Effect:
    """SET EXPRESSION computes a stored column anew."""
    return replace(effect, rewrite=action.type == "AT_SetExpression")


REFINEMENTS: dict[Kind, Refinement] = {
    Kind.CREATE_TABLE: _create_table,
    Kind.CREATE_PARTITION: _create_table,
    Kind.CREATE_INDEX: _create_index,
    Kind.DROP_INDEX: _concurrently,
    Kind.REINDEX: _concurrently,
    Kind.REFRESH_MATERIALIZED_VIEW: _refresh,
    Kind.DETACH_PARTITION: _detach,
    Kind.GRANT: _grant,
    Kind.REVOKE: _grant,
    Kind.SELECT: _select,
    Kind.UPDATE: _write,
    Kind.DELETE: _write,
    Kind.SET_NOT_NULL: _set_not_null,
    Kind.ADD_NOT_NULL: _add_not_null,
    Kind.ADD_CHECK: _unless_not_valid,
    Kind.ADD_FOREIGN_KEY: _unless_not_valid,
    Kind.ADD_UNIQUE: _add_unique,
    Kind.ADD_PRIMARY_KEY: _add_primary_key,
    Kind.VALIDATE_CONSTRAINT: _validate,
    Kind.ADD_COLUMN: add_column,
    Kind.ALTER_COLUMN_TYPE: _alter_type,
    Kind.SET_TABLESPACE: _set_tablespace,
    Kind.SET_LOGGED: _set_logged,
    Kind.SET_ACCESS_METHOD: _set_access_method,
    Kind.SET_OPTIONS: _set_options,
    Kind.ALTER_OBJECT: _altered_object,
    Kind.CREATE_TABLE_AS: _create_table,
    Kind.CREATE_MATERIALIZED_VIEW: _create_table,
    Kind.SET_STATISTICS: _only_of_column,
    Kind.SET_STORAGE: _only_of_column,
    Kind.CREATE_TRIGGER: _trigger,
    Kind.DROP_TRIGGER: _trigger,
    Kind.TOGGLE_TRIGGER: _toggled,
    Kind.RENAME_OBJECT: _trigger,
    Kind.ALTER_TABLE_OTHER: _other,
}
