"""docs/governance.md names a test for each behaviour, and the tests exist; those in behaviours/ are named after theirs."""

import re

import pytest
from django.conf import settings

TEXT = (settings.BASE_DIR / "docs" / "governance.md").read_text()
ROW = re.compile(r"^\| B(\d+) \|.*\| (?:`([^`]+)`|([^|]+)) \|$", re.MULTILINE)
ROWS = {int(number): (path, word.strip()) for number, path, word in ROW.findall(TEXT)}
THERE = sorted(number for number, (path, _) in ROWS.items() if path)
LATER = sorted(ROWS.keys() - set(THERE))


def test_every_behaviour_has_a_row():
    assert sorted(ROWS) == list(range(1, 28))


@pytest.mark.parametrize("number", THERE)
def test_behaviour_names_a_test_that_exists(number):
    """A file of tests named after the behaviour, or file::test."""
    path, _, name = ROWS[number][0].partition("::")
    file = settings.BASE_DIR / path

    assert file.exists(), f"B{number} names {path}, which is not there"
    assert re.search(rf"^def {name or f'test_b{number}_'}", file.read_text(), re.MULTILINE), f"{path} has no test of B{number}"


@pytest.mark.parametrize("number", LATER)
def test_behaviour_that_is_not_there_is_said_to_come_later(number):
    assert ROWS[number] == ("", "later, see below")
    assert f"B{number}" in TEXT.partition("**Not there yet.**")[2]
