"""Which safe forms take the place of their statement."""

import pytest

from governance.analysis.rules import RULES
from governance.analysis.substitution import BESIDE, stands_for
from tests.governance.analysis.samples import analysed


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("CREATE INDEX i ON bids (amount)", "require-concurrent-index-creation"),
        ("ALTER TABLE bids ADD CONSTRAINT c CHECK (amount > 0)", "constraint-missing-not-valid"),
        ("ALTER TABLE bids ALTER amount SET NOT NULL", "adding-not-nullable-field"),
        ("ALTER TABLE users DROP COLUMN legacy_flag", "ban-drop-column"),
    ],
)
def test_a_form_that_says_the_whole_statement_in_another_way_replaces_it(statement, code):
    assert replaced(statement, code)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("ALTER TABLE users DROP COLUMN legacy_flag", "breaks-prepared-statements"),
        ("CREATE TABLE notes (id bigint, body varchar(20))", "prefer-text-field"),
        ("ALTER TABLE bids ADD COLUMN a text, ALTER amount SET NOT NULL", "adding-not-nullable-field"),
        ("TRUNCATE bids", "truncate-loses-rows"),
        ("ALTER TABLE bids SET UNLOGGED", "copying-table"),
        ("DO $$ BEGIN CREATE INDEX i ON bids (amount); END $$", "require-concurrent-index-creation"),
    ],
)
def test_a_form_beside_the_statement_or_about_a_part_of_it_does_not(statement, code):
    assert not replaced(statement, code)


def test_the_inverse_that_a_rollback_lacks_does_not_take_the_place_of_what_it_undoes():
    found = analysed("ALTER TABLE bids ADD COLUMN a text", rollback="SELECT 1").findings
    (finding,) = (each for each in found if each.code == "rollback-misses-inverse")

    assert finding.safe_form
    assert not stands_for(finding.code, finding.safe_form, finding.statement)


def test_every_code_beside_is_one_of_a_rule():
    assert {rule.code for rule in RULES} >= BESIDE


def replaced(statement: str, code: str) -> bool:
    found = next(each for each in analysed(statement).findings if each.code == code)
    return stands_for(found.code, found.safe_form, found.statement)
