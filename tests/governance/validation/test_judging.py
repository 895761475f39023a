"""What an answer comes to, how much it proves, which rows differ: without a database."""

import pytest

from governance.orders import Check, Moment, Question, Verdict
from governance.validation import strength
from governance.validation.alignment import Row, align, by_key
from governance.validation.answers import Answer
from governance.validation.distribution import movement
from governance.validation.expectation import judge
from governance.validation.plans import Timed, accesses, slower, worse

HASHES = [bytes([number]) for number in range(10)]
ROWS = [Row(str(number), bytes([number])) for number in range(10)]


def answer(value: str, digest: str = "") -> Answer:
    return Answer(1, value, digest or value)


@pytest.mark.parametrize(
    ("expect", "now", "before", "verdict", "evidence"),
    [
        ("at most 3", "3", None, "passed", "3, at most 3"),
        ("at most 3", "4", None, "failed", "4 instead of at most 3"),
        ("at least 0.5", "0.4", None, "failed", "0.4 instead of at least 0.5"),
        ("between 2 and 4", "2", None, "passed", "2, between 2 and 4"),
        ("between 2 and 4", "many", None, "unknown", "many is not a number, and between 2 and 4 was expected"),
        ("changed by +500", "1500", "1000", "passed", "1,000 before, 1,500 after"),
        ("changed by -1", "1000", "1000", "failed", "1,000 before, 1,000 after, and changed by -1 was expected"),
        ("within 1%", "1010", "1000", "passed", "1,000 before, 1,010 after"),
        ("within 1%", "1011", "1000", "failed", "1,000 before, 1,011 after, and within 1% was expected"),
        ("unchanged", "5", None, "unknown", "5 now; the answer before the change is not known"),
        ("value 5", "6", None, "failed", "6 instead of 5"),
    ],
)
def test_expectations_are_judged(expect, now, before, verdict, evidence):
    check = Check("c", Question.ACCURACY, Moment.AFTER, "SELECT 1", expect)

    judged = judge(check, answer(now), answer(before) if before else None)

    assert (judged.verdict, judged.evidence) == (Verdict(verdict), evidence)


def test_no_answer_is_never_a_pass():
    check = Check("c", Question.ACCURACY, Moment.AFTER, "SELECT 1", "no rows")

    assert judge(check, "it was cancelled", None).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("rows", "expected"), [(2_995, 0.001), (29_956, 0.0001)])
def test_rule_of_three_is_the_known_one(rows, expected):
    assert strength.rule_of_three(rows) == pytest.approx(expected, rel=0.001)


def test_bound_of_a_finite_table_is_the_hypergeometric_one():
    most = strength.most_wrong(50, 100)

    chance = 1.0
    for place in range(most):
        chance *= (50 - place) / (100 - place)  # that none of the wrong rows was among the 50
    assert most == 4
    assert chance >= 0.05 > chance * (50 - most) / (100 - most)
    assert "hypergeometric" in strength.of_sample(50, 100)
    assert strength.of_sample(100, 100) == "Exact: all 100 rows were compared."


def test_sample_with_wrong_rows_states_an_interval():
    assert strength.of_sample(1000, 10**6, 10) == (
        "10 of 1,000 sampled rows differ: with 95% confidence 0.54% to 1.8% of all rows do (Wilson's interval)."
    )


def test_rows_are_named_though_of_those_before_only_hashes_are_known():
    changed = [*ROWS[:4], Row("4", b"x"), *ROWS[5:]]
    lost, added = ROWS[:4] + ROWS[5:], [*ROWS, Row("11", b"y")]

    assert [row.key for row in align(HASHES, changed).changed] == ["4"]
    assert align(HASHES, lost).lost == ("4",)
    assert [row.key for row in align(HASHES, added).added] == ["11"]
    assert align(HASHES, ROWS[:-2]).lost == ("behind 7", "behind 7")
    assert not align(HASHES, ROWS)


def test_rows_of_which_both_keys_are_known_are_compared_by_key():
    found = by_key([Row("1", b"a"), Row("2", b"b")], [Row("2", b"c"), Row("3", b"d")])

    assert ([row.key for row in found.changed], [row.key for row in found.added], found.lost) == (["2"], ["3"], ("1",))


def test_movement_is_an_effect_whatever_the_number_of_rows():
    small = movement({"a": 500_000, "b": 500_000}, {"a": 501_000, "b": 499_000})
    large = movement({"a": 50, "b": 50}, {"a": 90, "b": 10})

    assert (small.size, large.size) == ("none to speak of", "large")
    assert large.moved == pytest.approx(0.4)
    assert movement({"a": 3}, {"a": 3}).index == 0


def plan(node: str, cost: float = 1.0) -> dict:
    return {"Node Type": node, "Relation Name": "bids", "Schema": "public", "Total Cost": cost}


def test_a_worse_plan_is_named():
    before = Timed(accesses({**plan("Index Scan"), "Index Name": "bids_pkey"}), 1.0, 0.001, 500_000)
    after = Timed(accesses({"Node Type": "Limit", "Plans": [plan("Parallel Seq Scan")]}), 900.0, 0.2, 500_000)

    assert worse(before, after) == ("Index Scan using bids_pkey on public.bids became Seq Scan on public.bids",)
    assert worse(after, before) == ()
    assert slower(before, after, 2)
    assert not slower(before, Timed((), 1.0, 0.004, 1), 2)  # four times nothing to speak of


def test_a_row_of_several_columns_is_counted_and_not_shown_by_its_first():
    told = [str(Answer(1, "7", "d")), str(Answer(1, "USD", "d", alone=False)), str(Answer(3, "USD", "d", alone=False))]

    assert told == ["7", "1 row", "3 rows"]
