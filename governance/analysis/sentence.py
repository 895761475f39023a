"""One plain sentence about a change, for people who read no SQL."""

from collections.abc import Iterable, Iterator

from governance.analysis.actions import Action, Kind
from governance.analysis.classify import Category, category_of

TABLES = frozenset({Kind.CREATE_TABLE, Kind.CREATE_TABLE_AS})
VIEWS = frozenset({Kind.CREATE_VIEW, Kind.CREATE_MATERIALIZED_VIEW})
CONSTRAINTS = frozenset(
    {Kind.ADD_CHECK, Kind.ADD_NOT_NULL, Kind.ADD_FOREIGN_KEY, Kind.ADD_UNIQUE, Kind.ADD_PRIMARY_KEY, Kind.ADD_EXCLUDE, Kind.SET_NOT_NULL}
)
WRITES = frozenset({Kind.INSERT, Kind.INSERT_VALUES, Kind.UPDATE, Kind.MERGE, Kind.COPY})
DELETES = frozenset({Kind.DELETE, Kind.TRUNCATE})
REMOVES = frozenset({Kind.DROP_COLUMN, Kind.DROP_TABLE, Kind.DROP_VIEW, Kind.DROP_FUNCTION, Kind.DROP_OBJECT})
HOLDING = frozenset({Kind.DROP_COLUMN, Kind.DROP_TABLE})
NOUNS = {
    "CreateEnumStmt": "the type",
    "CreateRangeStmt": "the type",
    "CreateDomainStmt": "the type",
    "CreateSchemaStmt": "the schema",
    "CreateSeqStmt": "the sequence",
    "CreateExtensionStmt": "the extension",
}


def sentence(actions: Iterable[Action]) -> str:
    """ "Adds pricing_model to bids and the table bid_line_items; nothing is removed." """
    actions = tuple(actions)
    if not actions:
        return "Does nothing."
    parts = [part for part in _parts(actions) if part] or ["changes no table"]
    text = "; ".join([*parts, _ending(actions)])
    return f"{text[0].upper()}{text[1:]}."


def _parts(actions: tuple[Action, ...]) -> Iterator[str]:
    yield _said("adds {}", [*_columns(actions, Kind.ADD_COLUMN, "to"), *_objects(actions)])
    yield _said("renames {}", [f"{_short(a.name)} to {_short(a.new_name)}" for a in actions if a.kind in _renames()])
    yield _said("changes the type of {}", _columns(actions, Kind.ALTER_COLUMN_TYPE, "in"))
    yield _said("restricts what may be written to {}", _tables(actions, CONSTRAINTS))
    yield _said("indexes {}", _tables(actions, {Kind.CREATE_INDEX}))
    yield _said("writes rows of {}", _tables(actions, WRITES))
    yield _said("deletes rows of {}", _tables(actions, DELETES))
    yield _said("changes who may see or do what{}", _permissions(actions))
    yield _said("removes {}", [*_columns(actions, Kind.DROP_COLUMN, "from"), *_removed(actions)])
    yield _said("does something that cannot be told from its text{}", [""] if any(a.kind is Kind.OPAQUE for a in actions) else [])


def _ending(actions: tuple[Action, ...]) -> str:
    if any(action.kind in HOLDING for action in actions):
        return "what it held is lost"
    if any(action.kind in DELETES for action in actions):
        return "those rows are lost"
    if any(action.kind is Kind.OPAQUE for action in actions):
        return "whether anything is removed is not known"
    return "something is removed, but no data" if any(action.kind in REMOVES for action in actions) else "nothing is removed"


def _columns(actions: tuple[Action, ...], kind: Kind, preposition: str) -> list[str]:
    by_table: dict[str, list[str]] = {}
    for action in actions:
        if action.kind is kind:
            by_table.setdefault(_short(action.relation), []).append(action.name)
    return [f"{listed(names)} {preposition} {table}" for table, names in by_table.items()]


def _objects(actions: tuple[Action, ...]) -> list[str]:
    return [
        *(f"the table {_short(a.relation)}" for a in actions if a.kind in TABLES),
        *(f"the partition {_short(a.relation)}" for a in actions if a.kind is Kind.CREATE_PARTITION),
        *(f"the view {_short(a.relation)}" for a in actions if a.kind in VIEWS),
        *(f"the function {a.name}" for a in actions if a.kind is Kind.CREATE_FUNCTION),
        *(f"{NOUNS.get(a.type, 'the object')} {a.name}" for a in actions if a.kind is Kind.CREATE_OBJECT and a.name),
        *(f"the trigger {a.name} to {_short(a.relation)}" for a in actions if a.kind is Kind.CREATE_TRIGGER),
        *(f"the value {a.new_name} to {a.name}" for a in actions if a.kind is Kind.ADD_ENUM_VALUE),
    ]


def _removed(actions: tuple[Action, ...]) -> list[str]:
    return [
        *(f"the table {_short(a.relation)}" for a in actions if a.kind is Kind.DROP_TABLE),
        *(f"the view {_short(a.relation)}" for a in actions if a.kind is Kind.DROP_VIEW),
        *(f"{a.name}" for a in actions if a.kind in (Kind.DROP_FUNCTION, Kind.DROP_OBJECT) and a.name),
        *(f"the index {a.name}" for a in actions if a.kind is Kind.DROP_INDEX),
    ]


def _renames() -> frozenset[Kind]:
    return frozenset({Kind.RENAME_TABLE, Kind.RENAME_COLUMN, Kind.RENAME_OBJECT, Kind.SET_SCHEMA})


def _permissions(actions: tuple[Action, ...]) -> list[str]:
    found = [action for action in actions if category_of(action) is Category.PERMISSION_SECURITY]
    tables = list(dict.fromkeys(_short(action.relation) for action in found if action.relation))
    return [f" on {listed(tables)}" if tables else ""] if found else []


def _tables(actions: tuple[Action, ...], kinds: Iterable[Kind]) -> list[str]:
    return list(dict.fromkeys(_short(action.relation) for action in actions if action.kind in kinds))


def _said(form: str, names: list[str]) -> str:
    return form.format(listed(names)) if names else ""


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def listed(names: list[str]) -> str:
    """ "a", "a and b", "a, b and c" """
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
