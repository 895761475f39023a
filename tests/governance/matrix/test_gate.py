"""What the gate answers: the worst reason decides, every reason has its code, and what would mend it."""

from datetime import timedelta

import pytest

from governance.matrix import Cell, Circumstances, Compatibility, Effect, Part, Presence, Question, Row, Source, Statement, answer, standing
from tests.governance.matrix.scene import FULL, NOW, after, client, step

REMOVAL = step(Effect.REMOVE)
PARTIAL, NO, UNKNOWN = (Cell(Compatibility(word), f"it is {word}") for word in ("partial", "no", "unknown"))
WEEK = timedelta(days=7)


def row(cell: Cell = FULL, name: str = "App 1.0", presence: Presence | None = None) -> Row:
    return Row(name, "production_db 1.0.0", cell, presence)


def asked(*steps, **given) -> Question:
    return Question(**{"now": NOW, "steps": steps, **given})


def stated(cell: Cell, source: Source, **given) -> Statement:
    return Statement(Cell(cell.verdict, cell.reason, source), **given)


@pytest.mark.parametrize(
    ("cells", "verdict", "deployable"),
    [
        ([FULL, PARTIAL], "yes", True),
        ([FULL, UNKNOWN], "unknown", None),
        ([UNKNOWN, NO, FULL], "no", False),
        ([], "yes", True),
    ],
)
def test_the_worst_cell_decides(cells, verdict, deployable):
    answered = answer([row(cell, f"App {place}") for place, cell in enumerate(cells)], asked())

    assert (answered.verdict, answered.deployable) == (verdict, deployable)
    assert len(answered.rows) == len(cells)


def test_a_reason_names_rule_client_object_and_what_would_mend_it():
    cell = after(FULL, client(reads=True), REMOVAL)

    answered = answer([row(cell)], asked(REMOVAL))

    (reason,) = answered.reasons
    assert (reason.code, reason.client, reason.change, reason.object) == ("R13", "App 1.0", "CHG-1", "public.bids.total")
    assert answered.fixes == ("Release a client that reads the new form.",)
    assert str(answered) == "no: App 1.0: CHG-1: it reads something that is removed (public.bids.total)"


@pytest.mark.parametrize(
    ("effect", "part", "production", "acknowledged", "verdict"),
    [
        (Effect.ADD, Part.CONTRACT, True, False, "yes"),
        (Effect.REMOVE, Part.EXPAND, True, False, "yes"),
        (Effect.REMOVE, Part.CONTRACT, True, False, "unknown"),
        (Effect.RENAME, Part.CONTRACT, True, False, "unknown"),
        (Effect.REMOVE, Part.CONTRACT, True, True, "yes"),
        (Effect.REMOVE, Part.CONTRACT, False, False, "yes"),
    ],
)
def test_r20_nobody_there_is_unknown_before_a_removal_in_production_until_a_person_says_so(effect, part, production, acknowledged, verdict):
    answered = answer([], asked(step(effect, part), production=production, acknowledged=acknowledged))

    assert answered.verdict == verdict
    assert [reason.code for reason in answered.reasons] == ([] if verdict == "yes" else ["R20"])


@pytest.mark.parametrize(
    ("presence", "cell", "verdict"),
    [
        (Presence(NOW - 9 * WEEK, observed=True, last_seen=NOW - WEEK / 2), FULL, "yes"),
        (Presence(NOW - 9 * WEEK, observed=True, last_seen=NOW - 2 * WEEK), FULL, "unknown"),
        (Presence(NOW - 9 * WEEK, observed=True, last_seen=NOW - 2 * WEEK), NO, "no"),
        (Presence(NOW - 9 * WEEK), FULL, "yes"),
        (None, FULL, "yes"),
    ],
)
def test_r19_what_was_observed_has_to_be_observed_again(presence, cell, verdict):
    assert answer([row(cell, presence=presence)], asked()).verdict == verdict


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({}, "yes"),
        ({"older_backends": ("Backend 1.0",)}, "no"),
        ({"rollback_until": NOW + WEEK}, "no"),
        ({"rollback_until": NOW}, "yes"),
    ],
)
def test_r18_a_contract_waits_for_those_who_know_only_the_old_form(given, verdict):
    contract, expand = step(Effect.REMOVE, Part.CONTRACT), step(Effect.REMOVE, Part.EXPAND)

    assert answer([row()], asked(contract, **given)).verdict == verdict
    assert answer([row()], asked(expand, **given)).verdict == "yes"


def test_r18_a_client_has_to_work_with_what_a_rollback_would_bring_back():
    answered = answer([row()], asked(before=(Row("App 1.0", "production_db 0.9.0", NO),)))

    assert answered.verdict == "no"
    assert str(answered) == "no: App 1.0: a rollback would bring production_db 0.9.0 back: it is no"


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([], "unknown"),
        ([stated(FULL, Source.DECLARED), stated(PARTIAL, Source.DERIVED)], "partial"),
        ([stated(NO, Source.DERIVED), stated(FULL, Source.TESTED)], "full"),
        ([stated(FULL, Source.DERIVED), stated(NO, Source.TESTED)], "no"),
    ],
)
def test_tested_beats_derived_beats_declared(statements, verdict):
    assert standing(statements, Circumstances(NOW)).verdict == verdict
    assert standing(reversed(statements), Circumstances(NOW)).verdict == verdict


@pytest.mark.parametrize(("tested_on", "verdict"), [("", "full"), ("a", "full"), ("b", "no")])
def test_r21_a_test_counts_for_the_schema_that_it_ran_on(tested_on, verdict):
    statements = [stated(NO, Source.DERIVED), stated(FULL, Source.TESTED, fingerprint=tested_on)]

    assert standing(statements, Circumstances(NOW, fingerprint="a")).verdict == verdict


BOTH = frozenset({"otto", "rosa"})
ALONE = frozenset({"otto"})


@pytest.mark.parametrize(
    ("people", "expires", "production", "reason", "verdict"),
    [
        (BOTH, NOW + WEEK, True, "agreed with its users", "full"),
        (ALONE, NOW + WEEK, True, "agreed with its users", "no"),
        (ALONE, NOW + WEEK, False, "agreed with its users", "full"),
        (BOTH, NOW, True, "agreed with its users", "no"),
        (BOTH, None, True, "agreed with its users", "no"),
        (BOTH, NOW + WEEK, True, " ", "no"),
    ],
)
def test_an_override_needs_a_reason_an_expiry_and_two_people_in_production(people, expires, production, reason, verdict):
    override = stated(Cell(Compatibility.FULL, reason), Source.OVERRIDDEN, people=people, expires=expires)

    cell = standing([stated(NO, Source.DERIVED), override], Circumstances(NOW, production))

    assert cell.verdict == verdict


def test_an_override_cannot_hide_a_failed_test():
    override = stated(FULL, Source.OVERRIDDEN, people=BOTH, expires=NOW + WEEK)

    cell = standing([stated(NO, Source.TESTED), override], Circumstances(NOW))

    assert (cell.verdict, cell.source) == ("no", "tested")


def test_an_override_says_until_when_it_holds():
    override = stated(FULL, Source.OVERRIDDEN, people=BOTH, expires=NOW + WEEK)

    assert standing([override], Circumstances(NOW)).reason == "as tested (until 01 Dec 2026 09:00 UTC)"
