"""Built-in checks on a live server: what would be refused, plans, two tables, and the service behind the database."""

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import psycopg
import pytest

from governance.orders import Check, Moment, Question, Severity, Verdict
from governance.validation import Builtin, parse_checks
from governance.validation.uses import make, read_use
from runner.engine import verify
from runner.engine.session import open_session
from runner.engine.verify.service import NotAsked, get
from tests.runner.orders import make_order

SCHEMA = """
CREATE TABLE projects (id int PRIMARY KEY);
CREATE DOMAIN price AS numeric(12, 3);
CREATE TABLE bids (tenant int, id int, project_id int, amount price, said text, at timestamp, PRIMARY KEY (tenant, id));
INSERT INTO projects SELECT n FROM generate_series(1, 10) AS n;
INSERT INTO bids SELECT 1, n, 1 + n % 10, n + 0.5, n::text, '2026-01-01'::timestamp + n * interval '1 day'
FROM generate_series(1, 2000) AS n;
INSERT INTO bids VALUES (2, 1, 99, -4.125, 'a lot', NULL), (2, 2, 99, NULL, '2026-02-30', NULL);
CREATE TABLE copies (LIKE bids INCLUDING ALL);
INSERT INTO copies SELECT * FROM bids;
CREATE INDEX bids_project ON bids (project_id);
ANALYZE;
"""
SCRIPTS = {"V20261122_0900__add_t.sql": "CREATE TABLE t (id int);"}


@pytest.fixture
def session(make_database):
    with open_session(make_order(SCRIPTS), make_database(SCHEMA)) as opened:
        yield opened


def found(session, text, before=None):
    [result] = verify.verify(session, [read_use(text)], before or {})
    return result


@pytest.mark.parametrize(
    ("use", "sample"),
    [
        ("refused null of public.bids (amount)", ("2, 2",)),
        ("refused check of public.bids: amount > 0", ("2, 1",)),
        ("refused type of public.bids: amount as numeric(6,2)", ("2, 1",)),
        ("refused type of public.bids: said as varchar(4)", ("2, 1", "2, 2")),
        ("refused type of public.bids: said as date", None),
        ("refused type of public.bids: said as bigint", ("2, 1", "2, 2")),
        ("orphans of public.bids (project_id) in public.projects (id)", ("2, 1", "2, 2")),
        ("duplicates of public.bids (id)", ("1, 1", "1, 2", "2, 1", "2, 2")),
        ("transformed public.bids: said = id::text", ("2, 1", "2, 2")),
    ],
)
def test_rows_that_would_be_refused_are_named_before_the_change(session, use, sample):
    result = found(session, use)

    assert result.verdict is Verdict.FAILED, result.evidence
    assert sample is None or sorted(result.sample) == sorted(sample)
    assert result.sql


@pytest.mark.parametrize(
    "use",
    [
        "refused null of public.bids (said)",
        "refused check of public.bids: amount > -5",
        "refused type of public.bids: amount as numeric(12,3)",
        "refused type of public.bids: id as bigint",
        "refused type of public.bids: at as timestamptz",
        "duplicates of public.bids (tenant, id)",
        "transformed public.bids: tenant = CASE WHEN tenant = 1 THEN 1 ELSE 2 END",
    ],
)
def test_rows_that_fit_are_not_refused(session, use):
    assert found(session, use).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("use", "why"),
    [
        ("rows of public.nothing", "there is no table public.nothing"),
        ("checksum of public.bids without nothing", "public.bids has no column nothing"),
        ("sequences of public.bids", "public.bids has no sequence"),
    ],
)
def test_what_cannot_be_asked_is_unknown_and_says_why(session, use, why):
    before = verify.baseline(session, [read_use(use)])

    result = found(session, use, before)

    assert result.verdict is Verdict.UNKNOWN
    assert why in result.evidence or "not known" in result.evidence


def test_two_tables_are_compared_down_to_the_row(session):
    same = "same public.bids as public.copies"
    equal = found(session, same)
    session.connection.execute("UPDATE copies SET said = 'x' WHERE (tenant, id) = (1, 777); DELETE FROM copies WHERE (tenant, id) = (2, 1)")

    result = found(session, same)

    assert (equal.verdict, equal.evidence) == (Verdict.PASSED, "2,002 rows in both, none differs")
    assert (result.verdict, result.sample) == (Verdict.FAILED, ("1, 777", "2, 1"))
    assert "1 differ, 1 only in public.bids, 0 only in public.copies" in result.evidence


def test_a_plan_that_became_worse_is_named_with_the_rows_at_which_it_was_measured(session):
    [canary] = parse_checks(
        "C1.sql", "-- check: list\n-- use: canary\n-- expect: no slower than 1x\nSELECT * FROM bids WHERE project_id = 99"
    )
    before = verify.baseline(session, [canary])
    [same] = verify.verify(session, [replace(canary, expect="no slower than 50x")], before)
    session.connection.execute("DROP INDEX bids_project")

    [worse] = verify.verify(session, [canary], before)

    assert same.verdict is Verdict.PASSED
    assert (worse.verdict, worse.question) == (Verdict.FAILED, Question.PERFORMANCE)
    assert "at 2,002 rows" in worse.evidence
    assert "using bids_project on public.bids became Seq Scan on public.bids" in worse.evidence


def test_values_that_moved_as_a_whole_are_a_warning(session):
    spread = make(Builtin.DISTRIBUTION, "public.bids", ("amount", "said"))
    before = verify.baseline(session, [spread])
    [still] = verify.verify(session, [spread], before)
    session.connection.execute("UPDATE bids SET amount = 1")

    [moved] = verify.verify(session, [spread], before)

    assert still.verdict is Verdict.PASSED
    assert (moved.verdict, moved.severity) == (Verdict.FAILED, Severity.WARNING)
    assert "amount: effect large" in moved.evidence
    assert verify.first_wrong([moved]) is None


def test_a_check_that_needs_sessions_of_its_own_says_so_inside_a_transaction(session):
    checksum = Check("c", Question.ACCURACY, Moment.IN_TRANSACTION, "", "unchanged", builtin=Builtin.CHECKSUM, table="public.bids")

    with session.connection.transaction():
        [result] = verify.verify(session, [checksum], {})

    assert result.verdict is Verdict.UNKNOWN
    assert "sessions of its own" in result.evidence


def test_rows_that_row_security_hides_make_a_checksum_unknown(make_database):
    url = make_database(SCHEMA)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "DROP ROLE IF EXISTS half_blind; CREATE ROLE half_blind; GRANT SELECT ON bids TO half_blind;"
            "ALTER TABLE bids ENABLE ROW LEVEL SECURITY; CREATE POLICY seen ON bids USING (tenant = 1); SET ROLE half_blind"
        )
        asked = type("Asked", (), {"connection": connection})()
        checksum = make(Builtin.CHECKSUM, "public.bids")

        [result] = verify.verify(asked, [checksum], verify.baseline(asked, [checksum]))

        connection.execute("RESET ROLE; DROP OWNED BY half_blind; DROP ROLE half_blind")
    assert result.verdict is Verdict.UNKNOWN


class Service(BaseHTTPRequestHandler):
    def do_GET(self):
        status = {"/health": 200, "/gone": 302}.get(self.path, 500)
        self.send_response(status)
        self.send_header("Location", "http://169.254.169.254/secret")
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')

    def log_message(self, *_given):
        pass


@pytest.fixture(scope="module")
def service():
    server = HTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("use", "verdict", "evidence"),
    [
        ("http /health expecting 200 containing ok", Verdict.PASSED, "“ok” is there"),
        ("http /health expecting 200 containing gone", Verdict.FAILED, "“gone” is not there"),
        ("http /broken expecting 200", Verdict.FAILED, "500 in "),
        ("http /gone expecting 302", Verdict.PASSED, "302 in "),
    ],
)
def test_the_service_is_asked_from_end_to_end(make_database, service, use, verdict, evidence):
    with open_session(make_order(SCRIPTS, service=service), make_database(SCHEMA)) as session:
        result = found(session, use, verify.baseline(session, [read_use(use)]))

    assert result.verdict is verdict
    assert evidence in result.evidence


def test_a_service_without_an_address_is_unknown_and_says_what_to_set(session):
    result = found(session, "http /health")

    assert result.verdict is Verdict.UNKNOWN
    assert "INSTABIDS_STAGING_SERVICE" in result.evidence


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("http://169.254.169.254", "/latest/meta-data"),
        ("http://[::ffff:169.254.169.254]", "/"),
        ("http://0.0.0.0", "/"),
        ("ftp://example.com", "/"),
        ("http://user:word@127.0.0.1", "/"),
        ("http://127.0.0.1", "//example.com/"),
        ("http://127.0.0.1:1", "/health"),
    ],
)
def test_where_no_service_of_ours_can_be_is_not_opened(address, path):
    with pytest.raises(NotAsked):
        get(address, path)
