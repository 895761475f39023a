"""R1 to R23, one row for each thing that the table of rules says."""

from datetime import date

import pytest

from governance.matrix import ApiVersion, Cell, Coverage, Derivation, Effect, Part, Use
from governance.matrix.rules import RULES, rule_for
from tests.governance.matrix.scene import COLUMN, COVERED, FULL, TODAY, after, client, step

E, P = Effect, Part
R, W, NEITHER = {"reads": True}, {"writes": True}, {}
SHIELDED = {"api": ApiVersion("1.0", date(2027, 1, 1), frozenset({"CHG-1"}))}
PAST = {"api": ApiVersion("1.0", TODAY, frozenset({"CHG-1"}))}
OTHERS = {"api": ApiVersion("1.0", None, frozenset({"CHG-7"}))}

TABLE = [
    ("R1", step(E.ADD), R, "full"),
    ("R1", step(E.ADD), {**R, "strict": True}, "partial"),
    ("R1", step(E.ADD), W, "full"),
    ("R2", step(E.TIGHTEN), R, "full"),
    ("R2", step(E.TIGHTEN), W, "no"),
    ("R2", step(E.TIGHTEN, eased=True), W, "partial"),
    ("R2", step(E.TIGHTEN, served_to={"App": "2.0"}), W, "full"),
    ("R2", step(E.TIGHTEN, served_to={"App": "2.0"}), {**W, "version": "1.10"}, "no"),
    ("R2", step(E.TIGHTEN, served_to={"Desk": "1.0"}), W, "no"),
    ("R3", step(E.ADD_VALUE), R, "partial"),
    ("R3", step(E.ADD_VALUE), {**R, "closed_values": True}, "no"),
    ("R3", step(E.ADD_VALUE), W, "full"),
    ("R4", step(E.RENAME, P.EXPAND, in_sync=True), R, "full"),
    ("R4", step(E.RENAME, P.EXPAND, in_sync=True), W, "full"),
    ("R4", step(E.RENAME, P.EXPAND), W, "no"),
    ("R5", step(E.RENAME, P.MIGRATE), R, "full"),
    ("R5", step(E.RENAME, P.MIGRATE, caught_up=True), W, "full"),
    ("R5", step(E.RENAME, P.MIGRATE), W, "partial"),
    ("R6", step(E.RENAME), R, "no"),
    ("R6", step(E.RENAME), W, "no"),
    ("R6", step(E.RENAME), {**R, **SHIELDED}, "full"),
    ("R6", step(E.RENAME), {**W, **SHIELDED}, "full"),
    ("R7", step(E.RESTRUCTURE, P.EXPAND, viewed=True), R, "full"),
    ("R7", step(E.RESTRUCTURE, P.EXPAND), R, "partial"),
    ("R7", step(E.RESTRUCTURE, P.MIGRATE, in_sync=True), W, "partial"),
    ("R7", step(E.RESTRUCTURE, P.MIGRATE), W, "no"),
    ("R8", step(E.RESTRUCTURE, viewed=True), {**R, **SHIELDED}, "full"),
    ("R8", step(E.RESTRUCTURE, viewed=True), R, "no"),
    ("R8", step(E.RESTRUCTURE), {**R, **SHIELDED}, "no"),
    ("R8", step(E.RESTRUCTURE, viewed=True), {**W, **SHIELDED}, "no"),
    ("R9", step(E.WIDEN, bits=64, largest=2**40), {**R, "integer_bits": 32}, "partial"),
    ("R9", step(E.WIDEN, bits=64, largest=2**30), {**R, "integer_bits": 32}, "full"),
    ("R9", step(E.WIDEN, bits=64), {**R, "integer_bits": 32}, "partial"),
    ("R9", step(E.WIDEN, bits=64, largest=2**40), {**R, "integer_bits": 53}, "full"),
    ("R9", step(E.WIDEN, bits=64, largest=2**60), {**R, "integer_bits": 53}, "partial"),
    ("R9", step(E.WIDEN, bits=64, largest=2**60), R, "full"),
    ("R9", step(E.WIDEN), {**R, "integer_bits": 32}, "full"),
    ("R9", step(E.WIDEN, bits=64), {**W, "integer_bits": 32}, "full"),
    ("R10", step(E.NARROW), R, "no"),
    ("R10", step(E.NARROW, out_of_range=3), W, "no"),
    ("R10", step(E.NARROW, out_of_range=0), W, "partial"),
    ("R10", step(E.NARROW), W, "unknown"),
    ("R4", step(E.NARROW, P.EXPAND), W, "no"),
    ("R5", step(E.NARROW, P.MIGRATE), W, "partial"),
    ("R11", step(E.REMOVE, P.EXPAND), {**R, **W}, "full"),
    ("R12", step(E.REMOVE, P.MIGRATE), R, "partial"),
    ("R12", step(E.REMOVE, P.MIGRATE), W, "full"),
    ("R13", step(E.REMOVE), R, "no"),
    ("R13", step(E.REMOVE), {**R, **SHIELDED}, "full"),
    ("R13", step(E.REMOVE), {**W, **SHIELDED}, "no"),
    ("R14", step(E.BEHAVE), R, "partial"),
    ("R14", step(E.BEHAVE), W, "partial"),
    ("R15", step(E.STORE, lock_seconds=60), R, "full"),
    ("R15", step(E.STORE, lock_seconds=60), W, "partial"),
    ("R15", step(E.STORE, lock_seconds=2), W, "full"),
    ("R22", step(E.OPAQUE), R, "unknown"),
    ("R22", step(E.OPAQUE, objects=frozenset()), NEITHER, "unknown"),
]
HARMLESS_TO_ALL_WHO_DO_NOT_USE_IT = [given for given in TABLE if given[1].effect is not E.OPAQUE]


@pytest.mark.parametrize(("rule", "given", "who", "verdict"), TABLE)
def test_a_client_that_uses_the_object_gets_the_verdict_of_the_rule(rule, given, who, verdict):
    cell = after(FULL, client(**who), given)

    assert cell.verdict == verdict
    assert [ruling.rule for ruling in cell.rulings] == ([] if verdict == "full" else [rule])


@pytest.mark.parametrize(("rule", "given", "who", "verdict"), HARMLESS_TO_ALL_WHO_DO_NOT_USE_IT)
def test_a_client_that_is_known_not_to_use_the_object_notices_nothing(rule, given, who, verdict):
    elsewhere = Use("public.messages.body", writes=True)

    assert after(FULL, client(uses=(elsewhere,)), given).verdict == "full"


@pytest.mark.parametrize("effect", E)
@pytest.mark.parametrize("part", P)
def test_every_effect_has_a_rule_in_every_part(effect, part):
    rule = rule_for(step(effect, part))

    assert rule.code in {code for code, *_ in TABLE}
    assert len(RULES) == len(E) * len(P)


@pytest.mark.parametrize(
    "coverage",
    [
        Coverage(0.94, True, 60, 3, True),
        Coverage(0.99, False, 60, 3, True),
        Coverage(0.99, True, 29, 3, True),
        Coverage(0.99, True, 60, 31, True),
        Coverage(0.99, True, 60, 3, False),
    ],
)
def test_r16_no_use_observed_does_not_count_without_coverage(coverage):
    cell = after(FULL, client(coverage=coverage), step(E.REMOVE))

    assert (cell.verdict, cell.rulings[0].rule) == ("unknown", "R16")
    assert coverage.lacks[0] in cell.reason


def test_r16_an_addition_needs_no_coverage():
    assert after(FULL, client(coverage=Coverage()), step(E.ADD)).verdict == "full"


def test_r16_a_contract_that_names_all_uses_counts_like_coverage():
    assert after(FULL, client(coverage=Coverage(), complete=True), step(E.REMOVE)).verdict == "full"


def test_r16_known_use_is_no_matter_of_coverage():
    assert after(FULL, client(reads=True, coverage=Coverage()), step(E.REMOVE)).verdict == "no"


@pytest.mark.parametrize(("api", "verdict"), [(SHIELDED["api"], "full"), (PAST["api"], "no"), (OTHERS["api"], "no"), (None, "no")])
def test_r17_an_api_version_shields_until_its_sunset_and_only_from_changes_that_it_lists(api, verdict):
    assert after(FULL, client(reads=True, api=api), step(E.REMOVE)).verdict == verdict


def test_r23_app_2_needs_what_backend_1_does_not_have():
    made = step(E.ADD, objects=frozenset(), created=frozenset({"public.bid_line_items"}), place=2)
    app = client(uses=(Use("public.bid_line_items.amount"),), place=2)

    row = Derivation([made], TODAY).row(app, {}, 4)

    assert [str(cell.verdict) for cell in row] == ["no", "no", "full", "full"]
    assert row[0].rulings[0].rule == "R23"


def test_a_step_on_a_table_touches_the_users_of_its_columns_and_the_other_way_round():
    of_column, of_table = client(reads=True), client(uses=(Use("public.bids"),))
    whole, part = step(E.REMOVE, objects=frozenset({"public.bids"})), step(E.REMOVE)

    assert {after(FULL, who, change).verdict for who in (of_column, of_table) for change in (whole, part)} == {"no"}
    assert after(FULL, of_column, step(E.REMOVE, objects=frozenset({"public.bids.note"}))).verdict == "full"


def test_a_step_on_an_unknown_object_touches_everybody():
    assert after(FULL, client(reads=True), step(E.ADD_VALUE, objects=frozenset({"*"}))).verdict == "partial"


@pytest.mark.parametrize("before", ["partial", "unknown", "no"])
def test_an_addition_mends_nothing(before):
    cell = after(Cell(before, "as it was"), client(reads=True), step(E.ADD))

    assert (cell.verdict, cell.reason) == (before, "as it was")


def test_the_worst_of_many_steps_wins_and_names_its_change():
    cell = after(FULL, client(reads=True), step(E.BEHAVE, change="CHG-1"), step(E.REMOVE, change="CHG-2"), step(E.ADD, change="CHG-3"))

    assert cell.verdict == "no"
    assert cell.reason == "CHG-2: it reads something that is removed"
    assert [ruling.subject for ruling in cell.rulings] == [COLUMN]


def test_the_three_phases_of_one_change_derive_differently():
    reader, writer = client(reads=True), client(writes=True)
    phases = [step(E.REMOVE, P.EXPAND), step(E.REMOVE, P.MIGRATE), step(E.REMOVE, P.CONTRACT)]

    assert [str(after(FULL, reader, each).verdict) for each in phases] == ["full", "partial", "no"]
    assert [str(after(FULL, writer, each).verdict) for each in phases] == ["full", "full", "no"]


def test_doubt_is_worse_than_a_condition_and_better_than_a_no():
    doubtful = client(reads=True, coverage=Coverage())

    assert after(FULL, doubtful, step(E.RESTRUCTURE, P.MIGRATE)).verdict == "unknown"
    assert COVERED.lacks == ()
