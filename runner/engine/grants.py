"""Whether the runner's role has in a target what it needs there."""

from collections.abc import Iterator

import psycopg
from psycopg import sql

from governance.facts import Need
from governance.grants import Names, statements

OTHER_OWNERS = """
SELECT coalesce(string_agg(format('%%I.%%I', nspname, relname), ', ' ORDER BY nspname, relname), '')
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'lockgate') AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  AND NOT pg_has_role(%(owner)s, relowner, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
"""
ROLE = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %(owner)s) AND pg_has_role(current_user, %(owner)s, 'USAGE')"
IN_DATABASE = "SELECT has_database_privilege(%(owner)s, current_database(), 'CREATE')"
IN_SCHEMA = "SELECT has_schema_privilege(%(owner)s, coalesce(current_schema(), 'public'), 'CREATE')"
MEMBER = "SELECT pg_has_role(current_user, %(role)s, 'USAGE')"
RESTORE_POINT = "SELECT has_function_privilege('pg_create_restore_point(text)', 'EXECUTE')"
NAMES = "SELECT current_database(), coalesce(current_schema(), 'public'), current_user"
WRITABLE = "SELECT NOT pg_is_in_recovery() AND NOT current_setting('default_transaction_read_only')::boolean"


def names_of(connection: psycopg.Connection, owner: str) -> Names:
    database, schema, runner = connection.execute(NAMES).fetchone() or ("", "", "")
    return Names(database, schema, runner, owner or runner)


def needs(connection: psycopg.Connection, names: Names) -> tuple[Need, ...]:
    """Asked of the server; SET ROLE is tried. The connection is in autocommit, signed in as the runner."""
    return (*_of_the_session(connection), *_of_roles(connection, names))


def _of_the_session(connection: psycopg.Connection) -> Iterator[Need]:
    same = _one(connection, "SELECT pg_backend_pid()") == connection.info.backend_pid
    yield Need("direct connection", same, "-- Name the server itself in the connection string: a pooler hides sessions and their locks.")
    writable = bool(_one(connection, WRITABLE))
    yield Need("read-write primary", writable, "-- Name the primary in the connection string, or reset default_transaction_read_only.")
    tls = bool(connection.pgconn.ssl_in_use)
    yield Need("TLS in use", tls, "-- Add sslmode=verify-full to the connection string, unless it stays on one machine.", required=False)


def _of_roles(connection: psycopg.Connection, names: Names) -> Iterator[Need]:
    grant, owner = statements(names), {"owner": names.owner}
    if names.owner != names.runner:
        becomes = bool(_one(connection, ROLE, owner)) and _can_become(connection, names.owner)
        yield Need(f"SET ROLE {names.owner}", becomes, grant["owner"])
        if not becomes:
            return  # what the owner may do cannot be asked for
    others = str(_one(connection, OTHER_OWNERS, owner))
    yield Need("ownership", not others, f"-- Owned by somebody else: {others}. ALTER … OWNER TO {names.owner} lets changes touch them.")
    yield Need("CREATE on the database", bool(_one(connection, IN_DATABASE, owner)), grant["database"])
    yield Need(f"CREATE on schema {names.schema}", bool(_one(connection, IN_SCHEMA, owner)), grant["schema"])
    yield Need("pg_monitor", bool(_one(connection, MEMBER, {"role": "pg_monitor"})), grant["pg_monitor"])
    yield Need("pg_signal_backend", bool(_one(connection, MEMBER, {"role": "pg_signal_backend"})), grant["pg_signal_backend"])
    yield Need("pg_create_restore_point", bool(_one(connection, RESTORE_POINT)), grant["restore point"], required=False)


def _can_become(connection: psycopg.Connection, owner: str) -> bool:
    """Tried: since PostgreSQL 16 a member may lack the option SET. https://www.postgresql.org/docs/current/sql-grant.html"""
    try:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(owner)))
    except psycopg.errors.InsufficientPrivilege:
        return False
    connection.execute("RESET ROLE")
    return True


def _one(connection: psycopg.Connection, query: str, values: dict[str, str] | None = None) -> str | int | bool:
    found = connection.execute(query.encode(), values or {}).fetchone()
    assert found
    return found[0]
