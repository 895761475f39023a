"""What belongs to the whole database: schemas, extensions, servers, publications, event triggers, default privileges."""

from collections.abc import Iterator

from governance.schema.model import SchemaObject
from governance.schema.recipes.recipe import Anew, Impossible
from governance.schema.recipes.words import called, cleared, comment, commented, foreign_options, literal, owner, privileges, regranted
from governance.schema.tree import Tree

PUBLIC = "public"
_STATES = {"": "ENABLE", "no": "DISABLE", "on replicas": "ENABLE REPLICA", "always": "ENABLE ALWAYS"}


def make_schema(schema: SchemaObject, tree: Tree) -> Iterator[str]:
    """A new database has the schema public, with privileges that depend on the server's version."""
    yield f"CREATE SCHEMA {'IF NOT EXISTS ' if schema.name == PUBLIC else ''}{schema.name}"
    yield from owner(schema)
    if schema.name == PUBLIC:
        yield from cleared(schema, ["PUBLIC"])
        yield comment(schema)
    else:
        yield from commented(schema)
    yield from regranted(None, schema)


def make_extension(extension: SchemaObject, tree: Tree) -> Iterator[str]:
    """Of the version that the server has."""
    inside = "" if extension.get("schema") == "pg_catalog" else f" WITH SCHEMA {extension.get('schema')}"
    yield f"CREATE EXTENSION IF NOT EXISTS {extension.name}{inside}"


def change_version(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER EXTENSION {after.name} UPDATE TO {literal(after.get('version'))}"


def change_schema(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER EXTENSION {after.name} SET SCHEMA {after.get('schema')}"


EXTENSION_CHANGES = {"version": change_version, "schema": change_schema}


def make_server(server: SchemaObject, tree: Tree) -> Iterator[str]:
    parts = [f"CREATE SERVER {server.name}"]
    parts += [f"{word} {literal(server.get(word.lower()))}" for word in ("TYPE", "VERSION") if server.get(word.lower())]
    parts.append(f"FOREIGN DATA WRAPPER {server.get('wrapper')}")
    parts.append(foreign_options("", server.get("options")).replace("ADD ", ""))
    yield " ".join(parts).rstrip()
    yield from owner(server)
    yield from commented(server)
    yield from regranted(None, server)


def change_server(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    version = f"VERSION {literal(after.get('version'))} " if after.get("version") != before.get("version") else ""
    yield f"ALTER SERVER {after.name} {version}{foreign_options(before.get('options'), after.get('options'))}".rstrip()


SERVER_CHANGES = {"options": change_server, "version": change_server}


def make_publication(publication: SchemaObject, tree: Tree) -> Iterator[str]:
    parts = [f"CREATE PUBLICATION {publication.name}"]
    if publication.get("all tables"):
        parts.append("FOR ALL TABLES")
    elif members := _members(publication):
        parts.append(f"FOR {members}")
    yield f"{' '.join(parts)} WITH ({_parameters(publication)})"
    yield from owner(publication)
    yield from commented(publication)


def _members(publication: SchemaObject) -> str:
    tables, schemas = publication.get("tables"), publication.get("schemas")
    return ", ".join(filter(None, [f"TABLE {tables}" if tables else "", f"TABLES IN SCHEMA {schemas}" if schemas else ""]))


def _parameters(publication: SchemaObject) -> str:
    root = "true" if publication.get("via root") else "false"
    generated = ", publish_generated_columns = stored" if publication.get("generated columns") else ""
    return f"publish = {literal(publication.get('operations'))}, publish_via_partition_root = {root}{generated}"


def change_parameters(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    without = ", publish_generated_columns = none" if before.get("generated columns") and not after.get("generated columns") else ""
    yield f"ALTER PUBLICATION {after.name} SET ({_parameters(after)}{without})"


def change_members(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    """In place as long as something is published: subscribers would miss the publication."""
    if not _members(after):
        raise Anew
    yield f"ALTER PUBLICATION {after.name} SET {_members(after)}"


PUBLICATION_CHANGES = {
    **dict.fromkeys(("operations", "via root", "generated columns"), change_parameters),
    **dict.fromkeys(("tables", "schemas"), change_members),
}


def make_subscription(subscription: SchemaObject, tree: Tree) -> Iterator[str]:
    raise Impossible("it holds the connection string of another server, which no snapshot keeps; make it by hand")


def change_activity(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER SUBSCRIPTION {after.name} {'DISABLE' if after.get('enabled') else 'ENABLE'}"


def change_publications(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    """What is new in them is fetched when somebody refreshes the subscription, which no transaction can do."""
    yield f"ALTER SUBSCRIPTION {after.name} SET PUBLICATION {after.get('publications')} WITH (refresh = false)"


def change_slot(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER SUBSCRIPTION {after.name} SET (slot_name = {after.get('slot') or 'NONE'})"


SUBSCRIPTION_CHANGES = {"enabled": change_activity, "publications": change_publications, "slot": change_slot}


def make_event_trigger(trigger: SchemaObject, tree: Tree) -> Iterator[str]:
    tags = ", ".join(map(literal, filter(None, trigger.get("tags").split(", "))))
    when = f" WHEN TAG IN ({tags})" if tags else ""
    yield f"CREATE {called(trigger)} ON {trigger.get('event')}{when} EXECUTE FUNCTION {trigger.get('function')}"
    yield from owner(trigger)
    if trigger.get("enabled"):
        yield from change_enabled(trigger, trigger, tree)
    yield from commented(trigger)


def change_enabled(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER EVENT TRIGGER {after.name} {_STATES[after.get('enabled')]}"


def make_default_privileges(defaults: SchemaObject, tree: Tree) -> Iterator[str]:
    yield from change_default_privileges(None, defaults, tree)


def change_default_privileges(before: SchemaObject | None, after: SchemaObject, tree: Tree) -> Iterator[str]:
    """Outside schemas the whole list is kept, the built-in privileges included; so these are taken away first."""
    had = {whom for _, whom, _ in privileges(_given(before))} if before else {"PUBLIC", after.get("role")} if not after.parent else set()
    for whom in sorted(had):
        yield f"{_defaults(after)} REVOKE ALL ON {_what(after)} FROM {whom}"
    for privilege, whom, grantable in sorted(privileges(_given(after))):
        yield f"{_defaults(after)} GRANT {privilege} ON {_what(after)} TO {whom}{' WITH GRANT OPTION' if grantable else ''}"


def _given(defaults: SchemaObject) -> str:
    return defaults.get("privileges")


def _defaults(defaults: SchemaObject) -> str:
    inside = f" IN SCHEMA {defaults.parent}" if defaults.parent else ""
    return f"ALTER DEFAULT PRIVILEGES FOR ROLE {defaults.get('role')}{inside}"


def _what(defaults: SchemaObject) -> str:
    return defaults.name.rpartition(" on ")[2].upper()


def drop_default_privileges(defaults: SchemaObject, tree: Tree) -> Iterator[str]:
    """Back to what PostgreSQL gives by itself."""
    what, start = _what(defaults), _defaults(defaults)
    taken = [f"{start} REVOKE ALL ON {what} FROM {whom}" for whom in sorted({whom for _, whom, _ in privileges(_given(defaults))})]
    if not defaults.parent:
        taken.append(f"{start} GRANT ALL ON {what} TO {defaults.get('role')}")
        taken += [f"{start} GRANT {'EXECUTE' if what == 'FUNCTIONS' else 'USAGE'} ON {what} TO PUBLIC"] * (what in {"FUNCTIONS", "TYPES"})
    yield from taken
