"""Which checks fit a change, from its scripts and what the target says: without a database."""

from datetime import UTC, datetime

import pytest

from governance.analysis import Change, analyse
from governance.facts import ColumnFacts, ConstraintFacts, DependantFacts, Facts, SequenceFacts, TableFacts
from governance.orders import CheckChoice, Limits, Manifest, Moment, Severity
from governance.validation import propose
from governance.validation.choosing import Origin, chosen, listed
from governance.versions import read_script

BIDS = ("id", "project_id", "amount", "note")
FOREIGN_KEY = ConstraintFacts(
    "bids_project", "f", "FOREIGN KEY …", False, "public.projects", columns=("project_id",), referenced_columns=("id",)
)
PRICED = ConstraintFacts("bids_priced", "c", "CHECK ((amount > 0)) NOT VALID", False, columns=("amount",))


def facts(rows: int = 1000, *, triggers: bool = False) -> Facts:
    columns = tuple(ColumnFacts(name, "integer", False, "") for name in BIDS)
    dependants = (DependantFacts("trigger", "touched", "public.bids"),) if triggers else ()
    bids = TableFacts("public", "bids", "r", rows, 1, columns, (FOREIGN_KEY, PRICED), dependants=dependants)
    projects = TableFacts("public", "projects", "r", 10, 1, columns[:1])
    sequences = (SequenceFacts("public.bids_id_seq", "public.bids", "id"),)
    return Facts("t", datetime.now(UTC), 180000, "d", 1, (bids, projects), sequences=sequences)


def proposed(text: str, known: Facts | None = None) -> dict:
    known = known or facts()
    script = read_script("V20261122_0900__change.sql", text)
    report = analyse(Change((script,)), known).as_json()
    return {each.check.name: each for each in propose([script], report, known)}


@pytest.mark.parametrize(
    ("text", "name", "moment", "severity"),
    [
        ("ALTER TABLE bids ALTER COLUMN amount SET NOT NULL", "refused null of public.bids (amount)", Moment.BEFORE, Severity.BLOCKING),
        ("ALTER TABLE bids ADD CONSTRAINT c CHECK (amount > 5)", "refused check of public.bids: amount > 5", Moment.BEFORE,
         Severity.BLOCKING),
        ("ALTER TABLE bids ADD CONSTRAINT c CHECK (amount > 5) NOT VALID", "refused check of public.bids: amount > 5", Moment.BEFORE,
         Severity.WARNING),
        ("ALTER TABLE bids VALIDATE CONSTRAINT bids_priced", "refused check of public.bids: (amount > 0)", Moment.BEFORE,
         Severity.BLOCKING),
        ("ALTER TABLE bids VALIDATE CONSTRAINT bids_project", "orphans of public.bids (project_id) in public.projects (id)",
         Moment.BEFORE, Severity.BLOCKING),
        ("ALTER TABLE bids ADD UNIQUE (project_id, note)", "duplicates of public.bids (project_id, note)", Moment.BEFORE,
         Severity.BLOCKING),
        ("CREATE UNIQUE INDEX i ON bids (note)", "duplicates of public.bids (note)", Moment.BEFORE, Severity.BLOCKING),
        ("ALTER TABLE bids ADD FOREIGN KEY (note) REFERENCES projects (id)", "orphans of public.bids (note) in public.projects (id)",
         Moment.BEFORE, Severity.BLOCKING),
        ("ALTER TABLE bids ALTER COLUMN amount TYPE smallint", "refused type of public.bids: amount as smallint", Moment.BEFORE,
         Severity.BLOCKING),
        ("ALTER TABLE bids ALTER COLUMN amount TYPE smallint", "nulls of public.bids (amount)", Moment.AFTER, Severity.BLOCKING),
        ("ALTER TABLE bids ALTER COLUMN amount TYPE smallint", "checksum of public.bids without amount", Moment.AFTER, Severity.BLOCKING),
        ("UPDATE bids SET amount = 1 WHERE id = 2", "orphans of public.bids (project_id) in public.projects (id)", Moment.AFTER,
         Severity.BLOCKING),
        ("INSERT INTO bids (amount) VALUES (1)", "sequences of public.bids", Moment.AFTER, Severity.BLOCKING),
        ("-- lockgate: batched\nUPDATE bids SET amount = 1 WHERE amount IS NULL", "batches of public.bids without amount", Moment.AFTER,
         Severity.BLOCKING),
    ],
)  # fmt: skip
def test_a_change_gets_the_checks_that_fit_it(text, name, moment, severity):
    found = proposed(text)[name]

    assert (found.check.moment, found.check.severity) == (moment, severity)
    assert found.why


@pytest.mark.parametrize(
    ("text", "name"),
    [
        # a column that the change makes has nothing that could be refused before it
        ("ALTER TABLE bids ADD COLUMN score integer, ADD CONSTRAINT c CHECK (score > 5)", "refused check of public.bids: score > 5"),
        # what the change repairs itself would be refused before it
        (
            "UPDATE bids SET amount = 0 WHERE amount IS NULL; ALTER TABLE bids ALTER amount SET NOT NULL",
            "refused null of public.bids (amount)",
        ),
        ("ALTER TABLE bids RENAME TO offers", "checksum of public.bids"),
    ],
)
def test_what_would_fail_though_all_is_well_is_not_proposed(text, name):
    assert name not in proposed(text)


def test_of_a_very_large_table_a_sample_is_compared():
    names = proposed("ALTER TABLE bids ADD COLUMN score integer", facts(rows=50_000_000))

    assert "sample of public.bids, 30000 rows" in names
    assert "checksum of public.bids" not in names


def test_a_table_whose_triggers_may_write_more_only_warns():
    found = proposed("UPDATE bids SET amount = 1 WHERE id = 2", facts(triggers=True))["checksum of public.bids without amount"]

    assert found.check.severity is Severity.WARNING


def test_people_take_out_what_is_proposed_and_add_their_own():
    script = read_script("V20261122_0900__change.sql", "ALTER TABLE bids ADD COLUMN score integer")
    report = analyse(Change((script,)), facts()).as_json()
    choices = (
        CheckChoice("triggers stay enabled", "", "dropped by the next change"),
        CheckChoice("rows of public.bids", "-- use: rows of public.bids", "nobody adds bids at night"),
    )

    found = listed(Manifest((script,), Limits(), "", choices), report, facts())

    by_name = {each.check.name: each for each in found}
    assert by_name["triggers stay enabled"].taken_out == "dropped by the next change"
    assert by_name["rows of public.bids"].origin is Origin.ADDED
    assert "triggers stay enabled" not in {check.name for check in chosen(found)}
