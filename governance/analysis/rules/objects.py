"""Rules about objects other than tables: views, functions, types, sequences, schemas, triggers."""

from collections.abc import Iterator

from governance.analysis.actions import Kind
from governance.analysis.rule import Hit, Level, Read, Rule, hit, rule, safe, simple
from governance.analysis.rules.tables import kept_by_view

RENAMED = {
    "OBJECT_VIEW": "view",
    "OBJECT_MATVIEW": "materialized view",
    "OBJECT_SCHEMA": "schema",
    "OBJECT_TYPE": "type",
    "OBJECT_DOMAIN": "domain",
    "OBJECT_FUNCTION": "function",
    "OBJECT_PROCEDURE": "procedure",
    "OBJECT_SEQUENCE": "sequence",
    "OBJECT_ROLE": "role",
    "OBJECT_DATABASE": "database",
}


def _ban_drop(code: str, objects: tuple[str, ...], says: str, why: str, level: Level = Level.WARNING) -> Rule:
    """A rule about DROP of some sorts of objects; one that the change itself makes, before or after, is not missed."""

    def check(read: Read) -> Iterator[Hit]:
        made = {place.action.name for place in read.of(Kind.CREATE_OBJECT, Kind.CREATE_FUNCTION)}
        made |= {place.action.relation for place in read.of(Kind.CREATE_VIEW, Kind.CREATE_MATERIALIZED_VIEW)}
        for place in read.of(Kind.DROP_OBJECT, Kind.DROP_FUNCTION, Kind.DROP_VIEW):
            name = place.action.name
            if place.action.type in objects and name not in made:
                worse = Level.BLOCKING if place.action.cascade else level
                also = " CASCADE takes along whatever needs it, rows included." if place.action.cascade else ""
                yield hit(place, says.format(name=name), why + also, _aside(place.action.type, name), worse)

    return rule(code, level, on=[Kind.DROP_OBJECT, Kind.DROP_FUNCTION, Kind.DROP_VIEW])(check)


def _aside(sort: str, name: str) -> str:
    """Another name first: whoever misses the old one is heard of, and it is given back in a moment."""
    word = sort.removeprefix("OBJECT_").replace("MATVIEW", "MATERIALIZED VIEW")
    if word in ("DATABASE", "EXTENSION"):
        return f"-- dump it, and let somebody else confirm that nobody uses {name}"
    return safe(
        f"ALTER {word} {{name}} RENAME TO {{aside}};  -- drop it once nobody has missed it",
        name=name,
        aside=f"{name.rpartition('.')[2]}_dropped",
    )


USES = "Clients, views and functions that name it fail from then on; a rollback can bring it back only if its definition is kept."
ban_drop_view = _ban_drop("ban-drop-view", ("OBJECT_VIEW", "OBJECT_MATVIEW"), "Dropping the view {name} breaks clients that read it.", USES)
ban_drop_function = _ban_drop(
    "ban-drop-function",
    ("OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE"),
    "Dropping the function {name} breaks clients, policies and defaults that call it.",
    USES,
)
ban_drop_type = _ban_drop("ban-drop-type", ("OBJECT_TYPE",), "Dropping the type {name} breaks functions and clients that know it.", USES)
ban_drop_domain = _ban_drop(
    "ban-drop-domain", ("OBJECT_DOMAIN",), "Dropping the domain {name} breaks functions and clients that know it.", USES
)
ban_drop_sequence = _ban_drop(
    "ban-drop-sequence",
    ("OBJECT_SEQUENCE",),
    "Dropping the sequence {name} breaks whoever takes numbers from it, and where it stood is lost.",
    USES,
)
ban_drop_extension = _ban_drop(
    "ban-drop-extension",
    ("OBJECT_EXTENSION",),
    "Dropping the extension {name} takes its types, functions and operators away.",
    "Its operators and index methods are used without naming it; clients find out when a query fails.",
)
ban_drop_schema = _ban_drop(
    "ban-drop-schema",
    ("OBJECT_SCHEMA",),
    "Dropping the schema {name} takes away what is in it.",
    "Without CASCADE it fails unless the schema is empty.",
)


@rule("ban-drop-database", Level.BLOCKING, rollback=True, on=["DropdbStmt"])
def ban_drop_database(read: Read) -> Iterator[Hit]:
    for place in read.statements("DropdbStmt"):
        yield hit(
            place,
            f"The database {place.node.dbname} is gone at once, with everything in it.",
            "It cannot be undone, not even in a transaction: only a backup brings it back.",
            f"ALTER DATABASE {place.node.dbname} ALLOW_CONNECTIONS false;  -- drop it once nobody has missed it",
        )


@rule("ban-drop-owned", Level.BLOCKING, rollback=True, on=["DropOwnedStmt"])
def ban_drop_owned(read: Read) -> Iterator[Hit]:
    for place in read.statements("DropOwnedStmt"):
        roles = ", ".join(str(role.rolename) for role in place.node.roles)
        yield hit(
            place,
            f"Everything that {roles} owns in this database is dropped, tables and their rows included.",
            "What that is depends on the moment at which it runs; nobody can review it beforehand.",
            f"REASSIGN OWNED BY {roles} TO postgres;  -- then drop by name what is to go",
        )


ban_drop_trigger = simple(
    "ban-drop-trigger",
    Level.NOTICE,
    Kind.DROP_TRIGGER,
    says="{table} no longer does what the trigger or rule {name} did at each write.",
    why="Clients and checks may rely on it; while it is dropped nobody can read or write the table.",
    instead="ALTER TABLE {table} DISABLE TRIGGER {name};  -- drop it once nobody has missed it",
)


@rule("ban-disable-trigger", Level.WARNING, on=[Kind.TOGGLE_TRIGGER])
def ban_disable_trigger(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.TOGGLE_TRIGGER):
        again = any(other.table == place.table and other.action.enabled for other in read.of(Kind.TOGGLE_TRIGGER))
        if not place.action.enabled and not place.is_new and not again:
            yield hit(
                place,
                f"Triggers of {place.table} stay switched off: what they keep in step or check goes wrong unseen.",
                "Rows that are written meanwhile never meet the trigger; foreign keys are triggers too, where ALL are switched off.",
                safe("ALTER TABLE {table} ENABLE TRIGGER USER;  -- at the end of the same script", table=place.table),
            )


@rule("renaming-object", Level.BLOCKING, on=[Kind.RENAME_OBJECT, Kind.RENAME_TABLE])
def renaming_object(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.RENAME_OBJECT, Kind.RENAME_TABLE):
        action = place.action
        sort = "enumeration value" if place.node.node_type == "AlterEnumStmt" else RENAMED.get(action.type, "")
        if sort and not place.is_new and not (action.relation and kept_by_view(read, place)):
            yield hit(
                place,
                f"Renaming the {sort} {action.name or action.relation} breaks whoever knows the old name.",
                "There is no moment at which all clients change over; for a while both names have to work.",
                "-- make the new one beside the old one, move the clients over, drop the old one in a later change",
            )


@rule("ban-alter-domain-with-add-constraint", Level.BLOCKING, rollback=True, on=["AlterDomainStmt"])
def ban_alter_domain_with_add_constraint(read: Read) -> Iterator[Hit]:
    for place in read.statements("AlterDomainStmt"):
        node = place.node
        adds_check = node.subtype == "C" and not (node.def_ and node.def_.skip_validation)
        if adds_check or node.subtype == "O":
            yield hit(
                place,
                "This looks through every table that has a column of the domain, and stops writes to all of them.",
                "PostgreSQL checks all their rows in one transaction; NOT VALID leaves the existing ones for later.",
                f"{place.statement.text} NOT VALID;\n-- and in a later script: ALTER DOMAIN … VALIDATE CONSTRAINT …;" if adds_check else "",
            )


@rule("ban-create-domain-with-constraint", Level.NOTICE, on=["CreateDomainStmt"])
def ban_create_domain_with_constraint(read: Read) -> Iterator[Hit]:
    for place in read.statements("CreateDomainStmt"):
        if any(found.contype in ("CONSTR_CHECK", "CONSTR_NOTNULL") for found in place.node.constraints):
            yield hit(
                place,
                f"The constraint of the domain {place.action.name} can only be changed for all its columns at once.",
                "A column of such a domain is added by copying the table, and a changed constraint checks every table that has one.",
                "-- give the columns a plain type, and each table a CHECK of its own",
            )
