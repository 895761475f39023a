"""Classes, categories and bumps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.analysis.classify import Bump, Category, ChangeClass
from tests.governance.analysis.samples import analysed

C, K = ChangeClass, Category


@pytest.mark.parametrize(
    ("text", "change_class", "category"),
    [
        ("CREATE TABLE t (id int)", C.ADDITIVE, K.STRUCTURAL),
        ("ALTER TABLE bids ADD COLUMN note text", C.ADDITIVE, K.STRUCTURAL),
        ("ALTER TABLE bids ADD COLUMN note text NOT NULL DEFAULT ''", C.ADDITIVE, K.STRUCTURAL),
        ("ALTER TABLE bids ADD COLUMN note text NOT NULL", C.STRUCTURAL, K.STRUCTURAL),
        ("CREATE VIEW v AS SELECT 1", C.ADDITIVE, K.STRUCTURAL),
        ("ALTER TYPE mood ADD VALUE 'glad'", C.ADDITIVE, K.STRUCTURAL),
        ("ALTER TABLE bids RENAME TO offers", C.RENAMING, K.STRUCTURAL),
        ("ALTER TABLE bids RENAME COLUMN amount TO total", C.RENAMING, K.STRUCTURAL),
        ("ALTER TABLE bids ADD CHECK (amount > 0)", C.STRUCTURAL, K.CONSTRAINT_INDEX),
        ("ALTER TABLE bids ALTER amount SET NOT NULL", C.STRUCTURAL, K.CONSTRAINT_INDEX),
        ("ALTER TABLE bids ALTER amount TYPE bigint", C.DATA_TYPE, K.STRUCTURAL),
        ("ALTER TABLE bids DROP COLUMN amount", C.REMOVAL, K.STRUCTURAL),
        ("DROP TABLE bids", C.REMOVAL, K.STRUCTURAL),
        ("CREATE INDEX i ON bids (amount)", C.NONE, K.CONSTRAINT_INDEX),
        ("ALTER TABLE bids VALIDATE CONSTRAINT c", C.NONE, K.CONSTRAINT_INDEX),
        ("UPDATE bids SET amount = 1 WHERE id = 1", C.NONE, K.DATA),
        ("INSERT INTO settings VALUES ('a', 'b')", C.NONE, K.REFERENCE_DATA),
        ("INSERT INTO settings SELECT 'a', 'b'", C.NONE, K.DATA),
        ("GRANT SELECT ON bids TO reader", C.NONE, K.PERMISSION_SECURITY),
        ("ALTER TABLE bids ENABLE ROW LEVEL SECURITY", C.NONE, K.PERMISSION_SECURITY),
        ("DO $$ BEGIN EXECUTE x; END $$", C.UNKNOWN, K.STRUCTURAL),
        ("CALL p()", C.UNKNOWN, K.STRUCTURAL),
        ("SELECT make_it_so()", C.UNKNOWN, K.STRUCTURAL),
        ("SELECT make_it_so(id) FROM bids", C.UNKNOWN, K.STRUCTURAL),
        ("SELECT count(*) FROM bids", C.NONE, K.DATA),
        ("SELECT setval('s', 1)", C.NONE, K.DATA),
    ],
)
def test_each_statement_has_its_class_and_category(text, change_class, category):
    (report,) = analysed(text).statements

    assert (report.change_class, report.category) == (change_class, category)


@pytest.mark.parametrize(
    ("text", "bump"),
    [
        ("", Bump.NONE),
        ("CREATE INDEX i ON bids (amount)", Bump.PATCH),
        ("UPDATE bids SET amount = 1 WHERE id = 1", Bump.PATCH),
        ("GRANT SELECT ON bids TO reader", Bump.PATCH),
        ("CREATE TABLE t (id int)", Bump.MINOR),
        ("ALTER TABLE bids ADD CHECK (amount > 0)", Bump.MAJOR),
        ("ALTER TABLE bids ALTER amount TYPE bigint", Bump.MAJOR),
        ("ALTER TABLE bids RENAME TO offers", Bump.MAJOR),
        ("DROP TABLE bids", Bump.MAJOR),
        ("DO $$ BEGIN EXECUTE x; END $$", Bump.MAJOR),
    ],
)
def test_bump_follows_from_the_class(text, bump):
    assert analysed(text).bump is bump


def test_change_is_as_hard_as_its_hardest_statement():
    text = "CREATE TABLE t (id int); ALTER TABLE bids DROP COLUMN amount; CREATE INDEX i ON bids (status)"

    analysis = analysed(text)

    assert (analysis.change_class, analysis.category, analysis.bump) == (C.REMOVAL, K.STRUCTURAL, Bump.MAJOR)


def test_unknown_counts_as_the_worst():
    assert max(C, key=lambda found: found.hardness) is C.UNKNOWN
    assert analysed("DROP TABLE bids; DO $$ BEGIN EXECUTE x; END $$").change_class is C.UNKNOWN


def test_every_class_states_complexity_and_compatibility():
    assert {found: (found.complexity, found.compatibility) for found in C} == {
        C.NONE: ("low", "high"),
        C.ADDITIVE: ("low", "high"),
        C.RENAMING: ("medium", "medium"),
        C.STRUCTURAL: ("high", "medium"),
        C.DATA_TYPE: ("medium to high", "varies"),
        C.REMOVAL: ("low", "low"),
        C.UNKNOWN: ("unknown", "unknown"),
    }


@given(st.sampled_from([str.upper, str.lower, str.title]), st.sampled_from([" ", "\n", "\t", " /* x */ ", " -- x\n"]))
def test_class_does_not_depend_on_case_comments_or_layout(case, blank):
    text = case("alter table bids drop column amount").replace(" ", blank)

    assert analysed(text).change_class is C.REMOVAL
