"""Constraints and indexes."""

import re
from collections.abc import Iterator

from governance.schema.model import Kind, SchemaObject
from governance.schema.recipes.recipe import Anew, Impossible, nothing
from governance.schema.recipes.tables import inline
from governance.schema.recipes.words import comment, commented, reset
from governance.schema.tree import Tree

_KEYS = ("PRIMARY KEY", "UNIQUE", "EXCLUDE")
NOT_VALID = " NOT VALID"
_LAST_NAME = re.compile(r'"(?:[^"]|"")*"|[^."]+')
_PARAMETERS = re.compile(r" WITH \(((?:[a-z_]+='?[^',()]*'?(?:, )?)+)\)")  # of an index


def of_domain(constraint: SchemaObject, tree: Tree) -> bool:
    return (Kind.DOMAIN, constraint.parent) in tree.objects


def _called(constraint: SchemaObject, tree: Tree) -> str:
    return f"CONSTRAINT {constraint.own_name} ON {'DOMAIN ' if of_domain(constraint, tree) else ''}{constraint.parent}"


def with_table(constraint: SchemaObject) -> bool:
    """Whether a table's own statement makes it."""
    given = constraint.get("definition")
    return inline(constraint) or (given.startswith("NOT NULL") and not given.endswith(NOT_VALID))


def make_rest(constraint: SchemaObject, tree: Tree) -> Iterator[str]:
    """Of a new table or domain: what its own statement has not made."""
    inherited = constraint.get("inherited") and not constraint.get("definition").startswith(_KEYS)
    if inherited and any(tree.objects[key].get("definition").endswith(NOT_VALID) for key in tree.copied_from(constraint)):
        yield from _validated(constraint, tree)
    if inherited or (not of_domain(constraint, tree) and with_table(constraint)):
        yield from commented(constraint, _called(constraint, tree))
    else:
        yield from make(constraint, tree)


def make(constraint: SchemaObject, tree: Tree) -> Iterator[str]:
    given = constraint.get("definition")
    if constraint.get("inherited") and not given.startswith(_KEYS):
        pass  # made with the parent table's
    elif of_domain(constraint, tree):
        yield f"ALTER DOMAIN {constraint.parent} ADD CONSTRAINT {constraint.own_name} {given}"
    else:
        only = "ONLY " if given.startswith(_KEYS) and tree.partitions(constraint.parent) else ""
        yield f"ALTER TABLE {only}{constraint.parent} ADD CONSTRAINT {constraint.own_name} {given}"
    yield from commented(constraint, _called(constraint, tree))


def _validated(constraint: SchemaObject, tree: Tree) -> Iterator[str]:
    if not constraint.get("definition").endswith(NOT_VALID):
        yield f"ALTER {'DOMAIN' if of_domain(constraint, tree) else 'TABLE'} {constraint.parent} VALIDATE CONSTRAINT {constraint.own_name}"


def change_definition(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    if before.get("definition") == after.get("definition") + NOT_VALID:
        yield from _validated(after, tree)
    else:
        raise Anew


def change_comment(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield comment(after, _called(after, tree))


def drop(constraint: SchemaObject, tree: Tree) -> Iterator[str]:
    """One that is inherited goes with its parent's."""
    if constraint.get("inherited") and not constraint.get("definition").startswith(_KEYS):
        return
    yield f"ALTER {'DOMAIN' if of_domain(constraint, tree) else 'TABLE'} {constraint.parent} DROP CONSTRAINT {constraint.own_name}"


CONSTRAINT_CHANGES = {"definition": change_definition, "inherited": nothing, "comment": change_comment}


def make_index(index: SchemaObject, tree: Tree) -> Iterator[str]:
    """A constraint's comes with it."""
    above = tree.parent(index)
    of_constraint = above is not None and above.kind is Kind.CONSTRAINT
    if not of_constraint:
        yield index.get("definition")
    elif found := _PARAMETERS.search(index.get("definition")):
        yield f"ALTER INDEX {index.name} SET ({found[1]})"
    if index.get("attached to"):
        yield f"ALTER INDEX {index.get('attached to')} ATTACH PARTITION {index.name}"
    yield from _statistics(index)
    relation = above.parent if above and of_constraint else index.parent
    if index.get("clustered"):
        yield f"ALTER TABLE {relation} CLUSTER ON {_short(index)}"
    if index.get("replica identity"):
        yield f"ALTER TABLE {relation} REPLICA IDENTITY USING INDEX {_short(index)}"
    yield from commented(index)


def _short(index: SchemaObject) -> str:
    """Without its schema."""
    return _LAST_NAME.findall(index.name)[-1]


def _relation(index: SchemaObject, tree: Tree) -> str:
    above = tree.parent(index)
    return above.parent if above and above.kind is Kind.CONSTRAINT else index.parent


def _statistics(index: SchemaObject) -> Iterator[str]:
    for entry in filter(None, index.get("statistics targets").split(", ")):
        number, _, target = entry.partition(" to ")
        yield f"ALTER INDEX {index.name} ALTER COLUMN {number} SET STATISTICS {target}"


def change_index_definition(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    was, now = (item.get("definition") for item in (before, after))
    if _PARAMETERS.sub("", was) != _PARAMETERS.sub("", now):
        raise Anew
    parameters = (found[1].replace("'", "") if (found := _PARAMETERS.search(text)) else "" for text in (was, now))
    yield from (f"ALTER INDEX {after.name} {part}" for part in reset(*parameters))


def change_clustered(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER TABLE {_relation(after, tree)} {f'CLUSTER ON {_short(after)}' if after.get('clustered') else 'SET WITHOUT CLUSTER'}"


def change_replica_identity(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    if after.get("replica identity"):
        yield f"ALTER TABLE {_relation(after, tree)} REPLICA IDENTITY USING INDEX {_short(after)}"


def change_invalid(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    if after.get("invalid"):
        raise Impossible("only a build that failed leaves an invalid index")
    yield f"REINDEX INDEX {after.name}"


def change_tablespace(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER INDEX {after.name} SET TABLESPACE {after.get('tablespace') or 'pg_default'}"


def change_statistics(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    numbers = {entry.partition(" to ")[0] for entry in before.get("statistics targets").split(", ") if entry}
    yield from (f"ALTER INDEX {after.name} ALTER COLUMN {number} SET STATISTICS -1" for number in sorted(numbers))
    yield from _statistics(after)


def change_attachment(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    """Detached with its partition only."""
    if after.get("attached to"):
        yield f"ALTER INDEX {after.get('attached to')} ATTACH PARTITION {after.name}"


INDEX_CHANGES = {
    "definition": change_index_definition,
    "clustered": change_clustered,
    "replica identity": change_replica_identity,
    "invalid": change_invalid,
    "tablespace": change_tablespace,
    "statistics targets": change_statistics,
    "attached to": change_attachment,
}
