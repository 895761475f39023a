"""The order of changes."""

from governance.sequence import Footprint, circle, layers, locked_by_both, needed


def footprint(change: int, creates: str = "", touches: str = "") -> Footprint:
    return Footprint(change, frozenset(creates.split()), frozenset((creates + " " + touches).split()))


def test_a_change_needs_the_one_that_creates_what_it_alters():
    maker, user = footprint(1, creates="items"), footprint(2, touches="items bids")

    assert needed(user, maker) == {"items"}
    assert needed(maker, user) == set()


def test_what_both_create_none_of_them_needs():
    assert needed(footprint(1, creates="items"), footprint(2, creates="items")) == set()


def test_locks_are_those_that_make_others_wait_on_tables_that_are_not_new():
    locks = [
        {"relation": "bids", "blocks": "writes", "fresh": False},
        {"relation": "users", "blocks": "nothing", "fresh": False},
        {"relation": "items", "blocks": "reads and writes", "fresh": True},
    ]
    report = {"created": ["items"], "tables": ["items", "bids"], "statements": [{"locks": locks}]}

    one, other = Footprint.of(1, report), Footprint.of(2, report)

    assert locked_by_both(one, other) == {"bids"}


def test_a_circle_is_told_with_its_way():
    edges = {2: {3}, 3: {4, 1}, 4: {2}}

    assert circle(edges, 1, 2) == (1, 2, 3, 1)
    assert circle(edges, 1, 4) == (1, 4, 2, 3, 1)
    assert circle({2: {3}}, 1, 2) == ()
    assert circle({}, 1, 1) == (1, 1)


def test_layers_go_from_those_that_wait_for_nobody():
    assert layers({1: set(), 2: {1}, 3: {1, 2}, 4: {99}}) == [[1, 4], [2], [3]]
    assert layers({1: {2}, 2: {1}}) == [[1, 2]]
