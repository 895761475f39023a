import psycopg
import pytest

from governance.orders import Check, Moment, Question, Verdict
from runner.engine import ledger, verify
from runner.engine.session import open_session
from tests.runner.orders import make_order

BIDS = "CREATE TABLE bids (id int PRIMARY KEY, total int); INSERT INTO bids SELECT n, n FROM generate_series(1, 50000) AS n;"
SCRIPTS = {"V20261122_0900__add_t.sql": "CREATE TABLE t (id int);"}


@pytest.fixture
def session(make_database):
    with open_session(make_order(SCRIPTS, counted=("public.bids",)), make_database(BIDS)) as opened:
        ledger.create(opened)
        yield opened


def check(sql: str, expect: str, moment: Moment = Moment.AFTER) -> Check:
    return Check("totals", Question.ACCURACY, moment, sql, expect)


@pytest.mark.parametrize(
    ("sql", "expect", "verdict", "evidence"),
    [
        ("SELECT * FROM bids WHERE total < 0", "no rows", Verdict.PASSED, "0 rows"),
        ("SELECT * FROM bids WHERE total < 2", "no rows", Verdict.FAILED, "1 row"),
        ("SELECT * FROM bids", "rows", Verdict.PASSED, "50,000 rows"),
        ("SELECT * FROM bids WHERE total < 0", "rows", Verdict.FAILED, "0 rows"),
        ("SELECT sum(total) FROM bids", "value 1250025000", Verdict.PASSED, "1250025000"),
        ("SELECT sum(total) FROM bids", "value 7", Verdict.FAILED, "1250025000 instead of 7"),
        ("SELECT 1.50::numeric(5, 2)", "value 1.50", Verdict.PASSED, "1.50"),
        ("SELECT '100%' LIKE '100\\%'", "value t", Verdict.PASSED, "t"),
        ("SELECT * FROM nowhere", "no rows", Verdict.UNKNOWN, 'relation "nowhere" does not exist (42P01)'),
        ("DELETE FROM bids", "rows", Verdict.UNKNOWN, "cannot execute DELETE in a read-only transaction (25006)"),
    ],
)
def test_check_passes_when_the_answer_is_the_expected_one(session, sql, expect, verdict, evidence):
    [result] = verify.verify(session, [check(sql, expect)], {})

    assert (result.verdict, result.evidence) == (verdict, evidence)


def test_unchanged_compares_all_rows_with_those_before(session):
    totals = check("SELECT id, total FROM bids ORDER BY id", "unchanged")
    before = verify.baseline(session, [totals])

    [same] = verify.verify(session, [totals], before)
    session.connection.execute("UPDATE bids SET total = 0 WHERE id = 49999")
    [other] = verify.verify(session, [totals], before)

    assert (same.verdict, same.evidence) == (Verdict.PASSED, "50,000 rows before, 50,000 rows after")
    assert (other.verdict, other.evidence) == (Verdict.FAILED, "50,000 rows before, 50,000 rows after, other content")


def test_counted_tables_keep_their_rows(session):
    before = verify.keep_baseline(session)
    checks = verify.at(Moment.AFTER, session.order)

    [same] = verify.verify(session, checks, before)
    session.connection.execute("DELETE FROM bids WHERE id <= 2")
    [fewer] = verify.verify(session, checks, before)

    assert (same.verdict, same.evidence) == (Verdict.PASSED, "50,000 before, 50,000 after")
    assert (fewer.verdict, fewer.evidence) == (Verdict.FAILED, "50,000 before, 49,998 after")
    assert same.question is Question.COMPLETENESS


def test_baseline_of_the_first_attempt_is_the_one_that_counts(session):
    verify.keep_baseline(session)
    session.connection.execute("DELETE FROM bids WHERE id <= 2")

    before = verify.keep_baseline(session)

    assert str(before["rows of public.bids"]) == "50,000"


def test_check_inside_a_transaction_sees_it_and_leaves_it_alone(session):
    checks = [check("SELECT 1 FROM bids WHERE total < 0", "rows"), check("SELECT nothing", "rows")]

    with session.connection.transaction():
        session.connection.execute("UPDATE bids SET total = -1 WHERE id = 1")
        [result, unknown] = verify.verify(session, checks, {})
        session.connection.execute("UPDATE bids SET total = -1 WHERE id = 2")

    assert (result.verdict, unknown.verdict) == (Verdict.PASSED, Verdict.UNKNOWN)
    assert session.connection.execute("SELECT count(*) FROM bids WHERE total < 0").fetchone() == (2,)


def test_slow_check_is_unknown(session):
    session.prepare(0.2, 0.1)

    [result] = verify.verify(session, [check("SELECT pg_sleep(5)", "rows")], {})

    assert result.verdict is Verdict.UNKNOWN
    assert "57014" in result.evidence


def test_lost_connection_is_not_an_answer(session, database):
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [session.pid])

    with pytest.raises(psycopg.OperationalError):
        verify.verify(session, [check("SELECT 1", "rows")], {})
