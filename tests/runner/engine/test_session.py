import re

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from governance.errors import TargetBusy, TargetPooled, TargetReadOnly, TargetUnreachable
from runner.engine import flyway, session
from runner.engine.session import open_session, previous_backend
from tests.runner.orders import make_order
from tests.runner.pooler import pooled

ORDER = make_order({"V20261122_0900__add_t.sql": "CREATE TABLE t (id int);"})
FLYWAY_KEY = 77433833903597  # computed by Flyway's own code for "public"."flyway_schema_history"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(session, "PATIENCE", 0.1)


def test_session_is_recognisable_and_bounded(database):
    with open_session(ORDER, database) as opened, psycopg.connect(database) as other:
        shown = dict(
            opened.connection.execute(
                "SELECT name, setting FROM pg_settings WHERE name IN "
                "('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout', 'client_connection_check_interval')"
            ).fetchall()
        )
        names = other.execute("SELECT application_name FROM pg_stat_activity WHERE pid = %s", [opened.pid]).fetchone()

    assert names == (f"lockgate {ORDER.run}",)
    assert shown == {
        "lock_timeout": "200",
        "statement_timeout": "10000",
        "idle_in_transaction_session_timeout": "15000",
        "client_connection_check_interval": "500",
    }


def test_prepare_takes_back_what_a_script_left_behind(database):
    with open_session(ORDER, database) as opened:
        opened.connection.execute("SET search_path = ''; SET lock_timeout = 0; SET ROLE pg_monitor")

        opened.prepare(0.2, 10)

        assert opened.connection.execute("SELECT current_schema(), current_setting('lock_timeout'), current_user").fetchone() == (
            "public",
            "200ms",
            conninfo_to_dict(database)["user"],
        )


def test_session_becomes_the_owner(make_database):
    url = make_database("SELECT 1")
    order = make_order({"V20261122_0900__add_t.sql": "CREATE TABLE t (id int);"}, role="pg_database_owner")

    with open_session(order, url) as opened:
        role = opened.connection.execute("SELECT current_user").fetchone()

    assert role == ("pg_database_owner",)


def test_unknown_owner_is_refused(database):
    order = make_order({"V20261122_0900__add_t.sql": "CREATE TABLE t (id int);"}, role="nobody_here")

    with pytest.raises(TargetUnreachable, match='role "nobody_here" does not exist'), open_session(order, database):
        pass


@pytest.mark.parametrize(
    "conninfo",
    [
        "postgresql://runner:geh@eim@nohost.invalid/db",
        "postgresql//runner:geheim@127.0.0.1/db",
        "postgresql://runner:geheim%ZZ@127.0.0.1/db",
        "host=127.0.0.1 password=geh eim",
        "postgresql://runner:geheim@127.0.0.1:1/db",
        "postgresql://runner:geheim@127.0.0.1:port/db",
    ],
)
def test_unreachable_target_is_refused_without_a_word_of_the_connection_string(conninfo):
    with pytest.raises(TargetUnreachable) as refusal, open_session(ORDER, conninfo):
        pass

    assert "instabids_staging cannot be reached" in str(refusal.value)
    assert not re.search(r"geh|eim", repr(refusal.value))
    assert refusal.value.__context__ is None  # psycopg's own message can hold the password


def test_wrong_password_is_refused_with_the_servers_reason(database):
    wrong = database.replace(f":{conninfo_to_dict(database)['password']}@", ":geheim@")

    with pytest.raises(TargetUnreachable, match="password authentication failed") as refusal, open_session(ORDER, wrong):
        pass

    assert "geheim" not in str(refusal.value)


def test_read_only_target_is_refused(database):
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET default_transaction_read_only = on")

    with pytest.raises(TargetReadOnly, match="default_transaction_read_only is on"), open_session(ORDER, database):
        pass


def test_pooled_target_is_refused(database):
    with pooled(database) as url, pytest.raises(TargetPooled, match="Point the connection at the server itself"), open_session(ORDER, url):
        pass


def test_lock_is_the_one_that_flyway_takes():
    assert flyway.lock_key("public") == FLYWAY_KEY


def test_target_is_busy_while_flyway_works(database, impatient):
    with psycopg.connect(database, application_name="Flyway by Redgate") as flyways:
        flyways.execute("SELECT pg_advisory_xact_lock(%s)", [FLYWAY_KEY])

        with pytest.raises(TargetBusy, match="Flyway by Redgate") as refusal, open_session(ORDER, database):
            pass

        assert f"pid {flyways.info.backend_pid}" in refusal.value.holder


def test_flyway_is_kept_out_while_we_work(database):
    with open_session(ORDER, database), psycopg.connect(database) as flyways:
        taken = flyways.execute("SELECT pg_try_advisory_xact_lock(%s)", [FLYWAY_KEY]).fetchone()

    assert taken == (False,)


def test_second_run_learns_who_is_there(database, impatient):
    other = make_order({"V20261122_0910__add_u.sql": "CREATE TABLE u (id int);"})

    with open_session(ORDER, database), pytest.raises(TargetBusy, match=f"lockgate {ORDER.run}"), open_session(other, database):
        pass


def test_backend_of_an_earlier_attempt_is_found(database):
    with psycopg.connect(database, application_name=f"lockgate {ORDER.run}") as earlier, open_session(ORDER, database) as opened:
        found = previous_backend(opened)

        assert found == earlier.info.backend_pid
