"""What a target is like once an action has been done: a script is judged by what its earlier statements have left, a rollback by what
the whole change has left."""

from collections.abc import Callable, Container
from typing import Literal

from governance.analysis.actions import Action, Kind
from governance.analysis.catalogue import TEMPORARY, Catalogue, foreign_keys
from governance.analysis.effects import EFFECTS, Reach
from governance.analysis.remade import EDITS, Edit, made, with_other_name
from governance.analysis.routines import doing
from governance.facts import ConstraintFacts, DependantFacts, DomainFacts, FunctionFacts, IndexFacts, SequenceFacts, TableFacts
from governance.values import replace

Step = Callable[[Catalogue, Action], Catalogue]
Link = Literal["referenced_by", "children", "parents"]


def evolved(catalogue: Catalogue, action: Action) -> Catalogue:
    """What is there already stays as it is: facts may have been taken when the change was under way."""
    step, edit = STEPS.get(action.kind), EDITS.get(action.kind)
    if step:
        return step(catalogue, action)
    return _edited(catalogue, action, edit) if edit and action.relation else catalogue


def _edited(catalogue: Catalogue, action: Action, edit: Edit) -> Catalogue:
    """The table and, unless it is named with ONLY, what inherits from it."""
    name = catalogue.identity(action.relation)
    if action.function:
        action = replace(action, function=catalogue.function(action.function))
    known = catalogue.tables.get(name)
    alone = known is None or not known.children or action.relation in action.only
    for each in (name,) if alone else (name, *_below(catalogue, name, EFFECTS[action.kind].reach)):
        table = catalogue.tables.get(each) or _unknown(each)
        changed = edit(table, action)
        if changed is not table:
            if changed.constraints is not table.constraints and (action.constraint or action.column):
                changed = _resolved(catalogue, changed, table.constraints)
            catalogue = _put(catalogue, table, changed)
    return catalogue


def _resolved(catalogue: Catalogue, table: TableFacts, known: Container[ConstraintFacts] = ()) -> TableFacts:
    """With full names in foreign keys that are new, and the columns that they refer to without naming them."""
    new = [key for key in table.constraints if key.kind == "f" and not key.inherited and key not in known]
    if not new:
        return table
    return replace(table, constraints=tuple([_resolved_key(catalogue, key) if key in new else key for key in table.constraints]))


def _resolved_key(catalogue: Catalogue, key: ConstraintFacts) -> ConstraintFacts:
    name = catalogue.identity(key.references)
    other = None if key.referenced_columns else catalogue.tables.get(name)
    columns = next((found.columns for found in other.constraints if found.kind == "p"), ()) if other else key.referenced_columns
    return replace(key, references=name, referenced_columns=columns)


def _below(catalogue: Catalogue, name: str, reach: Reach) -> tuple[str, ...]:
    return catalogue.descendants(name) if reach is Reach.ALL else catalogue.partitions(name)


def _unknown(name: str) -> TableFacts:
    schema, _, plain = name.partition(".")
    return TableFacts(schema, plain, "r", None, 0, partial=True)


def _put(catalogue: Catalogue, before: TableFacts, after: TableFacts) -> Catalogue:
    """The table as it is afterwards, with what its keys and indexes are to others."""
    catalogue = _with(catalogue, after)
    if after.constraints is not before.constraints:
        catalogue = _referenced(catalogue, before, after)
    return catalogue if after.indexes is before.indexes else _indexed(catalogue, before, after)


def _with(catalogue: Catalogue, table: TableFacts) -> Catalogue:
    return replace(catalogue, tables=catalogue.tables.changed(table.identity, table))


def _referenced(catalogue: Catalogue, before: TableFacts, after: TableFacts) -> Catalogue:
    """The other sides of foreign keys that came or went."""
    had, has = ({catalogue.identity(key.references) for key in foreign_keys(table)} for table in (before, after))
    for name in had ^ has:
        catalogue = _linked(catalogue, name, "referenced_by", after.identity, there=name in has)
    return catalogue


def _linked(catalogue: Catalogue, name: str, field: Link, other: str, *, there: bool) -> Catalogue:
    table = catalogue.tables.get(name) or _unknown(name)
    names = tuple(each for each in getattr(table, field) if each != other) + ((other,) if there else ())
    match field:
        case "referenced_by":
            return _with(catalogue, replace(table, referenced_by=names))
        case "children":
            return _with(catalogue, replace(table, children=names))
        case "parents":
            return _with(catalogue, replace(table, parents=names))


def _indexed(catalogue: Catalogue, before: TableFacts, after: TableFacts) -> Catalogue:
    owners = catalogue.index_owners
    had, has = ({f"{table.schema}.{index.name}" for index in table.indexes} for table in (before, after))
    for name in had - has:
        owners = owners.changed(name, None)
    for name in has - had:
        owners = owners.changed(name, after.identity)
    return catalogue if owners is catalogue.index_owners else replace(catalogue, index_owners=owners)


def _create_table(catalogue: Catalogue, action: Action) -> Catalogue:
    name = catalogue.identity(action.relation)
    if name in catalogue.tables:
        return catalogue
    parents = tuple(map(catalogue.identity, action.parents or (action.others if action.kind is Kind.CREATE_PARTITION else ())))
    before = _unknown(name)
    table = _resolved(catalogue, made(before, action, tuple(found for found in map(catalogue.tables.get, parents) if found)))
    catalogue = _put(catalogue, before, table)
    if table.schema == TEMPORARY and TEMPORARY not in catalogue.search_path:
        catalogue = replace(catalogue, search_path=(TEMPORARY, *catalogue.search_path))
    for column in action.made:
        if column.identity:
            sequence = SequenceFacts(f"{table.identity}_{column.name}_seq", table.identity, column.name)
            catalogue = replace(catalogue, sequences=catalogue.sequences.changed(sequence.name, sequence))
    for parent in parents:
        catalogue = _inherited(catalogue, parent, name, action)
    return catalogue


def _inherited(catalogue: Catalogue, parent: str, child: str, action: Action) -> Catalogue:
    catalogue = _linked(catalogue, parent, "children", child, there=True)
    table = catalogue.tables.get(parent)
    is_default = table and action.bound and action.bound.default
    return _with(catalogue, replace(table, default_partition=child)) if table and is_default else catalogue


def _create_view(catalogue: Catalogue, action: Action) -> Catalogue:
    name, reads = catalogue.identity(action.relation), tuple(map(catalogue.identity, action.others))
    kind = "m" if action.kind is Kind.CREATE_MATERIALIZED_VIEW else "v"
    known = catalogue.tables.get(name) or replace(_unknown(name), kind=kind)
    catalogue = _with(catalogue, replace(known, reads=reads))
    view = DependantFacts("view" if kind == "v" else "materialized view", name)
    for each in reads:
        table = catalogue.tables.get(each) or _unknown(each)
        if all(found.name != name for found in table.dependants):
            catalogue = _with(catalogue, replace(table, dependants=(*table.dependants, view)))
    return catalogue


def _drop(catalogue: Catalogue, action: Action) -> Catalogue:
    """A table or view, and with CASCADE the views on it and the foreign keys to it."""
    name = catalogue.identity(action.relation)
    table = catalogue.tables.get(name)
    if table is None:
        return catalogue
    going = (name, *catalogue.descendants(name), *(catalogue.dependent_views(name) if action.cascade else ()))
    for each in dict.fromkeys(going):
        catalogue = _without(catalogue, each)
    return catalogue


def _without(catalogue: Catalogue, name: str) -> Catalogue:
    table = catalogue.tables.get(name)
    if table is None:
        return catalogue
    gone = _unknown(name)
    catalogue = _indexed(_referenced(catalogue, table, gone), table, gone)
    for parent in table.parents:
        catalogue = _linked(catalogue, parent, "children", name, there=False)
        above = catalogue.tables.get(parent)
        if above and above.default_partition == name:
            catalogue = _with(catalogue, replace(above, default_partition=""))
    for each in table.referenced_by:
        other = catalogue.tables.get(each)
        if other:
            kept = tuple(key for key in other.constraints if key.kind != "f" or catalogue.identity(key.references) != name)
            catalogue = _with(catalogue, replace(other, constraints=kept))
    for each in table.reads:
        other = catalogue.tables.get(each)
        if other:
            catalogue = _with(catalogue, replace(other, dependants=tuple(found for found in other.dependants if found.name != name)))
    return replace(catalogue, tables=catalogue.tables.changed(name, None))


def _rename(catalogue: Catalogue, action: Action) -> Catalogue:
    """The table under its new name, for all that speak of it. Only what a script may come back to: keys, partitions, views."""
    old = catalogue.identity(action.relation)
    table, new = catalogue.tables.get(old), moved(old, action.new_name)
    if table is None or new in catalogue.tables:
        return catalogue
    schema, _, plain = new.partition(".")
    renamed = replace(table, schema=schema, name=plain)
    catalogue = replace(catalogue, tables=catalogue.tables.changed(old, None).changed(new, renamed))
    for index in table.indexes:
        owners = catalogue.index_owners.changed(f"{table.schema}.{index.name}", None).changed(f"{schema}.{index.name}", new)
        catalogue = replace(catalogue, index_owners=owners)
    for name in _concerned(catalogue, renamed):
        other = catalogue.tables.get(name)
        if other:
            catalogue = _with(catalogue, with_other_name(other, old, new))
    return _sequences_with_owner(catalogue, old, new)


def moved(old: str, new_name: str) -> str:
    """A new name is written without its schema, unless the schema is what changes."""
    return new_name if "." in new_name else f"{old.partition('.')[0]}.{new_name}"


def _concerned(catalogue: Catalogue, table: TableFacts) -> tuple[str, ...]:
    keys = (catalogue.identity(key.references) for key in foreign_keys(table))
    views = (found.name for found in table.dependants if not found.on)
    return tuple(dict.fromkeys((table.identity, *table.referenced_by, *table.children, *table.parents, *table.reads, *keys, *views)))


def _sequences_with_owner(catalogue: Catalogue, old: str, new: str) -> Catalogue:
    sequences = catalogue.sequences
    for name in catalogue.owned_sequences(old):
        found = sequences.get(name)
        sequences = sequences.changed(name, replace(found, owner=new) if found else None)
    return catalogue if sequences is catalogue.sequences else replace(catalogue, sequences=sequences)


def _attach(catalogue: Catalogue, action: Action) -> Catalogue:
    parent = catalogue.identity(action.relation)
    for child in map(catalogue.identity, action.others):
        table = catalogue.tables.get(child) or _unknown(child)
        catalogue = _with(catalogue, replace(table, parents=(*table.parents, parent), bound="FOR VALUES …"))
        catalogue = _inherited(catalogue, parent, child, action)
    return catalogue


def _detach(catalogue: Catalogue, action: Action) -> Catalogue:
    parent = catalogue.identity(action.relation)
    for child in map(catalogue.identity, action.others):
        table = catalogue.tables.get(child)
        if table:
            catalogue = _with(catalogue, replace(table, parents=tuple(each for each in table.parents if each != parent), bound=""))
        catalogue = _linked(catalogue, parent, "children", child, there=False)
        above = catalogue.tables.get(parent)
        if above and above.default_partition == child:
            catalogue = _with(catalogue, replace(above, default_partition=""))
    return catalogue


def _inherit(catalogue: Catalogue, action: Action) -> Catalogue:
    child = catalogue.identity(action.relation)
    for parent in map(catalogue.identity, action.others):
        catalogue = _linked(catalogue, parent, "children", child, there=action.enabled)
        catalogue = _linked(catalogue, child, "parents", parent, there=action.enabled)
    return catalogue


def _of_index(change: Callable[[IndexFacts, Action], IndexFacts | None]) -> Step:
    """Of an index, which only its own name tells the table of."""

    def step(catalogue: Catalogue, action: Action) -> Catalogue:
        table = catalogue.tables.get(catalogue.owner_of_index(action.name))
        if table is None:
            return catalogue
        name = action.name.rpartition(".")[2]
        indexes = tuple(change(index, action) if index.name == name else index for index in table.indexes)
        changed = replace(table, indexes=tuple(filter(None, indexes)))
        return _indexed(_with(catalogue, changed), table, changed)

    return step


def _create_function(catalogue: Catalogue, action: Action) -> Catalogue:
    name, does = catalogue.function(action.name), doing(action.does, catalogue)
    function = FunctionFacts(name, action.type or "v", does.uses, does.opaque)
    return replace(catalogue, functions=catalogue.functions.changed(name, function))


def _create_object(catalogue: Catalogue, action: Action) -> Catalogue:
    if action.type == "CreateSeqStmt":
        sequence = SequenceFacts(catalogue.sequence(action.name))
        return replace(catalogue, sequences=catalogue.sequences.changed(sequence.name, sequence))
    if action.type != "CreateDomainStmt" or action.name in catalogue.domains:
        return catalogue
    domain = DomainFacts(action.name, action.new_name, action.everything)
    return replace(catalogue, domains=catalogue.domains.changed(action.name, domain))


STEPS: dict[Kind, Step] = {
    Kind.CREATE_TABLE: _create_table,
    Kind.CREATE_TABLE_AS: _create_table,
    Kind.CREATE_PARTITION: _create_table,
    Kind.CREATE_MATERIALIZED_VIEW: _create_view,
    Kind.CREATE_VIEW: _create_view,
    Kind.DROP_TABLE: _drop,
    Kind.DROP_VIEW: _drop,
    Kind.RENAME_TABLE: _rename,
    Kind.SET_SCHEMA: _rename,
    Kind.ATTACH_PARTITION: _attach,
    Kind.DETACH_PARTITION: _detach,
    Kind.INHERIT: _inherit,
    Kind.DROP_INDEX: _of_index(lambda _index, _action: None),
    Kind.RENAME_INDEX: _of_index(lambda index, action: replace(index, name=action.new_name)),
    Kind.CREATE_FUNCTION: _create_function,
    Kind.CREATE_OBJECT: _create_object,
}
