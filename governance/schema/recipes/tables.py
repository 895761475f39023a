"""Tables: made with their columns and those checks that can be there from the start; partitions are attached afterwards."""

from collections.abc import Iterator

from governance.schema.model import Kind, SchemaObject
from governance.schema.recipes.columns import definition, waits
from governance.schema.recipes.recipe import Impossible
from governance.schema.recipes.words import called, commented, foreign_options, listed, owner, regranted, reset
from governance.schema.tree import Tree


def inline(constraint: SchemaObject) -> bool:
    """A check that the table is made with."""
    given = constraint.get("definition")
    return given.startswith("CHECK ") and not given.endswith("NOT VALID") and not waits(constraint.needs)


def make(table: SchemaObject, tree: Tree) -> Iterator[str]:
    partition = table.get("partition of")
    columns = [definition(item, tree) for item in tree.columns(table.name) if not item.get("inherited")]
    checks = (item for item in tree.of(table.name, Kind.CONSTRAINT) if inline(item) and (partition or not item.get("inherited")))
    parts = columns + [f"CONSTRAINT {item.own_name} {item.get('definition')}" for item in checks]
    yield " ".join([*_head(table), "(" + ", ".join(parts) + ")", *_tail(table)])
    yield from _afterwards(table)


def _head(table: SchemaObject) -> Iterator[str]:
    yield "CREATE UNLOGGED" if table.get("persistence") == "unlogged" else "CREATE"
    yield f"{'FOREIGN ' if table.get('foreign server') else ''}TABLE {table.name}"


def _tail(table: SchemaObject) -> Iterator[str]:
    if table.get("inherits"):
        yield f"INHERITS ({table.get('inherits')})"
    if table.get("partitioned by"):
        yield f"PARTITION BY {table.get('partitioned by')}"
    if table.get("foreign server"):
        yield f"SERVER {table.get('foreign server')}"
        yield foreign_options("", table.get("foreign options")).replace("ADD ", "")
    if table.get("access method") and not table.get("partitioned by"):
        yield f"USING {table.get('access method')}"
    if given := [*listed(table.get("options")).items(), *((f"toast.{k}", v) for k, v in listed(table.get("toast options")).items())]:
        yield f"WITH ({', '.join(f'{name}={value}' for name, value in given)})"


def _afterwards(table: SchemaObject) -> Iterator[str]:
    if table.get("of type"):
        yield f"ALTER TABLE {table.name} OF {table.get('of type')}"
    yield from owner(table)
    if table.get("row security"):
        yield f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY"
    if table.get("row security forced"):
        yield f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY"
    if table.get("replica identity") in {"full", "nothing"}:
        yield f"ALTER TABLE {table.name} REPLICA IDENTITY {table.get('replica identity').upper()}"
    yield from commented(table)
    yield from regranted(None, table)


def attach(table: SchemaObject, tree: Tree) -> Iterator[str]:
    if table.get("partition of"):
        yield f"ALTER TABLE ONLY {table.get('partition of')} ATTACH PARTITION {table.name} {table.get('bounds')}"


def _alter(table: SchemaObject, action: str) -> str:
    return f"ALTER {called(table)} {action}"


def change_persistence(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _alter(after, "SET UNLOGGED" if after.get("persistence") else "SET LOGGED")


def change_row_security(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _alter(after, f"{'ENABLE' if after.get('row security') else 'DISABLE'} ROW LEVEL SECURITY")


def change_force(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _alter(after, f"{'FORCE' if after.get('row security forced') else 'NO FORCE'} ROW LEVEL SECURITY")


def change_replica_identity(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    if after.get("replica identity") != "index":
        yield _alter(after, f"REPLICA IDENTITY {after.get('replica identity').upper() or 'DEFAULT'}")


def change_options(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield from (_alter(after, part) for part in reset(before.get("options"), after.get("options")))


def change_toast_options(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    was, now = ("\n".join(f"toast.{entry}" for entry in item.get("toast options").split(", ") if entry) for item in (before, after))
    yield from (_alter(after, part) for part in reset(was, now))


def change_foreign_options(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _alter(after, foreign_options(before.get("foreign options"), after.get("foreign options")))


def change_tablespace(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _alter(after, f"SET TABLESPACE {after.get('tablespace') or 'pg_default'}")


def change_access_method(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _alter(after, f"SET ACCESS METHOD {after.get('access method') or 'heap'}")


def change_partition(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    if before.get("partition of"):
        yield f"ALTER TABLE {before.get('partition of')} DETACH PARTITION {after.name}"
    if after.get("partition of"):
        yield f"ALTER TABLE {after.get('partition of')} ATTACH PARTITION {after.name} {after.get('bounds')}"


def change_bounds(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    if before.get("partition of") == after.get("partition of"):
        yield from change_partition(before, after, tree)


def change_inheritance(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    was, now = (tuple(filter(None, item.get("inherits").split(", "))) for item in (before, after))
    yield from (_alter(after, f"NO INHERIT {parent}") for parent in was if parent not in now)
    yield from (_alter(after, f"INHERIT {parent}") for parent in now if parent not in was)


def change_type(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _alter(after, f"OF {after.get('of type')}" if after.get("of type") else "NOT OF")


def refuse(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    raise Impossible("only a new table could have it; make one and move the rows")


CHANGES = {
    "persistence": change_persistence,
    "row security": change_row_security,
    "row security forced": change_force,
    "replica identity": change_replica_identity,
    "options": change_options,
    "toast options": change_toast_options,
    "foreign options": change_foreign_options,
    "tablespace": change_tablespace,
    "access method": change_access_method,
    "partition of": change_partition,
    "bounds": change_bounds,
    "inherits": change_inheritance,
    "of type": change_type,
    "partitioned by": refuse,
    "foreign server": refuse,
}
