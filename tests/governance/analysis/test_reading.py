"""Texts of any origin: what cannot be understood is named where it stands, and the rest is read nevertheless."""

import pytest

from governance.analysis.reading import MOST_ERRORS, read_any
from governance.analysis.rule import Level


def _codes(text):
    return [(finding.code, finding.line, finding.column) for finding in read_any("x.sql", text).findings]


def _statements(text):
    return [(statement.text, statement.line, statement.column) for statement in read_any("x.sql", text).script.statements]


def test_statements_around_an_error_are_read_where_they_stand():
    text = "SELECT 1;\nselec 2;\n  SELECT 'é'; selec 3;\nSELECT 4"

    assert _codes(text) == [("syntax-error", 2, 1), ("syntax-error", 3, 15)]
    assert _statements(text) == [("SELECT 1", 1, 1), ("SELECT 'é'", 3, 3), ("SELECT 4", 4, 1)]


def test_body_with_semicolons_survives_an_error_elsewhere():
    text = "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;\nselec;"

    assert [line for _, line, _ in _statements(text)] == [1]


def test_text_without_an_end_is_one_error():
    assert _codes("SELECT 1; SELECT 'open") == [("syntax-error", 1, 18)]
    assert _codes("SELECT (") == [("syntax-error", 1, 9)]


def test_many_errors_are_not_searched_for_ever():
    found = read_any("x.sql", "selec;" * 1_000)

    assert len(found.findings) == MOST_ERRORS


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (r"\i other.sql", Level.BLOCKING),
        (r"\gexec", Level.BLOCKING),
        (r"\echo done", Level.NOTICE),
        (r"\set ON_ERROR_STOP on", Level.NOTICE),
    ],
)
def test_line_for_psql_is_named_and_left_out(line, level):
    reading = read_any("x.sql", f"SELECT 1;\n{line}\nSELECT 2;")

    (finding,) = reading.findings
    assert (finding.code, finding.level, finding.line) == ("psql-command", level, 2)
    assert finding.message.startswith(line.split()[0])
    assert [statement.line for statement in reading.script.statements] == [1, 3]


def test_backslash_inside_a_string_or_comment_is_no_command():
    assert _codes("SELECT '\n\\i x'; -- \\i\n/* \n\\i */ SELECT $$\n\\i$$, \"\n\\i\";") == []


def test_copied_rows_are_named_and_left_out():
    text = "COPY bids (id, note) FROM stdin;\n1\tit's; here\n2\t\\N\n\\.\nDROP TABLE bids;"

    assert _codes(text) == [("copy-rows", 1, 1)]
    assert [(sql, line) for sql, line, _ in _statements(text)] == [("COPY bids (id, note) FROM stdin", 1), ("DROP TABLE bids", 5)]


def test_comment_behind_the_last_statement_is_not_part_of_it():
    assert _statements("DROP TABLE bids -- gone\n/* really */") == [("DROP TABLE bids", 1, 1)]
