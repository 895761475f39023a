"""Texts made from regular expressions."""

import time

import pytest

from runner.engine.synthesis.patterns import NotUnderstood, of_like, of_regex

READ = [
    "^[A-Z]{4}$",
    "^[a-z0-9]+(-[a-z0-9]+)*$",
    r"^\d{3}-\d{4,}$",
    r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
    "^(red|green|blue)?$",
    "^[[:alpha:]][[:alnum:]_]*$",
    "^[]a^-]{2}$",
    "(?i)^inv",
    r"^\+?[1-9]\d{1,14}$",
    r"\.pdf$",
    "^.{3,5}?$",
    "^(?:a|b(c|d))e$",
]


@pytest.mark.parametrize("text", READ)
def test_every_text_that_is_made_is_accepted(text):
    pattern = of_regex(text)

    made = [pattern.nth(number) for number in range(min(pattern.count, 500))]

    assert all(map(pattern.accepts, made)), made
    assert len(set(made)) > len(made) / 2


@pytest.mark.parametrize("text", [r"^(a)\1$", "(?=a)b", "a(?!b)", "^a$b", r"\mword\M", "[[.a.]]", "a{2", "(a", "***:a", "a**", "[^ -~]["])
def test_what_is_not_read_is_said_not_guessed(text):
    with pytest.raises(NotUnderstood):
        of_regex(text)


def test_pattern_of_like_keeps_what_has_a_meaning_only_for_regular_expressions():
    pattern = of_like(r"a.(%\_z")

    assert pattern.accepts("a.(b_z")
    assert not pattern.accepts("axbbbz")
    assert pattern.nth(77).startswith("a.(")


@pytest.mark.parametrize(
    ("text", "accepted", "refused"),
    [
        ("^(((x*)*)*)*$", "x" * 3000, "x" * 3000 + "!"),
        ("^(a+)+$", "a" * 3000, "a" * 3000 + "!"),
        (r"^(\w+\s?)*$", "many words " * 300, "many words " * 300 + "."),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 3000 + "-Aa", "a" * 3000),
        ("^(a|aa)+$", "a" * 3000, "a" * 3000 + "b"),
        ("^(.*)*(.*)*(.*)*x$", "a" * 3000 + "x", "a" * 3000),
        ("^((x?){200}){8}$", "x" * 1600, "x" * 1601),
    ],
)
def test_text_that_could_be_read_in_countless_ways_is_judged_at_once(text, accepted, refused):
    pattern = of_regex(text)
    began = time.process_time()

    answers = pattern.accepts(accepted), pattern.accepts(refused)

    assert answers == (True, False)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text", ["x{1,100000}", "(((x{255}){255}){255}){255}", "(x{2}" * 40 + "){2}" * 40, "(" * 5000 + "a" + ")" * 5000, "a" * 1_000_000]
)
def test_expression_that_is_too_large_is_left_to_trial(text):
    with pytest.raises(NotUnderstood):
        of_regex(text)


@pytest.mark.parametrize(
    ("text", "accepted", "refused"),
    [
        ("^a|b$", ["ax", "xb"], ["xa", "bx"]),
        ("(^a|b)c", ["ac", "xbc"], ["xac"]),
        ("a(b$|c)", ["xab", "acx"], ["abx"]),
        ("a{2,}", ["xaay"], ["axa"]),
        ("^$", [""], ["a"]),
        ("x?", ["", "a"], []),
    ],
)
def test_anchors_and_places_are_those_of_a_search(text, accepted, refused):
    pattern = of_regex(text)

    assert [each for each in accepted if not pattern.accepts(each)] == []
    assert [each for each in refused if pattern.accepts(each)] == []
