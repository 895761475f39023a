"""Texts made from regular expressions."""

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
