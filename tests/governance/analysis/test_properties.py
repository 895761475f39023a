"""What holds for any text. `make properties` tries many more examples than the suite."""

import os
import re
from datetime import timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from governance.analysis import Analysis, Change, analyse
from governance.analysis.psql import LEXEME
from governance.analysis.reading import read_any
from governance.orders import ScriptKind
from runner.analysing.report import reports
from runner.analysing.sources import Source
from tests.governance.analysis.samples import FACTS

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "40"))
many = settings(
    max_examples=EXAMPLES, deadline=timedelta(seconds=5), derandomize=EXAMPLES < 100, database=None, suppress_health_check=list(HealthCheck)
)
STATEMENTS = (
    "CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL DEFAULT 'a;b', user_id bigint REFERENCES users (id))",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one ON bids (status, amount) WHERE amount > 0",
    "ALTER TABLE bids ADD COLUMN level integer CHECK (level > 0), ALTER COLUMN amount TYPE bigint USING amount::bigint",
    "ALTER TABLE bids ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID",
    "ALTER TABLE bids VALIDATE CONSTRAINT bids_user_fk",
    "DROP TABLE IF EXISTS bids CASCADE",
    "UPDATE bids SET status = 'é' FROM users WHERE users.id = bids.user_id",
    "INSERT INTO settings VALUES ('a', $$x;y$$)",
    "GRANT SELECT ON bids TO PUBLIC",
    "DO $$ BEGIN IF true THEN DROP INDEX bids_users; END IF; END $$",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END",
    "ALTER TYPE mood ADD VALUE 'sad' BEFORE 'ok'",
    "CREATE POLICY own ON bids USING (user_id = 1)",
    "REFRESH MATERIALIZED VIEW totals",
    "TRUNCATE users CASCADE",
    "BEGIN",
    "COMMIT",
    "VACUUM FULL bids",
    "CREATE VIEW v AS SELECT * FROM bids JOIN users ON users.id = user_id",
)
WORDS = sorted({word for statement in STATEMENTS for word in re.findall(r"\w+|[^\w\s]+", statement)})
sql = st.sampled_from(STATEMENTS)
trivia = st.sampled_from([" ", "\n", "\t", "\r\n", " -- a; comment 'x\n", " /* ; ' */ ", "\n\n", " /* a /* nested */ one */ "])
MARKS = ["'", '"', "$$", "--", "/*", "*/", "\\", ";", "\n", "\\i x\n", "é", "\0", "E'"]
salad = st.lists(st.sampled_from([*WORDS, *MARKS]), max_size=25).map(" ".join)
anything = st.text(max_size=120) | salad | st.lists(sql, max_size=4).map(";\n".join)


def _analysed(text: str, kind: ScriptKind = ScriptKind.FORWARD) -> Analysis:
    return analyse(Change((read_any("x.sql", text, kind).script,), guarded=False), FACTS)


@many
@given(anything)
@example("copy bids from stdin;\n1\n")
@example("create function f() returns int language plpgsql as 'begin")
@example("do $$ begin if $$")
@example("-- lockgate: allow x because")
def test_any_text_is_judged_and_nothing_unexpected_is_raised(text):
    (report,) = reports([Source("x.sql", text.encode("utf-8", "surrogatepass"))], FACTS, guarded=False)

    assert all(finding.line >= 1 and finding.column >= 1 for finding in report.findings)


@many
@given(st.binary(max_size=120))
def test_any_bytes_are_judged(data):
    (report,) = reports([Source("x.sql", data)], None, guarded=False)

    assert report.path == "x.sql"


@many
@given(st.lists(sql, min_size=1, max_size=3), st.lists(sql, max_size=3))
def test_any_pair_of_scripts_is_judged(forward, back):
    scripts = (
        read_any("x.up.sql", ";\n".join(forward)).script,
        read_any("x.down.sql", ";\n".join(back), ScriptKind.ROLLBACK).script,
    )

    analysis = analyse(Change(scripts), FACTS)

    assert {finding.script for finding in analysis.findings} <= {"x.up.sql", "x.down.sql"}


@many
@given(st.lists(st.tuples(trivia, sql, trivia), max_size=6))
def test_splitting_loses_no_byte(parts):
    text = ";".join(f"{before}{statement}{after}" for before, statement, after in parts)
    lines = text.split("\n")

    found = read_any("x.sql", text).script.statements

    rest, at = [], 0
    for statement in found:
        start = sum(len(line) + 1 for line in lines[: statement.line - 1]) + statement.column - 1
        assert text[start : start + len(statement.text)] == statement.text
        rest.append(text[at:start])
        at = start + len(statement.text)
    between = "".join([*rest, text[at:]])
    assert LEXEME.sub(lambda match: "" if match.lastgroup in ("comment", "end") else match[0], _unnested(between)).strip() == ""


def _unnested(text: str) -> str:
    return text.replace("/* a /* nested */ one */", "")


@many
@given(sql, trivia, trivia, st.sampled_from([str.upper, str.lower, str.swapcase]))
def test_class_category_and_findings_do_not_depend_on_case_comments_or_layout(statement, before, between, cased):
    laid_out = before + "".join(between if found == " " else found for found in _cased(statement, cased)) + before

    plain, other = _analysed(statement), _analysed(laid_out)

    assert (other.change_class, other.category, other.bump) == (plain.change_class, plain.category, plain.bump)
    assert [found.code for found in other.findings] == [found.code for found in plain.findings]
    assert [report.locks for report in other.statements] == [report.locks for report in plain.statements]


def _cased(statement, cased):
    """Words in another case and blanks apart; what is quoted stays."""
    for part in re.split(r"('[^']*'|\$\$.*?\$\$|\s)", statement):
        yield part if part[:1] in ("'", "$") else cased(part)
