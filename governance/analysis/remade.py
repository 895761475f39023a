"""Facts of one table once an action has changed it."""

import re
from collections.abc import Callable, Container, Iterable, Iterator

from governance.analysis.actions import Action, Column, Constraint, Kind
from governance.facts import ColumnFacts, ConstraintFacts, DependantFacts, IndexFacts, TableFacts, UseFacts
from governance.values import replace

Edit = Callable[[TableFacts, Action], TableFacts]
# pg_constraint.contype, and how PostgreSQL ends the name of one that nobody named
CONSTRAINTS = {
    Kind.ADD_CHECK: ("c", "check"),
    Kind.ADD_FOREIGN_KEY: ("f", "fkey"),
    Kind.ADD_PRIMARY_KEY: ("p", "pkey"),
    Kind.ADD_UNIQUE: ("u", "key"),
    Kind.ADD_EXCLUDE: ("x", "excl"),
    Kind.ADD_NOT_NULL: ("n", "not_null"),
}
PARTS = {Kind.CREATE_TRIGGER: "trigger", Kind.CREATE_RULE: "rule", Kind.CREATE_POLICY: "policy"}
MOST_COLUMNS = 1600  # https://www.postgresql.org/docs/current/limits.html
INDEXED, NOT_NULL = frozenset({"p", "u", "x"}), frozenset({"p", "n"})


class _Added(ConstraintFacts):
    """A CHECK that a script adds, whose definition becomes text when somebody asks for it."""

    __slots__ = ("_check",)

    @property
    def definition(self) -> str:
        return str(self._check)

    @definition.setter
    def definition(self, check: object) -> None:
        self._check = check


def made(table: TableFacts, action: Action, parents: tuple[TableFacts, ...]) -> TableFacts:
    """A table that an action creates; partitions and children have what their parents have."""
    is_partition = action.kind is Kind.CREATE_PARTITION
    inherited = tuple(dict.fromkeys(column for parent in parents for column in parent.columns))
    keys = (found for parent in parents for found in parent.constraints if found.kind in "cf") if is_partition else ()
    known = {found.name for found in inherited}
    table = replace(
        table,
        kind="p" if action.partitioned else "r",
        parents=tuple(parent.identity for parent in parents),
        bound="FOR VALUES …" if is_partition else "",
        columns=(*inherited, *[_column_facts(column) for column in action.made[:MOST_COLUMNS] if column.name not in known]),
        constraints=tuple(replace(found, inherited=True) for found in keys),
        partial=action.kind is Kind.CREATE_TABLE_AS or bool(action.read),
    )
    return _with_constraints(table, [*(constraint for column in action.made for constraint in column.constraints), *action.constraints])


def _column_facts(column: Column) -> ColumnFacts:
    generated = {"stored": "s", "virtual": "v"}.get(column.generated, "")
    return ColumnFacts(column.name, column.type, column.not_null, "", "a" if column.identity else "", generated)


def _with_constraints(table: TableFacts, added: Iterable[Constraint]) -> TableFacts:
    """All that comes with them: columns that may not be NULL, indexes."""
    constraints, columns, indexes = list(table.constraints), table.columns, list(table.indexes)
    for constraint in added:
        index = next((found for found in indexes if found.name == constraint.using_index), None) if constraint.using_index else None
        fact = _constraint_facts(constraint, index, table.name, {found.name for found in constraints})
        if fact is None:
            continue
        constraints.append(fact)
        if fact.kind in NOT_NULL and not constraint.not_valid:
            columns = _filled(columns, fact.columns)
        if fact.kind in INDEXED:
            indexes = [found for found in indexes if found is not index]
            indexes.append(IndexFacts(fact.name, "", fact.kind != "x", True, 0, fact.columns, constraint=fact.name))
    if len(constraints) == len(table.constraints):
        return table
    return replace(table, constraints=tuple(constraints), columns=columns, indexes=tuple(indexes))


def _constraint_facts(constraint: Constraint, index: IndexFacts | None, table: str, taken: Container[str]) -> ConstraintFacts | None:
    """None: there is one of this name."""
    columns = index.columns if index else constraint.columns
    name = constraint.name or constraint.using_index or _default_name(table, constraint, taken)
    if name in taken:
        return None
    return (_Added if constraint.check else ConstraintFacts)(
        name,
        CONSTRAINTS[constraint.kind][0],
        constraint.check or "",  # type: ignore[arg-type]
        not constraint.not_valid and constraint.enforced,
        constraint.references,
        columns,
        constraint.referenced,
        constraint.on_delete,
        on_update=constraint.on_update,
    )


def _filled(columns: tuple[ColumnFacts, ...], names: Container[str]) -> tuple[ColumnFacts, ...]:
    return tuple(replace(each, not_null=True) if each.name in names and not each.not_null else each for each in columns)


def _default_name(table: str, constraint: Constraint, taken: Container[str]) -> str:
    _, ending = CONSTRAINTS[constraint.kind]
    columns = () if constraint.kind is Kind.ADD_PRIMARY_KEY or (len(constraint.columns) > 1 and ending == "check") else constraint.columns
    stem = "_".join((table, *columns, ending))
    return next(name for name in _numbered(stem) if name not in taken)


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 1
    while True:
        yield f"{stem}{number}"
        number += 1


def _add_column(table: TableFacts, action: Action) -> TableFacts:
    column = action.column
    if column is None or len(table.columns) >= MOST_COLUMNS or any(found.name == column.name for found in table.columns):
        return table
    return _with_constraints(replace(table, columns=(*table.columns, _column_facts(column))), column.constraints)


def _drop_column(table: TableFacts, action: Action) -> TableFacts:
    if all(found.name != action.name for found in table.columns):
        return table
    return replace(
        table,
        columns=tuple(found for found in table.columns if found.name != action.name),
        constraints=tuple(found for found in table.constraints if action.name not in found.columns),
        indexes=tuple(found for found in table.indexes if action.name not in found.columns),
        dependants=tuple(found for found in table.dependants if not action.cascade or action.name not in found.columns),
    )


def _of_column(change: Callable[[ColumnFacts, Action], ColumnFacts]) -> Edit:
    def edit(table: TableFacts, action: Action) -> TableFacts:
        if all(found.name != action.name for found in table.columns):
            return table
        changed = (change(found, action) if found.name == action.name else found for found in table.columns)
        return replace(table, columns=tuple(changed))

    return edit


def _rename_column(table: TableFacts, action: Action) -> TableFacts:
    old, new = action.name, action.new_name
    if table.partial and not (table.columns or table.constraints or table.indexes or table.dependants):
        return table
    word = re.compile(rf'(?<![\w"]){re.escape(old)}(?![\w"])')

    def renamed(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if column == old else column for column in columns)

    return replace(
        table,
        columns=tuple(replace(found, name=new) if found.name == old else found for found in table.columns),
        indexes=tuple(replace(found, columns=renamed(found.columns)) for found in table.indexes),
        dependants=tuple(replace(found, columns=renamed(found.columns)) for found in table.dependants),
        constraints=tuple(
            replace(found, columns=renamed(found.columns), definition=word.sub(lambda _: new, found.definition))
            for found in table.constraints
        ),
    )


def _add_constraint(table: TableFacts, action: Action) -> TableFacts:
    return _with_constraints(table, (action.constraint,)) if action.constraint else table


def _validate(table: TableFacts, action: Action) -> TableFacts:
    if all(found.name != action.name for found in table.constraints):
        return table
    checked = tuple(replace(found, validated=True) if found.name == action.name else found for found in table.constraints)
    proven = {name for found in checked if found.name == action.name and found.kind == "n" for name in found.columns}
    columns = tuple(replace(each, not_null=each.not_null or each.name in proven) for each in table.columns)
    return replace(table, constraints=checked, columns=columns)


def _drop_constraint(table: TableFacts, action: Action) -> TableFacts:
    gone = next((found for found in table.constraints if found.name == action.name), None)
    if gone is None:
        return table
    return replace(
        table,
        constraints=tuple(found for found in table.constraints if found is not gone),
        indexes=tuple(found for found in table.indexes if found.constraint != gone.name),
    )


def _rename_constraint(table: TableFacts, action: Action) -> TableFacts:
    return replace(
        table,
        constraints=tuple(replace(found, name=action.new_name) if found.name == action.name else found for found in table.constraints),
        indexes=tuple(
            replace(found, name=action.new_name, constraint=action.new_name) if found.constraint == action.name else found
            for found in table.indexes
        ),
    )


def _create_index(table: TableFacts, action: Action) -> TableFacts:
    name = action.name or "_".join((table.name, *action.columns, "idx"))
    if any(found.name == name for found in table.indexes):
        return table
    index = IndexFacts(name, "", action.type == "unique", True, 0, action.columns, plain=action.plain)
    return replace(table, indexes=(*table.indexes, index))


def _create_part(table: TableFacts, action: Action) -> TableFacts:
    """A trigger, rule or policy."""
    uses = tuple(UseFacts("insert", name) for name in action.written)
    part = DependantFacts(PARTS[action.kind], action.name, table.identity, action.columns, action.function, action.events, uses=uses)
    others = tuple(found for found in table.dependants if (found.kind, found.name) != (part.kind, part.name))
    return replace(table, dependants=(*others, part))


def _drop_part(table: TableFacts, action: Action) -> TableFacts:
    kind = action.type.removeprefix("OBJECT_").lower()
    return replace(table, dependants=tuple(found for found in table.dependants if (found.kind, found.name) != (kind, action.name)))


def _toggle(table: TableFacts, action: Action) -> TableFacts:
    """One trigger, or all of them; ENABLE REPLICA lets it rest in ordinary sessions."""
    enabled = action.enabled and action.type != "AT_EnableReplicaTrig"
    changed = (
        replace(found, enabled=enabled) if found.kind == "trigger" and action.name in ("", found.name) else found
        for found in table.dependants
    )
    return replace(table, dependants=tuple(changed))


def _rename_part(table: TableFacts, action: Action) -> TableFacts:
    kind = action.type.removeprefix("OBJECT_").lower()
    if all((found.kind, found.name) != (kind, action.name) for found in table.dependants):
        return table
    renamed = (
        replace(found, name=action.new_name) if (found.kind, found.name) == (kind, action.name) else found for found in table.dependants
    )
    return replace(table, dependants=tuple(renamed))


def with_other_name(table: TableFacts, old: str, new: str) -> TableFacts:
    """With all that it says of a table which is called differently now."""

    def named(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if name == old else name for name in names)

    return replace(
        table,
        referenced_by=named(table.referenced_by),
        parents=named(table.parents),
        children=named(table.children),
        reads=named(table.reads),
        default_partition=new if table.default_partition == old else table.default_partition,
        constraints=tuple(replace(found, references=named((found.references,))[0]) for found in table.constraints),
        dependants=tuple(replace(found, name=named((found.name,))[0], on=named((found.on,))[0]) for found in table.dependants),
    )


def _row_security(table: TableFacts, action: Action) -> TableFacts:
    forced = action.type in ("AT_ForceRowSecurity", "AT_NoForceRowSecurity")
    return replace(table, row_security_forced=action.enabled) if forced else replace(table, row_security=action.enabled)


EDITS: dict[Kind, Edit] = {
    Kind.ADD_COLUMN: _add_column,
    Kind.DROP_COLUMN: _drop_column,
    Kind.RENAME_COLUMN: _rename_column,
    Kind.ALTER_COLUMN_TYPE: _of_column(lambda column, action: replace(column, type=action.type)),
    Kind.SET_NOT_NULL: _of_column(lambda column, _: replace(column, not_null=True)),
    Kind.DROP_NOT_NULL: _of_column(lambda column, _: replace(column, not_null=False)),
    Kind.DROP_DEFAULT: _of_column(lambda column, _: replace(column, default="")),
    **dict.fromkeys(CONSTRAINTS, _add_constraint),
    Kind.VALIDATE_CONSTRAINT: _validate,
    Kind.DROP_CONSTRAINT: _drop_constraint,
    Kind.RENAME_CONSTRAINT: _rename_constraint,
    Kind.CREATE_INDEX: _create_index,
    **dict.fromkeys(PARTS, _create_part),
    Kind.DROP_TRIGGER: _drop_part,
    Kind.DROP_POLICY: _drop_part,
    Kind.RENAME_OBJECT: _rename_part,
    Kind.TOGGLE_TRIGGER: _toggle,
    Kind.ROW_SECURITY: _row_security,
    Kind.SET_TABLESPACE: lambda table, action: replace(table, tablespace=action.name),
    Kind.SET_ACCESS_METHOD: lambda table, action: replace(table, access_method=action.name),
    Kind.SET_LOGGED: lambda table, action: replace(table, persistence="p" if action.type == "AT_SetLogged" else "u"),
}
