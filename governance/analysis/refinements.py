"""The families whose locks, scans and rewrites depend on the statement's details or on the target's facts."""

from collections.abc import Callable
from dataclasses import replace

from governance.analysis.actions import Action, Column, Kind, Volatility
from governance.analysis.effects import AX, RS, SUX, Effect, LockMode, X
from governance.analysis.scene import Scene, columns_of, mentions
from governance.analysis.types import rewrites
from governance.facts import TableFacts

PROVEN_NOT_NULL_SINCE = 120000
GRANT_LOCKS_SINCE = 180000


def _partners_of_table(_action: Action, table: TableFacts, _scene: Scene) -> tuple[str, ...]:
    return tuple(found.references for found in table.constraints if found.kind == "f")


def _partners_of_table_cascading(action: Action, table: TableFacts, scene: Scene) -> tuple[str, ...]:
    return (*_partners_of_table(action, table, scene), *(table.referenced_by if action.cascade else ()))


def _referencing(action: Action, table: TableFacts, _scene: Scene) -> tuple[str, ...]:
    return table.referenced_by if action.cascade else ()


def _truncated_along(action: Action, table: TableFacts, scene: Scene) -> tuple[str, ...]:
    """TRUNCATE … CASCADE empties what references the table, and what references that."""
    found: dict[str, None] = {}
    waiting = list(table.referenced_by) if action.cascade else []
    while waiting:
        name = waiting.pop()
        facts = scene.table(name)
        if name not in found and facts:
            waiting.extend(facts.referenced_by)
        found[name] = None
    return tuple(found)


def _partners_of_column(action: Action, table: TableFacts, _scene: Scene) -> tuple[str, ...]:
    """The other side of foreign keys from the column and, when it is in a key, of those to it."""
    towards = tuple(found.references for found in table.constraints if found.kind == "f" and action.name in columns_of(found))
    in_key = any(found.kind in "pu" and action.name in columns_of(found) for found in table.constraints)
    return (*towards, *(table.referenced_by if in_key and _touches_referencing(action) else ()))


def _touches_referencing(action: Action) -> bool:
    return action.kind is Kind.ALTER_COLUMN_TYPE or action.cascade


def _partners_of_constraint(action: Action, table: TableFacts, scene: Scene) -> tuple[str, ...]:
    found = next((found for found in table.constraints if found.name == action.name), None)
    if found is None:
        return ()
    return (found.references,) if found.kind == "f" else _referencing(action, table, scene)


PARTNERS: dict[Kind, Callable[[Action, TableFacts, Scene], tuple[str, ...]]] = {
    Kind.DROP_TABLE: _partners_of_table_cascading,
    Kind.DROP_COLUMN: _partners_of_column,
    Kind.ALTER_COLUMN_TYPE: _partners_of_column,
    Kind.DROP_CONSTRAINT: _partners_of_constraint,
    Kind.VALIDATE_CONSTRAINT: _partners_of_constraint,
    Kind.TRUNCATE: _truncated_along,
}


def _concurrently(mode: LockMode) -> Callable[[Action, Scene, Effect], Effect]:
    def refine(action: Action, _scene: Scene, effect: Effect) -> Effect:
        return replace(effect, mode=mode) if action.concurrently else effect

    return refine


def _create_table(action: Action, scene: Scene, effect: Effect) -> Effect:
    exists = action.conditional and scene.table(action.relation) is not None
    return Effect(None) if exists else effect


def _refresh(action: Action, _scene: Scene, effect: Effect) -> Effect:
    return Effect(X, scan=True) if action.concurrently else effect


def _detach(action: Action, _scene: Scene, effect: Effect) -> Effect:
    return Effect(SUX, AX) if action.concurrently else effect


def _grant(action: Action, scene: Scene, effect: Effect) -> Effect:
    """GRANT has locked the table only since PostgreSQL 18."""
    facts = scene.catalogue.facts
    return effect if facts is None or facts.server_version >= GRANT_LOCKS_SINCE else Effect(None)


def _select(action: Action, _scene: Scene, effect: Effect) -> Effect:
    return replace(effect, others=RS) if action.type == "for update" else effect


def _write(action: Action, _scene: Scene, effect: Effect) -> Effect:
    return replace(effect, scan=action.everything)


def _set_not_null(action: Action, scene: Scene, effect: Effect) -> Effect:
    """A valid CHECK (column IS NOT NULL) has spared the scan since PostgreSQL 12."""
    facts = scene.catalogue.facts
    old = facts is not None and facts.server_version < PROVEN_NOT_NULL_SINCE
    return effect if old or not scene.is_not_null(action.relation, action.name) else replace(effect, scan=False)


def _add_not_null(action: Action, scene: Scene, effect: Effect) -> Effect:
    if action.constraint is None or action.constraint.not_valid:
        return replace(effect, scan=False)
    return _set_not_null(replace(action, name=next(iter(action.constraint.columns), "")), scene, effect)


def _unless_not_valid(action: Action, scene: Scene, effect: Effect) -> Effect:
    """NOT VALID leaves existing rows alone; a table that the change has made is empty, or as good as empty."""
    not_valid = action.constraint is not None and action.constraint.not_valid
    return replace(effect, scan=False, others_scan=False) if not_valid or scene.is_new(action.relation) else effect


def _unless_index_is_there(action: Action, scene: Scene, effect: Effect) -> Effect:
    if action.constraint is None or not action.constraint.using_index:
        return effect
    # PRIMARY KEY USING INDEX makes its columns NOT NULL; whether that takes a scan depends on columns which the index knows
    return replace(effect, scan=action.kind is Kind.ADD_PRIMARY_KEY)


def _validate(action: Action, scene: Scene, effect: Effect) -> Effect:
    table = scene.table(action.relation)
    valid = table is not None and any(found.validated for found in table.constraints if found.name == action.name)
    return replace(effect, scan=False, others_scan=False) if valid else effect


def _add_column(action: Action, _scene: Scene, effect: Effect) -> Effect:
    column = action.column
    if column is None:
        return effect
    has_value = column.default is not Volatility.NONE
    kinds = {found.kind for found in column.constraints}
    return replace(
        effect,
        rewrite=is_filled_row_by_row(column),
        scan=bool(kinds & {Kind.ADD_CHECK, Kind.ADD_UNIQUE, Kind.ADD_PRIMARY_KEY}) or (has_value and Kind.ADD_FOREIGN_KEY in kinds),
        others_scan=has_value and Kind.ADD_FOREIGN_KEY in kinds,
    )


def is_filled_row_by_row(column: Column) -> bool:
    """Whether PostgreSQL has to compute a value for each existing row of a table that gets this column."""
    return column.identity or column.generated == "stored" or column.default in (Volatility.VOLATILE, Volatility.UNKNOWN)


def _alter_type(action: Action, scene: Scene, effect: Effect) -> Effect:
    """A type that only widens is metadata; the CHECKs that speak of the column are nevertheless verified again."""
    old = scene.column_type(action.relation, action.name)
    if old is None or action.using or rewrites(old, action.type):
        return effect
    table = scene.table(action.relation)
    checked = table is not None and any(mentions(found, action.name) for found in table.constraints)
    return replace(effect, rewrite=False, others_scan=False, scan=checked)


REFINEMENTS: dict[Kind, Callable[[Action, Scene, Effect], Effect]] = {
    Kind.CREATE_TABLE: _create_table,
    Kind.CREATE_INDEX: _concurrently(SUX),
    Kind.DROP_INDEX: _concurrently(SUX),
    Kind.REINDEX: _concurrently(SUX),
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
    Kind.ADD_UNIQUE: _unless_index_is_there,
    Kind.ADD_PRIMARY_KEY: _unless_index_is_there,
    Kind.VALIDATE_CONSTRAINT: _validate,
    Kind.ADD_COLUMN: _add_column,
    Kind.ALTER_COLUMN_TYPE: _alter_type,
}
