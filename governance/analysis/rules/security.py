"""Rules about who may see and do what."""

import re
from collections.abc import Iterator

from governance.analysis.actions import Action, Kind
from governance.analysis.bodies import language_of
from governance.analysis.nodes import Node, strings, switched_on
from governance.analysis.rule import Hit, Level, Place, Read, hit, rule, safe

ANYBODY = (
    "anon"  # the role in which Supabase serves visitors who have not signed in: https://supabase.com/docs/guides/database/postgres/roles
)
POWERS = {"superuser": "may do everything", "bypassrls": "sees every row, whatever the policies say", "createrole": "may make roles"}
UNTRUSTED = frozenset({"c", "internal", "plpython3u", "plpythonu", "plperlu", "pltclu"})  # languages in which a function may do anything
PROGRAM = re.compile(r"\b(?:FROM|TO)\s+PROGRAM\b", re.IGNORECASE)
OPENING = frozenset({"adminpack", "file_fdw", *UNTRUSTED})  # extensions that lead to files, or to such a language


@rule(
    "weakens-security",
    Level.BLOCKING,
    on=[Kind.ROW_SECURITY, Kind.GRANT, Kind.DROP_POLICY, Kind.CREATE_POLICY, Kind.ALTER_POLICY, Kind.ROLE],
)
def weakens_security(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ROW_SECURITY, Kind.GRANT, Kind.DROP_POLICY, Kind.CREATE_POLICY, Kind.ALTER_POLICY, Kind.ROLE):
        what = _weakening(place.action, place.node) or _opened(read, place)
        if what and not (place.table and place.is_new and place.action.kind is not Kind.GRANT):
            yield hit(
                place,
                what,
                "Whoever can sign in to the database may then see or change rows that were out of reach before.",
                _narrower(place),
            )


def _weakening(action: Action, node: Node) -> str:
    match action.kind:
        case Kind.ROW_SECURITY if not action.enabled:
            return f"Row-level security no longer protects {action.relation}."
        case Kind.GRANT if "PUBLIC" in action.grantees:
            return f"Everybody gets rights on {action.relation or 'these objects'}: PUBLIC is every role, future ones included."
        case Kind.DROP_POLICY:
            return f"The policy {action.name} no longer protects {action.relation}."
        case Kind.CREATE_POLICY | Kind.ALTER_POLICY if node.node_type.endswith("PolicyStmt") and _lets_all_through(node):
            return f"The policy {action.name} lets every row of {action.relation} through."
        case Kind.ROLE:
            return _power(node)
    return ""


def _opened(read: Read, place: Place) -> str:
    """Rows to visitors, which row-level security keeps from them only where it is switched on."""
    if place.action.kind is not Kind.GRANT or ANYBODY not in place.action.grantees or not place.table:
        return ""
    name, table = place.identity, place.facts
    protects = any(found.action.enabled and found.identity == name for found in read.of(Kind.ROW_SECURITY))
    if protects or table is None or table.row_security or (table.partial and not place.is_new):
        return ""
    return f"Visitors who have not signed in get rights on {place.table}, all of its rows: no row-level security is switched on."


def _lets_all_through(node: Node) -> bool:
    """A restrictive policy that is always true is pointless, but weakens nothing."""
    if node.node_type == "CreatePolicyStmt" and not node.permissive:
        return False
    return any(found is not None and _is_true(found) for found in (node.qual, node.with_check))


def _is_true(expression: Node) -> bool:
    return expression.node_type == "A_Const" and expression.boolval is not None and bool(expression.boolval.boolval)


def _power(node: Node) -> str:
    if node.node_type not in ("CreateRoleStmt", "AlterRoleStmt"):
        return ""
    name = node.role if node.node_type == "CreateRoleStmt" else node.role.rolename
    powers = [told for word, told in POWERS.items() if switched_on(node.options, word)]
    return f"From now on the role {name} {' and '.join(powers)}." if powers else ""


def _narrower(place: Place) -> str:
    match place.action.kind:
        case Kind.CREATE_POLICY | Kind.ALTER_POLICY:
            return safe("ALTER POLICY {name} ON {table} USING (owner = current_user);", name=place.action.name, table=place.table)
        case Kind.GRANT if "PUBLIC" not in place.action.grantees:
            return safe(
                "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;  -- with a policy for the rows that are for everybody", table=place.table
            )
        case Kind.GRANT if place.table:
            return safe("REVOKE ALL ON {table} FROM PUBLIC;  -- and grant it to the roles that need it", table=place.table)
    return ""


@rule("security-definer-without-search-path", Level.WARNING, on=["CreateFunctionStmt"])
def security_definer_without_search_path(read: Read) -> Iterator[Hit]:
    for place in read.statements("CreateFunctionStmt"):
        options = place.node.options
        if switched_on(options, "security") and not any(_sets_search_path(found) for found in options):
            name = ".".join(strings(place.node.funcname))
            yield hit(
                place,
                f"{name} runs with its owner's rights, but looks for names where its caller says.",
                "Whoever may make objects in a schema of the search path can have the owner execute them.",
                safe("ALTER FUNCTION {name} SET search_path = pg_catalog, pg_temp;", name=name),
            )


def _sets_search_path(found: Node) -> bool:
    return found.defname == "set" and found.arg is not None and found.arg.name == "search_path"


@rule(
    "reaches-the-server",
    Level.BLOCKING,
    rollback=True,
    on=["CopyStmt", "CreateFunctionStmt", "DoStmt", "CreateExtensionStmt", "LoadStmt"],
)
def reaches_the_server(read: Read) -> Iterator[Hit]:
    for node_type in ("CopyStmt", "CreateFunctionStmt", "DoStmt", "CreateExtensionStmt", "LoadStmt"):
        for place in read.statements(node_type):
            if what := _reached(place.node, place.statement.text):
                yield hit(
                    place,
                    what,
                    "Whoever may do that has the server's account: its files, its programs, its network. "
                    "A rehearsal would do it too, on the server of the rehearsals.",
                )


def _reached(node: Node, text: str) -> str:
    match node.node_type:
        case "CopyStmt" if node.is_program:
            return "COPY … PROGRAM starts a program on the machine of the server."
        case "CopyStmt" if node.filename:
            return f"COPY {'reads' if node.is_from else 'writes'} a file of the machine of the server."
        case "CreateFunctionStmt" | "DoStmt" if (language := language_of(_options(node))) in UNTRUSTED:
            return f"The language {language} lets a function do whatever the account of the server may do."
        case "CreateFunctionStmt" | "DoStmt" if PROGRAM.search(text):
            return "Its body starts a program on the machine of the server."
        case "CreateExtensionStmt" if node.extname in OPENING:
            return f"The extension {node.extname} leads to the machine of the server."
        case "LoadStmt":
            return "LOAD takes a library into the server, which may then do anything."
    return ""


def _options(node: Node) -> tuple[Node, ...]:
    return (node.options if node.node_type == "CreateFunctionStmt" else node.args) or ()
