"""What leads out of the database to the machine of its server."""

import pytest

from governance.analysis import Change, analyse
from governance.versions import read_script

CODE = "reaches-the-server"
REACHES = [
    "COPY bids FROM PROGRAM 'id'",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "COPY bids TO '/tmp/bids'",
    "DO $$ BEGIN EXECUTE 'COPY bids FROM ' || 'x'; COPY bids TO PROGRAM 'id'; END $$",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'return 1'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE C AS 'x', 'y'",
    "DO LANGUAGE plperlu 'x'",
    "CREATE EXTENSION file_fdw",
    "LOAD 'x'",
]
STAYS = [
    "COPY bids TO STDOUT",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END",
    "DO $$ BEGIN PERFORM 1; END $$",
    "CREATE EXTENSION citext",
]


def codes(name: str, sql: str) -> set[str]:
    analysis = analyse(Change((read_script(name, f"-- Purpose: a test\n-- Impact: none\n{sql};\n"),)), None)
    return {finding.code for finding in analysis.findings if finding.code in analysis.blocking}


@pytest.mark.parametrize("sql", REACHES)
def test_what_reaches_the_server_blocks_forward_and_back(sql):
    assert CODE in codes("V20260101_0900__x.sql", sql)
    assert CODE in codes("R20260101_0900__rollback_x.sql", sql)


@pytest.mark.parametrize("sql", STAYS)
def test_what_stays_in_the_database_does_not(sql):
    assert CODE not in codes("V20260101_0900__x.sql", sql)
