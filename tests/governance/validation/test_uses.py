"""Built-in checks as authors write them, and what is refused with its line and the right form."""

from pathlib import Path

import pytest

from governance.errors import BadCheck
from governance.orders import Moment, Question, Severity
from governance.validation import CATALOGUE, Builtin, parse_checks
from governance.validation.uses import as_text, read_use

DOCUMENTATION = (Path(__file__).resolve().parents[3] / "docs" / "verification.md").read_text()


@pytest.mark.parametrize("builtin", [each for each in Builtin if each is not Builtin.CANARY])
def test_every_form_of_the_catalogue_is_read_as_what_it_says(builtin):
    check = read_use(CATALOGUE[builtin].form)

    assert check.builtin == builtin
    assert (check.question, check.moment, check.expect) == (
        CATALOGUE[builtin].question,
        CATALOGUE[builtin].moment,
        CATALOGUE[builtin].expect,
    )
    assert read_use(as_text(builtin, check.table, check.columns, check.without, check.detail)).detail == check.detail


@pytest.mark.parametrize("builtin", Builtin)
def test_every_built_in_check_is_documented_with_its_form_and_what_it_proves(builtin):
    assert CATALOGUE[builtin].form in DOCUMENTATION
    assert " ".join(CATALOGUE[builtin].proves.split()) in " ".join(DOCUMENTATION.split())


def test_built_in_checks_and_queries_stand_in_one_file():
    first, second, canary, third = parse_checks(
        "C1.sql",
        """\
-- use: checksum of public.bids without total

-- check: no free bid
-- question: business rules
-- expect: at most 3
-- severity: warning
SELECT count(*) FROM bids WHERE amount = 0;

-- check: the list of bids
-- use: canary
-- expect: no slower than 1.5x
SELECT * FROM bids ORDER BY id LIMIT 10;

-- check: orphans
-- use: orphans of public.bids (project_id) in public.projects (id)
-- moment: before
""",
    )

    assert (first.name, first.builtin, first.without) == ("checksum of public.bids without total", "checksum", ("total",))
    assert (second.severity, second.expect, second.builtin) == (Severity.WARNING, "at most 3", "")
    assert (canary.builtin, canary.question, canary.expect) == ("canary", Question.PERFORMANCE, "no slower than 1.5x")
    assert (third.name, third.moment, third.detail) == ("orphans", Moment.BEFORE, "public.projects (id)")


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("-- use: sum of public.bids", 1, "names no built-in check"),
        ("\n-- use: rows of bids", 2, "rows of public.bids"),
        ("-- use: refused check of public.bids: amount > 0) OR (true", 1, "not an expression"),
        ("-- use: refused check of public.bids: true); DELETE FROM bids; SELECT (1", 1, "expression"),
        ("-- use: http https://example.com/ expecting 200", 1, "not a path"),
        ("-- use: http //example.com/ expecting 200", 1, "not a path"),
        ("-- use: rows of public.bids\n-- expect: soon", 2, "not an expectation"),
        ("-- use: rows of public.bids\n-- severity: shrug", 2, "blocking, warning"),
        ("-- use: rows of public.bids\n\n-- use: keys of public.bids\n-- check: a\n-- check: b", 3, "second"),
        ("-- check: alone\n-- question: accuracy\n-- expect: rows", 1, "no query follows"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text, line, word):
    with pytest.raises(BadCheck) as refused:
        parse_checks("C1.sql", text)

    assert refused.value.line == line
    assert word in refused.value.message
