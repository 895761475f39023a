"""The version column of a table, on a real server."""

import psycopg
import pytest
from django.core.management import call_command

from governance.errors import BadInput
from governance.matrix.row_versions import VersionColumn
from governance.validation import parse_checks
from governance.versions import read_script


@pytest.fixture
def table(make_database):
    with psycopg.connect(
        make_database("CREATE TABLE bids (id int); INSERT INTO bids SELECT generate_series(1, 3)"), autocommit=True
    ) as connection:
        yield connection


def test_rows_that_were_left_behind_are_counted_by_the_check(table):
    first, second = VersionColumn("public.bids", 1), VersionColumn("public.bids", 2)
    both = VersionColumn("public.bids", 2, oldest=1)

    table.execute(first.forward)
    at_first = table.execute(first.check.sql).fetchall()
    table.execute(second.forward)
    table.execute("INSERT INTO bids (id) VALUES (4)")
    behind, understood = table.execute(second.check.sql).fetchall(), table.execute(both.check.sql).fetchall()
    table.execute("UPDATE bids SET row_version = 2")
    raised = table.execute(second.check.sql).fetchall()

    assert (at_first, behind, understood, raised) == ([], [(1, 3)], [], [])


def test_the_way_back_undoes_it(table):
    first, second = VersionColumn("public.bids", 1), VersionColumn("public.bids", 2)

    for statement in (first.forward, second.forward, second.rollback):
        table.execute(statement)
    table.execute("INSERT INTO bids (id) VALUES (4)")
    versions = table.execute("SELECT DISTINCT row_version FROM bids").fetchall()
    table.execute(first.rollback)

    assert versions == [(1,)]
    assert table.execute("SELECT count(*) FROM pg_attribute WHERE attname = 'row_version'").fetchone() == (0,)


def test_command_writes_a_pair_and_a_check_that_the_portal_reads(tmp_path):
    call_command("version_column", "public.bids", "--newest", "2", "--oldest", "1", "--folder", str(tmp_path), verbosity=0)

    check, rollback, forward = (read_or_check(path) for path in sorted(tmp_path.iterdir()))
    assert [each.name for each in check] == ["rows of public.bids are at versions 1 to 2"]
    assert (forward.version, forward.kind) == (rollback.version, "forward")


def read_or_check(path):
    text = path.read_text()
    return parse_checks(path.name, text) if path.name.startswith("C") else read_script(path.name, text)


@pytest.mark.parametrize(
    "given", [("bids", 1), ("public.bids; DROP TABLE x", 1), ("public.bids", 0), ("public.bids", 40_000), ("public.bids", 1, 2)]
)
def test_what_is_no_table_or_no_version_is_refused(given):
    with pytest.raises(BadInput):
        VersionColumn(*given)
