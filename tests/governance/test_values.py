from dataclasses import field, fields

import pytest

from governance.values import dataclass, replace


@dataclass(frozen=True)
class Loose:
    name: str
    parts: tuple[int, ...] = ()
    rest: list[int] = field(default_factory=list, compare=False, hash=False)


@dataclass(frozen=True, slots=True)
class Tight:
    name: str
    parts: tuple[int, ...] = ()


@pytest.mark.parametrize("kind", [Loose, Tight])
def test_values_with_the_same_fields_are_equal_and_found_in_sets(kind: type[Loose] | type[Tight]) -> None:
    assert kind("a", (1,)) == kind("a", (1,)) != kind("a", (2,))
    assert kind("a", (1,)) in {kind("a", (1,))}


@pytest.mark.parametrize("kind", [Loose, Tight])
def test_another_value_leaves_the_first_as_it_is(kind: type[Loose] | type[Tight]) -> None:
    value = kind("a", (1,))

    other = replace(value, name="b")

    assert (value, other) == (kind("a", (1,)), kind("b", (1,)))
    assert type(other) is kind
    assert len(fields(other)) == len(fields(value))


def test_a_value_with_slots_takes_no_field_that_it_does_not_have() -> None:
    with pytest.raises(AttributeError, match="nam"):
        replace(Tight("a"), nam="b")  # type: ignore[call-arg]
