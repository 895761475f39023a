"""Predictions follow how the runner executes: one transaction per script keeps its locks to the end."""

import math

import pytest

from governance.analysis import Change, analyse
from governance.forecast import Interval
from governance.orders import ScriptKind
from governance.prediction import fit, predict, statements_of
from governance.versions import read_script
from tests.factories import facts

NAME = "V20260101_0900__levels.sql"


def prediction(sql, rows=10**6, name=NAME):
    script = read_script(name, sql)
    report = analyse(Change((script,)), facts("db", rows)).as_json()
    assert script.kind is ScriptKind.FORWARD
    return predict(statements_of(report), facts("db", rows), {name} if script.transactional else ())


def test_statements_come_back_from_json_as_they_were():
    script = read_script(NAME, "ALTER TABLE contractors ADD COLUMN a int; CREATE INDEX i ON contractors (a);")
    value = analyse(Change((script,)), facts("db"))

    assert statements_of(value.as_json()) == value.statements


def test_lock_taken_early_is_held_to_the_end_of_the_script():
    late = prediction("ALTER TABLE contractors VALIDATE CONSTRAINT c; ALTER TABLE contractors ADD COLUMN level int;")
    early = prediction("ALTER TABLE contractors ADD COLUMN level int; ALTER TABLE contractors VALIDATE CONSTRAINT c;")

    assert early.duration.p90 == late.duration.p90
    assert early.wait.p90 == early.duration.p90
    assert late.wait.p90 < late.duration.p90


def test_concurrent_build_takes_time_and_stops_nobody():
    online = prediction("CREATE INDEX CONCURRENTLY i ON contractors (id);")

    assert online.duration.p90 > 1
    assert online.wait.p90 == 0


def test_what_cannot_be_told_is_infinite_not_zero():
    unknown = prediction("DO $$ BEGIN EXECUTE x; END $$;")

    assert math.isinf(unknown.wait.p90)
    assert math.isinf(unknown.duration.p90)


@pytest.mark.parametrize(
    ("found", "holds", "says"),
    [
        (Interval(1, 9, ()), True, "It fits 10 s"),
        (Interval(1, 11, ()), None, "It may not fit 10 s"),
        (Interval(11, 12, ()), False, "It does not fit 10 s"),
        (Interval(1, math.inf, ("its size is not known",)), None, "is not known: its size is not known"),
    ],
)
def test_window_has_to_be_wide_enough_for_the_slow_case(found, holds, says):
    answer = fit(found, 10)

    assert answer.holds is holds
    assert says in answer.reason
