"""What undoes an action: which action of a rollback script, and the SQL that would."""

from collections.abc import Callable, Iterable
from itertools import chain

from governance.analysis.actions import Action, Kind
from governance.analysis.rule import Place, safe
from governance.analysis.scene import Scene
from governance.analysis.statements import quoted

ADDED_CONSTRAINTS = (Kind.ADD_CHECK, Kind.ADD_FOREIGN_KEY, Kind.ADD_UNIQUE, Kind.ADD_PRIMARY_KEY, Kind.ADD_EXCLUDE, Kind.ADD_NOT_NULL)
TABLES = (Kind.CREATE_TABLE, Kind.CREATE_TABLE_AS, Kind.CREATE_PARTITION)
VIEWS = (Kind.CREATE_VIEW, Kind.CREATE_MATERIALIZED_VIEW)
# Which kinds can undo a kind, apart from dropping what it belongs to.
UNDOING: dict[Kind, tuple[Kind, ...]] = {
    **dict.fromkeys(TABLES, (Kind.DROP_TABLE, Kind.RENAME_TABLE)),
    **dict.fromkeys(VIEWS, (Kind.DROP_VIEW, Kind.CREATE_VIEW, Kind.DROP_TABLE)),
    **dict.fromkeys(ADDED_CONSTRAINTS, (Kind.DROP_CONSTRAINT, Kind.DROP_COLUMN)),
    Kind.ADD_COLUMN: (Kind.DROP_COLUMN,),
    Kind.DROP_COLUMN: (Kind.ADD_COLUMN,),
    Kind.RENAME_COLUMN: (Kind.RENAME_COLUMN,),
    Kind.ALTER_COLUMN_TYPE: (Kind.ALTER_COLUMN_TYPE, Kind.DROP_COLUMN),
    Kind.SET_NOT_NULL: (Kind.DROP_NOT_NULL, Kind.DROP_COLUMN),
    Kind.DROP_NOT_NULL: (Kind.SET_NOT_NULL, Kind.ADD_NOT_NULL),
    Kind.SET_DEFAULT: (Kind.SET_DEFAULT, Kind.DROP_DEFAULT, Kind.DROP_COLUMN),
    Kind.DROP_DEFAULT: (Kind.SET_DEFAULT, Kind.DROP_COLUMN),
    Kind.DROP_CONSTRAINT: ADDED_CONSTRAINTS,
    Kind.RENAME_CONSTRAINT: (Kind.RENAME_CONSTRAINT,),
    Kind.RENAME_TABLE: (Kind.RENAME_TABLE,),
    Kind.SET_SCHEMA: (Kind.SET_SCHEMA,),
    Kind.DROP_TABLE: TABLES,
    Kind.DROP_VIEW: VIEWS,
    Kind.CREATE_INDEX: (Kind.DROP_INDEX, Kind.DROP_CONSTRAINT),
    Kind.DROP_INDEX: (Kind.CREATE_INDEX, *ADDED_CONSTRAINTS),
    Kind.RENAME_INDEX: (Kind.RENAME_INDEX,),
    Kind.CREATE_TRIGGER: (Kind.DROP_TRIGGER, Kind.CREATE_TRIGGER),
    Kind.DROP_TRIGGER: (Kind.CREATE_TRIGGER, Kind.CREATE_RULE),
    Kind.CREATE_FUNCTION: (Kind.DROP_FUNCTION, Kind.CREATE_FUNCTION),
    Kind.DROP_FUNCTION: (Kind.CREATE_FUNCTION,),
    Kind.CREATE_POLICY: (Kind.DROP_POLICY,),
    Kind.DROP_POLICY: (Kind.CREATE_POLICY,),
    Kind.ROW_SECURITY: (Kind.ROW_SECURITY,),
    Kind.ATTACH_PARTITION: (Kind.DETACH_PARTITION,),
    Kind.DETACH_PARTITION: (Kind.ATTACH_PARTITION,),
    Kind.GRANT: (Kind.REVOKE,),
    Kind.REVOKE: (Kind.GRANT,),
}
REMOVALS = frozenset({Kind.DROP_TABLE, Kind.DROP_VIEW, Kind.DROP_OBJECT})
BY_NAME = frozenset(
    {Kind.CREATE_INDEX, Kind.CREATE_TRIGGER, Kind.DROP_TRIGGER, Kind.CREATE_POLICY, Kind.DROP_POLICY, Kind.CREATE_FUNCTION}
    | {
        Kind.ADD_COLUMN,
        Kind.DROP_COLUMN,
        Kind.ALTER_COLUMN_TYPE,
        Kind.SET_NOT_NULL,
        Kind.DROP_NOT_NULL,
        Kind.SET_DEFAULT,
        Kind.DROP_DEFAULT,
    }
)
RENAMES = frozenset({Kind.RENAME_COLUMN, Kind.RENAME_TABLE, Kind.RENAME_CONSTRAINT, Kind.RENAME_INDEX})
OPPOSITE_TEMPLATES: dict[Kind, str] = {
    **dict.fromkeys(TABLES, "DROP TABLE {table};"),
    Kind.CREATE_VIEW: "DROP VIEW {table};",
    Kind.CREATE_MATERIALIZED_VIEW: "DROP MATERIALIZED VIEW {table};",
    Kind.ADD_COLUMN: "ALTER TABLE {table} DROP COLUMN {name};",
    Kind.SET_NOT_NULL: "ALTER TABLE {table} ALTER COLUMN {name} DROP NOT NULL;",
    Kind.DROP_NOT_NULL: "ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL;",
    Kind.RENAME_COLUMN: "ALTER TABLE {table} RENAME COLUMN {new_name} TO {name};",
    Kind.RENAME_CONSTRAINT: "ALTER TABLE {table} RENAME CONSTRAINT {new_name} TO {name};",
    Kind.RENAME_TABLE: "ALTER TABLE {new_name} RENAME TO {name};",
    Kind.RENAME_INDEX: "ALTER INDEX {new_name} RENAME TO {name};",
    Kind.CREATE_TRIGGER: "DROP TRIGGER {name} ON {table};",
    Kind.CREATE_FUNCTION: "DROP FUNCTION {name};",
    Kind.CREATE_POLICY: "DROP POLICY {name} ON {table};",
    **dict.fromkeys(ADDED_CONSTRAINTS, "ALTER TABLE {table} DROP CONSTRAINT {name};"),
}


class Trail:
    """Actions in their order, found by what they name."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self._by_name: dict[str, list[tuple[int, Action]]] = {}
        self._removals: dict[str, list[tuple[int, Action]]] = {}
        for number, action in enumerate(actions):
            for name in {_last(action.name), _last(action.new_name)} if action.name else {_last(action.relation)}:
                self._by_name.setdefault(name, []).append((number, action))
            if action.kind in REMOVALS:
                self._removals.setdefault(_last(action.relation or action.name), []).append((number, action))

    def undoes(self, done: Action, scene: Scene, since: int = -1) -> bool:
        """Whether one of them, behind a number of actions, takes back what was done."""
        columns = done.constraint.columns if done.constraint else ()
        wanted = (_last(done.name or done.relation), _last(done.relation), *columns)
        schema = scene.identity(done.relation or done.name).partition(".")[0]
        found = [*chain.from_iterable(self._by_name.get(name, ()) for name in dict.fromkeys(wanted))]
        found += [*self._removals.get(_last(done.relation), ()), *self._removals.get(schema, ())]
        return any(number > since and undoes(back, done, scene) for number, back in found)


def undoes(back: Action, done: Action, scene: Scene) -> bool:
    """Whether a later action takes back what was done, or drops what it belonged to."""
    if _takes_all(back, done, scene):
        return True
    if back.kind not in UNDOING.get(done.kind, ()):
        return False
    if done.kind in RENAMES:
        return _last(back.new_name) == _last(done.name or done.relation)
    if done.kind is Kind.CREATE_INDEX and not done.name:
        return True
    if done.kind in ADDED_CONSTRAINTS:
        return _undoes_constraint(back, done, scene)
    if done.kind in BY_NAME and _last(back.name) != _last(done.name):
        return False
    if done.kind in (Kind.DROP_INDEX, Kind.DROP_CONSTRAINT, Kind.DROP_FUNCTION, Kind.CREATE_FUNCTION):
        return not done.name or not back.name or _last(back.name) == _last(done.name)
    return done.kind is Kind.CREATE_INDEX or scene.identity(back.relation) == scene.identity(done.relation)


def _undoes_constraint(back: Action, done: Action, scene: Scene) -> bool:
    if scene.identity(back.relation) != scene.identity(done.relation):
        return False
    if back.kind is Kind.DROP_COLUMN:
        return done.constraint is not None and back.name in done.constraint.columns
    return not done.name or back.name == done.name


def _takes_all(back: Action, done: Action, scene: Scene) -> bool:
    """DROP TABLE, DROP SCHEMA and their kin undo whatever was done inside."""
    owner = done.relation if done.kind is not Kind.CREATE_FUNCTION else done.name
    if back.kind in (Kind.DROP_TABLE, Kind.DROP_VIEW):
        return bool(done.relation) and scene.identity(back.relation) == scene.identity(done.relation)
    schema = scene.identity(owner or done.name).partition(".")[0]
    return back.kind is Kind.DROP_OBJECT and back.type == "OBJECT_SCHEMA" and back.name == schema


def inverse_of(place: Place) -> str:
    """SQL, with a comment where only a person knows the rest; "" where there is nothing to undo."""
    action = place.action
    if action.conditional and action.kind not in (Kind.CREATE_VIEW, Kind.CREATE_FUNCTION):
        return ""  # it may have done nothing
    if action.kind in SPECIAL:
        return SPECIAL[action.kind](place)
    template = OPPOSITE_TEMPLATES.get(action.kind, "")
    if action.kind in ADDED_CONSTRAINTS and not action.name:
        return f"ALTER TABLE {quoted(action.relation)} DROP CONSTRAINT …;  -- the name that PostgreSQL gave it"
    return safe(template, table=action.relation, name=action.name, new_name=action.new_name) if template else ""


def _create_index(place: Place) -> str:
    name = place.action.name or f"{_last(place.table)}_…_idx"
    return f"DROP INDEX{' CONCURRENTLY' if place.action.concurrently else ''} {quoted(name) if place.action.name else name};"


def _drop_column(place: Place) -> str:
    kind = place.scene.column_type(place.table, place.action.name) or "…"
    return safe(f"ALTER TABLE {{table}} ADD COLUMN {{name}} {kind};  -- its values are gone", table=place.table, name=place.action.name)


def _alter_type(place: Place) -> str:
    kind = place.scene.column_type(place.table, place.action.name) or "…"
    return safe(f"ALTER TABLE {{table}} ALTER COLUMN {{name}} TYPE {kind};", table=place.table, name=place.action.name)


def _drop_constraint(place: Place) -> str:
    table = place.facts
    found = next((each.definition for each in table.constraints if each.name == place.action.name), "…") if table else "…"
    return safe(f"ALTER TABLE {{table}} ADD CONSTRAINT {{name}} {found};", table=place.table, name=place.action.name)


def _drop_index(place: Place) -> str:
    owner = place.scene.table(place.scene.catalogue.owner_of_index(place.action.name))
    found = next((each.definition for each in owner.indexes if each.name == _last(place.action.name)), "") if owner else ""
    return f"{found or f'CREATE INDEX {quoted(place.action.name)} ON …'};"


def _default(place: Place) -> str:
    table = place.facts
    old = next((each.default for each in table.columns if each.name == place.action.name), "") if table else ""
    change = f"SET DEFAULT {old}" if old else ("DROP DEFAULT" if place.action.kind is Kind.SET_DEFAULT else "SET DEFAULT …")
    return safe(f"ALTER TABLE {{table}} ALTER COLUMN {{name}} {change};", table=place.table, name=place.action.name)


def _again(what: str) -> Callable[[Place], str]:
    return lambda place: f"CREATE {what} {quoted(place.action.name or place.table)} …;  -- as it was"


def _row_security(place: Place) -> str:
    return f"ALTER TABLE {quoted(place.table)} {'DISABLE' if place.action.enabled else 'ENABLE'} ROW LEVEL SECURITY;"


def _partition(word: str) -> Callable[[Place], str]:
    return lambda place: (
        f"ALTER TABLE {quoted(place.table)} {word} PARTITION {quoted(place.action.others[0])}{' …' if word == 'ATTACH' else ''};"
    )


def _permission(place: Place) -> str:
    if place.action.kind is Kind.GRANT:
        return f"REVOKE … ON {quoted(place.table)} FROM {', '.join(place.action.grantees)};" if place.table else ""
    return f"GRANT … ON {quoted(place.table)} TO {', '.join(place.action.grantees)};" if place.table else ""


def _set_schema(place: Place) -> str:
    schema = place.identity.partition(".")[0]
    return safe("ALTER TABLE {new} SET SCHEMA {old};", new=place.action.new_name, old=schema)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


SPECIAL: dict[Kind, Callable[[Place], str]] = {
    Kind.CREATE_INDEX: _create_index,
    Kind.DROP_COLUMN: _drop_column,
    Kind.ALTER_COLUMN_TYPE: _alter_type,
    Kind.DROP_CONSTRAINT: _drop_constraint,
    Kind.DROP_INDEX: _drop_index,
    Kind.SET_DEFAULT: _default,
    Kind.DROP_DEFAULT: _default,
    Kind.DROP_TABLE: _again("TABLE"),
    Kind.DROP_VIEW: _again("VIEW"),
    Kind.DROP_FUNCTION: _again("FUNCTION"),
    Kind.DROP_TRIGGER: _again("TRIGGER"),
    Kind.DROP_POLICY: _again("POLICY"),
    Kind.ROW_SECURITY: _row_security,
    Kind.ATTACH_PARTITION: _partition("DETACH"),
    Kind.DETACH_PARTITION: _partition("ATTACH"),
    Kind.GRANT: _permission,
    Kind.REVOKE: _permission,
    Kind.SET_SCHEMA: _set_schema,
}
