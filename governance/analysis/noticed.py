"""What those who use a database notice of a change: its statements as steps for the compatibility matrix."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from governance.analysis.actions import Action, Kind
from governance.analysis.evolution import moved
from governance.analysis.nodes import strings
from governance.analysis.rule import Place
from governance.analysis.scene import CREATING
from governance.analysis.types import read
from governance.matrix.steps import ANYTHING, Effect, Part, Step

EFFECTS: Mapping[Effect, frozenset[Kind]] = {
    Effect.ADD: CREATING | {Kind.CREATE_VIEW, Kind.CREATE_FUNCTION, Kind.CREATE_OBJECT, Kind.ADD_COLUMN},
    Effect.TIGHTEN: frozenset(
        {
            Kind.SET_NOT_NULL,
            Kind.ADD_CHECK,
            Kind.ADD_NOT_NULL,
            Kind.ADD_FOREIGN_KEY,
            Kind.ADD_UNIQUE,
            Kind.ADD_PRIMARY_KEY,
            Kind.ADD_EXCLUDE,
        }
    ),
    Effect.ADD_VALUE: frozenset({Kind.ADD_ENUM_VALUE}),
    Effect.RENAME: frozenset({Kind.RENAME_TABLE, Kind.RENAME_COLUMN, Kind.RENAME_OBJECT, Kind.SET_SCHEMA}),
    Effect.RESTRUCTURE: frozenset({Kind.DETACH_PARTITION}),
    Effect.REMOVE: frozenset({Kind.DROP_TABLE, Kind.DROP_COLUMN, Kind.DROP_VIEW, Kind.DROP_FUNCTION, Kind.DROP_OBJECT}),
    Effect.BEHAVE: frozenset(
        {
            Kind.SET_DEFAULT,
            Kind.DROP_DEFAULT,
            Kind.DROP_NOT_NULL,
            Kind.DROP_CONSTRAINT,
            Kind.CREATE_TRIGGER,
            Kind.DROP_TRIGGER,
            Kind.TOGGLE_TRIGGER,
            Kind.CREATE_RULE,
            Kind.INHERIT,
            Kind.ALTER_TABLE_OTHER,
            Kind.ALTER_OBJECT,
            Kind.REVOKE,
            Kind.ROW_SECURITY,
            Kind.CREATE_POLICY,
            Kind.ALTER_POLICY,
            Kind.DROP_POLICY,
        }
    ),
    Effect.STORE: frozenset(
        {
            Kind.CREATE_INDEX,
            Kind.DROP_INDEX,
            Kind.REINDEX,
            Kind.VALIDATE_CONSTRAINT,
            Kind.CREATE_STATISTICS,
            Kind.SET_STATISTICS,
            Kind.SET_STORAGE,
            Kind.SET_OPTIONS,
            Kind.SET_TABLESPACE,
            Kind.SET_LOGGED,
            Kind.SET_ACCESS_METHOD,
            Kind.ATTACH_PARTITION,
            Kind.VACUUM_FULL,
        }
    ),
    Effect.OPAQUE: frozenset({Kind.OPAQUE}),
}
EFFECT_OF = {kind: effect for effect, kinds in EFFECTS.items() for kind in kinds}
INTEGERS = {"smallint": 16, "integer": 32, "bigint": 64}
WIDER = ("smallint", "integer", "bigint", "numeric")
TEXTS = frozenset({"character varying", "text"})


def noticed(places: Iterable[Place]) -> tuple[Step, ...]:
    """The steps of a change, without its number and part. What it does to objects of its own nobody notices."""
    places = tuple(places)
    served = {place.identity for place in places if place.action.kind is Kind.CREATE_VIEW}
    synced = {place.identity for place in places if place.action.kind is Kind.CREATE_TRIGGER}
    steps = [step for place in places if not place.is_new for step in _steps(place, served, synced)]
    made: set[str] = set()
    found = []
    for step in steps:
        theirs = step.objects - made
        if theirs or not step.objects:
            found.append(replace(step, objects=theirs))
        made |= step.created
    return tuple(found)


def _steps(place: Place, served: set[str], synced: set[str]) -> Iterable[Step]:
    effect, action, table = effect_of(place), place.action, place.identity
    if effect is None:
        return
    objects = _objects(place, effect)
    kept = effect is Effect.RENAME and bool(objects & served)
    yield Step(
        "",
        effect,
        Part.EXPAND if kept else Part.CONTRACT,
        objects,
        _created(place),
        in_sync=kept or table in synced,
        viewed=table in served,
        eased=bool(action.constraint and action.constraint.not_valid),
        bits=INTEGERS.get(read(action.type).name, 0) if effect is Effect.WIDEN else 0,
    )


def effect_of(place: Place) -> Effect | None:
    """None: nothing that a client could notice."""
    action = place.action
    match action.kind:
        case Kind.ADD_COLUMN if action.column and action.column.is_required:
            return Effect.TIGHTEN
        case Kind.CREATE_INDEX if action.type == "unique":
            return Effect.TIGHTEN
        case Kind.ALTER_COLUMN_TYPE:
            old = place.scene.column_type(place.table, action.name)
            return Effect.WIDEN if old and widens(old, action.type) and not action.using else Effect.NARROW
        case Kind.CREATE_VIEW | Kind.CREATE_FUNCTION if action.conditional and not _is_made_anew(place):
            return Effect.BEHAVE
    return EFFECT_OF.get(action.kind)


def _is_made_anew(place: Place) -> bool:
    """A view in the place of a table that the same change renamed is new."""
    return place.action.kind is Kind.CREATE_VIEW and place.facts is None


def widens(old: str, new: str) -> bool:
    """Whether every value of the old type is the same value of the new one."""
    was, becomes = read(old), read(new)
    if was.array != becomes.array:
        return False
    if {was.name, becomes.name} <= TEXTS:
        return not becomes.modifiers or (bool(was.modifiers) and was.modifiers <= becomes.modifiers)
    if was.name in WIDER and becomes.name in WIDER and was.name != becomes.name:
        return WIDER.index(was.name) < WIDER.index(becomes.name) and not becomes.modifiers
    if was.name == becomes.name == "numeric":
        return not becomes.modifiers or _holds_more(was.modifiers, becomes.modifiers)
    return (was.name, becomes.name) == ("real", "double precision")


def _holds_more(was: tuple[int, ...], becomes: tuple[int, ...]) -> bool:
    """Of numeric: as many digits after the point, and before it."""
    if len(was) != 2 or len(becomes) != 2:
        return False
    return becomes[1] >= was[1] and becomes[0] - becomes[1] >= was[0] - was[1]


def _objects(place: Place, effect: Effect) -> frozenset[str]:
    action, table = place.action, place.identity
    if effect is Effect.ADD and action.kind is not Kind.ADD_COLUMN:
        return frozenset()
    if action.kind is Kind.ADD_ENUM_VALUE:
        return _columns_of_type(place)
    columns = _columns(action) or _checked(place)
    if table and columns:
        return frozenset(f"{table}.{column}" for column in columns)
    return frozenset({table or place.scene.identity(action.name) or ANYTHING})


BY_COLUMN: Mapping[Kind, Callable[[Action], tuple[str, ...]]] = {
    **{
        kind: lambda action: (action.name,)
        for kind in (
            Kind.DROP_COLUMN,
            Kind.RENAME_COLUMN,
            Kind.ALTER_COLUMN_TYPE,
            Kind.SET_NOT_NULL,
            Kind.DROP_NOT_NULL,
            Kind.SET_DEFAULT,
            Kind.DROP_DEFAULT,
        )
    },
    **{
        kind: lambda action: action.constraint.columns if action.constraint else ()
        for kind in (Kind.ADD_UNIQUE, Kind.ADD_FOREIGN_KEY, Kind.ADD_EXCLUDE, Kind.ADD_NOT_NULL, Kind.ADD_PRIMARY_KEY)
    },
}


def _columns(action: Action) -> tuple[str, ...]:
    """Of its table; none: the whole table."""
    return BY_COLUMN[action.kind](action) if action.kind in BY_COLUMN else ()


def _checked(place: Place) -> tuple[str, ...]:
    """The columns that a CHECK speaks of."""
    if place.action.kind is not Kind.ADD_CHECK:
        return ()
    return tuple(
        dict.fromkeys(strings(node.fields)[-1] for node in place.node.walk() if node.node_type == "ColumnRef" and strings(node.fields))
    )


def _columns_of_type(place: Place) -> frozenset[str]:
    """The columns whose type gets a value. Without facts about the tables it could be any."""
    wanted = place.action.name.rpartition(".")[2]
    tables = place.scene.catalogue.tables.items()
    found = {
        f"{identity}.{column.name}"
        for identity, table in tables
        for column in table.columns
        if read(column.type).name.rpartition(".")[2].strip('"') == wanted
    }
    return frozenset(found or {ANYTHING})


def _created(place: Place) -> frozenset[str]:
    action, table = place.action, place.identity
    match action.kind:
        case Kind.ADD_COLUMN if not action.conditional:
            return frozenset({f"{table}.{action.name}"})
        case kind if kind in CREATING | {Kind.CREATE_VIEW} and not action.conditional and place.facts is None:
            return frozenset({table})
        case Kind.RENAME_COLUMN:
            return frozenset({f"{table}.{action.new_name}"})
        case Kind.RENAME_TABLE:
            return frozenset({moved(table, action.new_name)})
    return frozenset()
