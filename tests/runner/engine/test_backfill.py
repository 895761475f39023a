"""Statements in batches: each row once, whatever happens between two of them."""

import threading
from dataclasses import replace

import psycopg
import pytest

from governance.orders import RunKind, RunStatus, StepStatus, Wish
from runner.engine import backfill, sweep
from runner.engine.execute import execute
from runner.engine.images import rollback_scripts
from tests.runner.orders import QUICK, Portal, make_order

NAME = "V20261122_0900__fill.sql"
COUNTED = """
ALTER TABLE users ADD COLUMN length int;
ALTER TABLE users ADD COLUMN written int NOT NULL DEFAULT 0;
CREATE FUNCTION count_writes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.written := OLD.written + 1; RETURN NEW; END $$;
CREATE TRIGGER writes BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION count_writes();
"""
SLEEPING = """
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END $$;
"""
SNEAKING = """
CREATE FUNCTION sneak() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO users VALUES (-NEW.id, 'x'); RETURN NEW; END $$;
CREATE TRIGGER sneak AFTER UPDATE ON users FOR EACH ROW WHEN (NEW.id > 900) EXECUTE FUNCTION sneak();
"""
FILL = "UPDATE users SET length = length(name);"


THINGS = """
CREATE TABLE things AS
SELECT gen_random_uuid() AS u,
       (ARRAY['x', '100%', 'it''s'])[1 + n % 3] AS tenant, n AS id, now() + n * interval '1us' AS "a T", n AS a, NULL::int AS b
FROM generate_series(1, 300) AS n;
ALTER TABLE things ALTER id SET NOT NULL, ALTER tenant SET NOT NULL;
"""
PARTITIONED = """
ALTER TABLE things RENAME TO given;
CREATE TABLE things (LIKE given, PRIMARY KEY (tenant, id)) PARTITION BY LIST (tenant);
CREATE TABLE crossed PARTITION OF things FOR VALUES IN ('x');
CREATE TABLE others PARTITION OF things DEFAULT;
INSERT INTO things SELECT * FROM given;
"""


def order(text, options="", **changes):
    return make_order({NAME: f"-- lockgate: batched {options}\n{text}"}, **changes)


@pytest.fixture
def counted(target):
    """The users with an empty column, and a count of how often each was written."""
    target.execute(COUNTED)
    return target


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(sweep, "FIRST_SIZE", 20)


def done(connection):
    query = "SELECT count(*) FILTER (WHERE length = length(name)), min(written), max(written) FROM users"
    return connection.execute(query).fetchone()


def batches(connection):
    return connection.execute("SELECT count(*), sum(rows)::int, count(DISTINCT xid), count(DISTINCT pass) FROM lockgate.batch").fetchone()


def test_every_row_is_written_once_in_many_transactions_and_a_last_look_finds_nothing(users, counted, small):
    outcome = execute(order(FILL, "max_rows=100"), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert done(counted) == (1000, 1, 1)
    assert outcome.steps[0].rows == 1000
    number, rows, transactions, passes = batches(counted)
    assert (rows, transactions, passes) == (1000, number, 1)
    assert number > 10


def test_sizes_grow_to_the_target_and_never_over_the_bound(users, counted, small):
    execute(order(FILL, "max_rows=150 target=1s"), users, Portal())

    sizes = counted.execute("SELECT size FROM lockgate.batch WHERE pass = 1 ORDER BY number").fetchall()
    assert [size for (size,) in sizes[:5]] == [20, 40, 80, 150, 150]


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("ALTER TABLE things ADD PRIMARY KEY (u)", ""),
        ("ALTER TABLE things ADD PRIMARY KEY (tenant, id)", ""),
        (
            'CREATE UNIQUE INDEX ON things ("a T"); ALTER TABLE things ALTER "a T" SET NOT NULL',
            "",
        ),
        ("ALTER TABLE things ADD PRIMARY KEY (u), ADD UNIQUE (id, tenant)", "key=tenant,id"),
        (PARTITIONED, ""),
    ],
)
def test_any_unique_key_will_do(users, target, small, table, key):
    target.execute(THINGS + table)

    outcome = execute(order("UPDATE things SET b = a % 7 WHERE a <> 5;", f"max_rows=50 {key}"), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert target.execute("SELECT count(*), count(*) FILTER (WHERE b = a % 7) FROM things").fetchone() == (300, 299)
    assert batches(target)[1] == 299


def test_table_without_a_unique_key_is_refused_before_anything_is_written(users, target):
    target.execute("CREATE TABLE loose AS SELECT 1 AS a, NULL::int AS b")

    outcome = execute(order("UPDATE loose SET b = a;"), users, Portal())

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert '"loose" has no unique key whose columns are all NOT NULL' in outcome.message


def test_insert_from_a_source_in_batches_and_again_for_rows_that_came_behind_the_cursor(users, target, small):
    target.execute("CREATE TABLE names (id int PRIMARY KEY, name text)")
    text = "INSERT INTO names SELECT u.id, upper(u.name) FROM users AS u WHERE u.id > 0 ON CONFLICT DO NOTHING;"

    outcome = execute(order(text, "max_rows=100"), users, _Meanwhile(target, "INSERT INTO users VALUES (1001, 'late')"))

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert target.execute("SELECT count(*) FROM names").fetchone() == (1001,)
    assert outcome.steps[0].rows == 1001


class _Meanwhile(Portal):
    """Somebody else's statement between the first word of the runner and the next."""

    def __init__(self, connection, statement):
        super().__init__()
        self.connection, self.statement = connection, statement

    def __call__(self, step):
        if not self.told:
            self.connection.execute(self.statement)
        return super().__call__(step)


def test_rows_inserted_behind_the_cursor_are_not_missed(users, target, small):
    target.execute("ALTER TABLE users ADD COLUMN length int")
    target.execute(
        "CREATE FUNCTION sneak() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO users VALUES (-NEW.id, 'x'); RETURN NEW; END $$"
    )
    target.execute("CREATE TRIGGER sneak AFTER UPDATE ON users FOR EACH ROW WHEN (NEW.id > 900) EXECUTE FUNCTION sneak()")

    outcome = execute(order(FILL, "max_rows=100"), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert target.execute("SELECT count(*), count(length) FROM users").fetchone() == (1100, 1100)
    assert target.execute("SELECT pass, sum(rows)::int FROM lockgate.batch GROUP BY 1 ORDER BY 1").fetchall() == [
        (1, 1000),
        (2, 100),
    ]


def test_table_that_takes_long_to_look_through_ends_with_a_pass_that_finds_nothing(users, target, small, monkeypatch):
    monkeypatch.setattr(backfill, "LOOKED", 0.001)
    target.execute("ALTER TABLE users ADD COLUMN length int")
    slow = "UPDATE users SET length = length(name) WHERE CASE WHEN pg_sleep(0.0001) IS NULL THEN true ELSE length IS NULL END;"

    outcome = execute(order(slow, "max_rows=100 guard=where"), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert target.execute("SELECT pass, sum(rows)::int FROM lockgate.batch GROUP BY 1 ORDER BY 1").fetchall() == [(1, 1000), (2, 0)]


def test_statement_that_would_be_true_again_is_refused_with_nothing_written(users, target):
    target.execute("ALTER TABLE users ADD COLUMN points int DEFAULT 1")

    outcome = execute(order("UPDATE users SET points = points + 1;"), users, Portal())

    assert outcome.status is RunStatus.FAILED_CLEAN, outcome.message
    assert "cannot be told from rows that are still to do" in outcome.message
    assert target.execute("SELECT min(points), max(points) FROM users").fetchone() == (1, 1)


def test_where_that_ends_with_the_change_makes_any_assignment_safe(users, target, small):
    target.execute("ALTER TABLE users ADD COLUMN points int DEFAULT 1, ADD COLUMN doubled boolean")

    outcome = execute(order("UPDATE users SET points = points * 2, doubled = true WHERE doubled IS NULL;", "guard=where"), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert target.execute("SELECT min(points), max(points) FROM users").fetchone() == (2, 2)


def test_rounding_to_the_columns_type_is_done(users, target):
    target.execute("ALTER TABLE users ADD COLUMN share numeric(6, 2)")

    outcome = execute(order("UPDATE users SET share = id / 3.0;"), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert target.execute("SELECT share::text FROM users WHERE id = 1").fetchone() == ("0.33",)


def test_two_workers_share_the_table(users, counted, small):
    counted.execute("ANALYZE users")

    outcome = execute(order(FILL, "max_rows=40 workers=2"), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert done(counted) == (1000, 1, 1)
    lanes = counted.execute(
        "SELECT lane, sum(rows)::int, count(DISTINCT backend_pid) FROM lockgate.batch WHERE pass = 1 GROUP BY 1 ORDER BY 1"
    )
    assert lanes.fetchall() == [(1, 500, 1), (2, 500, 1)]


def slowly(connection, condition="true"):
    connection.execute(f"{SLEEPING} CREATE TRIGGER slow BEFORE UPDATE ON users FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION slowly()")


class _Wanting(Portal):
    """Wants something as soon as some rows are done."""

    def __init__(self, wish):
        super().__init__()
        self.wish = wish

    def __call__(self, step):
        super().__call__(step)
        return self.wish if step.progress and step.progress.rows and step.status is StepStatus.RUNNING else Wish.NONE


@pytest.mark.parametrize(
    ("wish", "status", "said"),
    [
        (Wish.PAUSE, RunStatus.PAUSED, "Paused between two batches"),
        (Wish.STOP, RunStatus.FAILED_DIRTY, "Stopped on request. Partly applied"),
    ],
)
def test_run_ends_between_two_batches_when_a_person_wants_it_and_goes_on_later(users, counted, small, wish, status, said):
    slowly(counted)
    fill = order(FILL, "max_rows=40")

    ended = execute(fill, users, _Wanting(wish))
    half = done(counted)
    counted.execute("DROP TRIGGER slow ON users")
    resumed = execute(fill, users, Portal())

    assert ended.status is status, ended.message
    assert said in ended.message
    assert 0 < half[0] < 1000
    assert resumed.status is RunStatus.SUCCEEDED, resumed.message
    assert done(counted) == (1000, 1, 1)
    assert resumed.steps[0].rows == 1000


def test_new_run_goes_on_where_an_earlier_one_stopped(users, counted, small):
    slowly(counted)
    first = order(FILL, "max_rows=40")
    execute(first, users, _Wanting(Wish.STOP))
    counted.execute("DROP TRIGGER slow ON users")

    outcome = execute(replace(first, run="later", earlier=(first.run,)), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert done(counted) == (1000, 1, 1)
    assert counted.execute("SELECT count(DISTINCT run), count(DISTINCT backfill) FROM lockgate.batch").fetchone() == (2, 1)


def test_progress_says_how_far_it_is(users, counted, small):
    counted.execute("ANALYZE users")
    slowly(counted)
    portal = Portal()

    execute(order(FILL, "max_rows=40"), users, portal)

    told = [step.progress for step in portal.told if step.progress and step.progress.pass_number == 1]
    assert len(told) > 2
    assert [progress.rows for progress in told] == sorted(progress.rows for progress in told)
    assert told[-1].total == 1000
    assert told[-1].rate > 0
    assert 0 < told[-1].batch <= 40


def test_batch_that_takes_too_long_is_tried_again_with_half_the_rows(users, counted, small, monkeypatch):
    monkeypatch.setattr(sweep, "SHORTEST_TIMEOUT", 0.03)
    slowly(counted, "NEW.id <= 40")

    outcome = execute(order(FILL, "max_rows=20 target=1ms", limits=replace(QUICK, attempts=100)), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert done(counted) == (1000, 1, 1)
    assert counted.execute("SELECT size < 20 FROM lockgate.batch WHERE pass = 1 AND number = 1").fetchone() == (True,)


def test_row_that_a_client_holds_is_waited_for_in_short_attempts(users, counted, small):
    outcomes = []
    with psycopg.connect(users) as client:
        client.execute("SELECT FROM users WHERE id = 500 FOR UPDATE")
        limits = replace(QUICK, lock_timeout=0.1, attempts=50)
        run = threading.Thread(target=lambda: outcomes.append(execute(order(FILL, "max_rows=100", limits=limits), users, Portal())))
        run.start()
        run.join(1)
        client.rollback()
    run.join()

    assert outcomes[0].status is RunStatus.SUCCEEDED, outcomes[0].message
    assert done(counted) == (1000, 1, 1)


def test_before_images_are_kept_and_undo_the_change(users, counted, small):
    counted.execute("UPDATE users SET length = -id WHERE id % 2 = 0")
    fill = order(FILL, "max_rows=100 before-images")

    outcome = execute(fill, users, Portal())
    undo = undo_script(counted, fill)
    back = execute(make_order({"V20261122_0910__undo.sql": undo}), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert "-- lockgate: batched" in undo
    assert back.status is RunStatus.SUCCEEDED, back.message
    assert counted.execute("SELECT count(*) FILTER (WHERE length = -id), count(length) FROM users").fetchone() == (500, 500)


def undo_script(connection, fill):
    [text] = rollback_scripts(connection, fill.run)
    return text


def test_dry_run_plans_it_and_executes_nothing(users, counted):
    outcome = execute(order(FILL, kind=RunKind.DRY_RUN), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert outcome.steps[0].note == "not executed: it runs in transactions of its own, batch by batch; it can be planned"
    assert counted.execute("SELECT to_regnamespace('lockgate')").fetchone() == (None,)
    assert done(counted)[0] == 0


def test_empty_table_needs_no_batch(users, target):
    target.execute("CREATE TABLE nothing (id int PRIMARY KEY, a int)")

    outcome = execute(order("UPDATE nothing SET a = 1;"), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert outcome.steps[0].rows == 0


def test_it_rests_while_somebody_waits_for_a_lock_on_its_table(users, counted, small):
    slowly(counted)
    with psycopg.connect(users) as holder, psycopg.connect(users, autocommit=True, application_name="migration") as waiter:
        wanting = threading.Thread(target=waiter.execute, args=["ALTER TABLE users ADD COLUMN more int"])
        portal = Portal()

        def crowd(step):
            portal(step)
            if step.progress and not wanting.ident:
                holder.execute("SELECT FROM users LIMIT 1")
                wanting.start()
            if step.progress and step.progress.throttled:
                holder.rollback()
            return Wish.NONE

        outcome = execute(order(FILL, "max_rows=40", limits=replace(QUICK, attempts=100)), users, crowd)
        wanting.join()

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert done(counted) == (1000, 1, 1)
    assert any(step.note.startswith("rests: migration (pid") for step in portal.told)


def test_it_rests_while_the_server_writes_too_much(users, counted, small):
    """And for as long as others do, who write on the tests' server too: so it is stopped, and goes on without the bound."""
    slowly(counted)
    portal = Portal()
    wanted = order(FILL, "max_rows=200", limits=replace(QUICK, wal_rate=1000))

    def impatient(step):
        portal(step)
        return Wish.STOP if step.note.startswith("rests: the server writes") else Wish.NONE

    stopped = execute(wanted, users, impatient)
    outcome = execute(order(FILL, "max_rows=200", limits=QUICK), users, Portal())

    assert "Stopped on request." in stopped.message
    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert done(counted) == (1000, 1, 1)


def test_it_rests_while_clients_are_slow(users, counted, small):
    portal = Portal()

    def impatient(step):
        portal(step)
        return Wish.STOP if sum(bool(each.progress) for each in portal.told) == 2 else Wish.NONE

    outcome = execute(order(FILL, limits=replace(QUICK, probe_latency=0.0)), users, impatient)

    assert outcome.status is RunStatus.FAILED_CLEAN, outcome.message
    assert "Stopped on request." in outcome.message
    assert any('rests: a query on "users" takes' in step.note for step in portal.told)
    assert done(counted)[0] == 0


def test_batch_whose_rows_somebody_changes_meanwhile_is_tried_again(users, counted, small):
    """Its before-images have to be those of the rows that it changes."""
    slowly(counted)
    changed = []

    def portal(step):
        if step.progress and not changed:
            for number in range(50):
                changed.append(target_of(counted, 1000 - number))
        return Wish.NONE

    outcome = execute(order(FILL, "max_rows=1000 target=1s before-images", limits=replace(QUICK, attempts=100)), users, portal)

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    images = counted.execute("SELECT count(*), count(DISTINCT key) FROM lockgate.before_image").fetchone()
    assert images == (1000, 1000)
    assert counted.execute("SELECT count(*) FROM users WHERE length = length(name)").fetchone() == (1000,)
    assert max(written for (written,) in changed) == 2 or len(changed) == 50


def target_of(connection, number):
    return connection.execute("UPDATE users SET name = name || '!' WHERE id = %s RETURNING written", [number]).fetchone()
