"""What holds of every derivation, whatever the changes and clients."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.matrix import ApiVersion, Cell, Client, Coverage, Derivation, Effect, Part, Question, Row, Step, Use, answer
from governance.matrix.gate import Verdict
from governance.matrix.verdicts import BADNESS
from tests.governance.matrix.scene import FULL, NOW, TODAY

OBJECTS = [f"public.{table}{column}" for table in ("bids", "users") for column in ("", ".total", ".note")]
CHANGES = [f"CHG-{number}" for number in range(1, 5)]
repeatable = settings(derandomize=True, deadline=None, max_examples=150)
steps = st.builds(
    Step,
    st.sampled_from(CHANGES),
    st.sampled_from(Effect),
    st.sampled_from(Part),
    st.frozensets(st.sampled_from([*OBJECTS, "*"]), min_size=1, max_size=2),
    st.frozensets(st.sampled_from(OBJECTS), max_size=1),
    st.integers(0, 4),
    in_sync=st.booleans(),
    viewed=st.booleans(),
    eased=st.booleans(),
)
uses = st.builds(Use, st.sampled_from(OBJECTS), st.booleans(), st.booleans())
coverages = st.builds(Coverage, st.sampled_from([0.5, 0.99]), st.booleans(), st.floats(0, 200), st.floats(0, 40), st.booleans())
apis = st.none() | st.builds(ApiVersion, st.just("1"), st.none(), st.frozensets(st.sampled_from(CHANGES)))
clients = st.builds(
    Client,
    st.just("App"),
    st.sampled_from(["1.0", "2.0"]),
    st.lists(uses, max_size=4).map(tuple),
    st.booleans(),
    coverages,
    st.booleans(),
    st.booleans(),
    st.sampled_from([32, 53, 64]),
    api=apis,
    place=st.none() | st.integers(0, 4),
)


def cell_of(who: Client, changes: list[Step]) -> Cell:
    return Derivation(changes, TODAY).after(FULL, who)


@repeatable
@given(st.lists(clients, max_size=4), clients, st.lists(steps, max_size=6))
def test_one_client_more_never_turns_a_no_into_a_yes(some, another, changes):
    question = Question(NOW, steps=tuple(changes), acknowledged=True)
    rows = [Row(f"App {place}", "db 1", cell_of(who, changes)) for place, who in enumerate([*some, another])]

    fewer, more = answer(rows[:-1], question), answer(rows, question)

    order = [Verdict.YES, Verdict.UNKNOWN, Verdict.NO]
    assert order.index(more.verdict) >= order.index(fewer.verdict)


@repeatable
@given(clients, st.lists(steps, max_size=6), st.lists(uses, max_size=3), st.floats(0, 400), st.floats(0, 40))
def test_a_wider_window_never_turns_a_no_into_an_unknown(who, changes, more_uses, more_days, longer_gap):
    """More days may show more use and longer silences, never less."""
    coverage = replace(who.coverage, days=who.coverage.days + more_days, longest_gap=max(who.coverage.longest_gap, longer_gap), seen=True)
    wider = replace(who, uses=(*who.uses, *more_uses), coverage=coverage)

    before, after = cell_of(who, changes), cell_of(wider, changes)

    assert before.verdict != "no" or after.verdict == "no"


@repeatable
@given(clients, st.lists(steps, max_size=8), st.randoms(use_true_random=False), st.dictionaries(st.integers(0, 4), st.just(FULL)))
def test_the_order_in_which_changes_are_read_does_not_matter(who, changes, shuffling: random.Random, bases):
    shuffled = shuffling.sample(changes, len(changes))

    assert Derivation(shuffled, TODAY).row(who, bases, 5) == Derivation(changes, TODAY).row(who, bases, 5)
    assert cell_of(who, shuffled) == cell_of(who, changes)


@repeatable
@given(clients, st.lists(steps, max_size=6), steps)
def test_one_step_more_never_makes_a_cell_better(who, changes, another):
    assert BADNESS[cell_of(who, [*changes, another]).verdict] >= BADNESS[cell_of(who, changes).verdict]


@repeatable
@given(clients, st.lists(steps, max_size=6))
def test_a_cell_that_is_not_full_says_which_rule_made_it_so(who, changes):
    cell = cell_of(who, changes)

    assert cell.verdict == "full" or {ruling.verdict for ruling in cell.rulings} == {cell.verdict}


@repeatable
@given(clients, st.lists(steps, max_size=6), st.dictionaries(st.integers(0, 4), st.just(FULL)))
def test_a_row_has_a_cell_for_every_backend(who, changes, bases):
    assert len(Derivation(changes, TODAY).row(who, bases, 5)) == 5
