"""Views, and what hangs on any relation: rules, triggers, policies, statistics."""

from collections.abc import Iterator

from governance.schema.model import Kind, Schema, SchemaObject
from governance.schema.recipes.recipe import Anew
from governance.schema.recipes.words import called, commented, listed, owner, regranted, reset
from governance.schema.tree import Tree

_STATES = {"": "ENABLE", "no": "DISABLE", "on replicas": "ENABLE REPLICA", "always": "ENABLE ALWAYS"}


def make(view: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _create("CREATE VIEW", view)
    yield from _afterwards(view)


def make_materialized(view: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"{_create('CREATE MATERIALIZED VIEW', view)}\nWITH NO DATA"
    yield from _afterwards(view)


def fill(view: SchemaObject, tree: Tree) -> Iterator[str]:
    if not view.state:
        yield f"REFRESH MATERIALIZED VIEW {view.name}"


def _create(how: str, view: SchemaObject) -> str:
    method = f" USING {view.get('access method')}" if view.get("access method") else ""
    options = ", ".join(f"{name}={value}" for name, value in listed(view.get("options")).items())
    return f"{how} {view.name}{method}{f' WITH ({options})' if options else ''} AS\n{view.get('definition').rstrip().removesuffix(';')}"


def _afterwards(view: SchemaObject) -> Iterator[str]:
    yield from owner(view)
    yield from commented(view)
    yield from regranted(None, view)


def change_definition(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    """In place as long as every column stays what and where it is. Options are given again, as the statement takes the others away."""
    was = _columns(tree.past, before.name) if tree.past else []
    if was != _columns(tree.schema, after.name)[: len(was)]:
        raise Anew
    yield _create("CREATE OR REPLACE VIEW", after)


def _columns(schema: Schema, view: str) -> list[tuple[str, ...]]:
    columns = [item for item in schema.objects if item.kind is Kind.COLUMN and item.parent == view]
    ordered = sorted(columns, key=lambda column: int(column.get("position")))
    return [(column.name, column.get("type"), column.get("collation")) for column in ordered]


def change_options(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield from (f"ALTER {called(after)} {part}" for part in reset(before.get("options"), after.get("options")))


def change_tablespace(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER {called(after)} SET TABLESPACE {after.get('tablespace') or 'pg_default'}"


def change_access_method(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER {called(after)} SET ACCESS METHOD {after.get('access method') or 'heap'}"


VIEW_CHANGES = {"definition": change_definition, "options": change_options}
MATERIALIZED_CHANGES = {"options": change_options, "tablespace": change_tablespace, "access method": change_access_method}


def make_trigger(trigger: SchemaObject, tree: Tree) -> Iterator[str]:
    """A partition's own copy was made with the trigger of the whole table."""
    if not trigger.get("inherited"):
        yield trigger.get("definition")
    if trigger.get("enabled") or trigger.get("inherited"):
        yield from change_enabled(trigger, trigger, tree)
    yield from commented(trigger)


def make_rule(rule: SchemaObject, tree: Tree) -> Iterator[str]:
    yield rule.get("definition").rstrip().removesuffix(";")
    if rule.get("enabled"):
        yield from change_enabled(rule, rule, tree)
    yield from commented(rule)


def change_enabled(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER TABLE {after.parent} {_STATES[after.get('enabled')]} {after.kind.upper()} {after.own_name}"


def drop_trigger(trigger: SchemaObject, tree: Tree) -> Iterator[str]:
    if trigger.get("inherited"):
        yield f"ALTER TABLE {trigger.parent} ENABLE TRIGGER {trigger.own_name}"
    else:
        yield f"DROP {called(trigger)}"


def make_policy(policy: SchemaObject, tree: Tree) -> Iterator[str]:
    parts = [f"CREATE {called(policy)} AS {'RESTRICTIVE' if policy.get('restrictive') else 'PERMISSIVE'}"]
    parts.append(f"FOR {policy.get('command').upper()} TO {policy.get('roles')}")
    if policy.get("using"):
        parts.append(f"USING ({policy.get('using')})")
    if policy.get("with check"):
        parts.append(f"WITH CHECK ({policy.get('with check')})")
    yield " ".join(parts)
    yield from commented(policy)


def make_statistics(statistics: SchemaObject, tree: Tree) -> Iterator[str]:
    yield statistics.get("definition")
    yield from owner(statistics)
    if statistics.get("target"):
        yield from change_target(statistics, statistics, tree)
    yield from commented(statistics)


def change_target(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER STATISTICS {after.name} SET STATISTICS {after.get('target') or -1}"
