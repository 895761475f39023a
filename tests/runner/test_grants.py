"""What a new target lacks is printed as SQL; executed, it makes the target ready; and a change can then be run there."""

import io
import uuid

import psycopg
import pytest
from django.core.management import CommandError, call_command
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from governance import audit
from governance.audit import System, save
from governance.models import Environment, Target

VARIABLE = "GRANTS_TEST_URL"


@pytest.fixture
def names(database, server_url):
    """A database that belongs to an owner who cannot sign in, and a runner who can and has no grants yet."""
    name = uuid.uuid4().hex[:12]
    owner, runner = f"owner_{name}", f"runner_{name}"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {owner}; CREATE ROLE {runner} LOGIN PASSWORD 'grantless'; CREATE TABLE bids (id int)")
        connection.execute(f"ALTER TABLE bids OWNER TO {owner}")
        yield owner, runner
        connection.execute(f"DROP OWNED BY {owner}, {runner} CASCADE; DROP ROLE {owner}, {runner}")


@pytest.fixture
def target(db, names, database, monkeypatch) -> Target:
    monkeypatch.setenv(VARIABLE, make_conninfo(**{**conninfo_to_dict(database), "user": names[1], "password": "grantless"}))
    audit.append(System.FIXTURES, "test.set_up", "", "A target for a test.")
    environment = save(System.FIXTURES, Environment(name="staging", rank=10))
    return save(System.FIXTURES, Target(environment=environment, name="bids", connection=VARIABLE, owner_role=names[0]))


def grants(name: str = "bids", **options: str) -> tuple[str, str]:
    """What the command printed, and what it failed with."""
    output = io.StringIO()
    try:
        call_command("grants", name, stdout=output, **options)
    except CommandError as error:
        return output.getvalue(), str(error)
    return output.getvalue(), ""


def printed_sql(output: str) -> str:
    return "\n".join(line for line in output.splitlines() if line.startswith("GRANT "))


def test_printed_grants_make_a_new_target_ready(target, database, names):
    owner, runner = names

    before, refused = grants()
    with psycopg.connect(database, autocommit=True) as superuser:
        superuser.execute(printed_sql(before))
    after, failed = grants()

    assert f"bids lacks SET ROLE {owner}" in refused
    assert f"GRANT {sql.Identifier(owner).as_string()} TO {sql.Identifier(runner).as_string()};" in before
    assert failed == ""
    assert "NO" not in after
    assert after.endswith("bids is ready.\n")


@pytest.mark.parametrize(
    ("taken", "lacking"),
    [
        ("REVOKE CREATE ON DATABASE {database} FROM {owner}", "CREATE on the database"),
        ("REVOKE CREATE ON SCHEMA public FROM {owner}", "CREATE on schema public"),
        ("REVOKE pg_monitor FROM {runner}", "pg_monitor"),
        ("REVOKE pg_signal_backend FROM {runner}", "pg_signal_backend"),
        ("CREATE TABLE messages (id int)", "ownership"),
        ("ALTER ROLE {runner} SET default_transaction_read_only = on", "read-write primary"),
        ("REVOKE SET OPTION FOR {owner} FROM {runner}", "SET ROLE"),
    ],
)
def test_each_missing_grant_is_named(target, database, names, taken, lacking):
    output, _ = grants()
    fields = {"database": psycopg.conninfo.conninfo_to_dict(database)["dbname"], "owner": names[0], "runner": names[1]}
    with psycopg.connect(database, autocommit=True) as superuser:
        superuser.execute(printed_sql(output))
        superuser.execute(taken.format(**fields))

    _, refused = grants()

    assert refused.startswith(f"bids lacks {lacking}")
    assert "," not in refused.partition(". Do")[0]


def test_optional_needs_do_not_refuse(target, database, names):
    output, _ = grants()
    with psycopg.connect(database, autocommit=True) as superuser:
        superuser.execute(printed_sql(output))
        superuser.execute(f"REVOKE EXECUTE ON FUNCTION pg_create_restore_point(text) FROM {names[1]}")

    output, refused = grants()

    assert refused == ""
    assert "no, optional  pg_create_restore_point" in output
    assert "no, optional  TLS in use" in output


def test_target_without_connection_string_gets_its_grants_printed(target, monkeypatch, names):
    monkeypatch.delenv(VARIABLE)

    output, refused = grants(runner="my_runner")

    assert f'GRANT "{names[0]}" TO "my_runner";' in output
    assert f"Set {VARIABLE}" in refused


def test_password_is_not_printed(target, monkeypatch, database):
    monkeypatch.setenv(VARIABLE, make_conninfo(**{**conninfo_to_dict(database), "user": "nobody_here", "password": "wrongpass"}))

    output, refused = grants()

    assert "wrongpass" not in output + refused
    assert refused.startswith("Printed, not tested")


def test_unknown_target_is_refused_with_what_to_do(db):
    _, refused = grants("nowhere")

    assert refused == "There is no target nowhere. Add it in the portal under Targets, then try again."
