"""What a change does to those who use a database, as far as they can notice: steps, each of one effect on some objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

ANYTHING = "*"  # an object that cannot be told


class Effect(StrEnum):
    ADD = "add"
    TIGHTEN = "tighten"  # writes that were accepted may be refused: a required column, UNIQUE, CHECK, a foreign key
    ADD_VALUE = "add value"  # to an enum or a domain
    RENAME = "rename"
    RESTRUCTURE = "restructure"  # split, merge, move
    WIDEN = "widen"
    NARROW = "narrow"  # or give a value another meaning: unit, time zone, text to enum
    REMOVE = "remove"
    BEHAVE = "behave"  # default, trigger, collation, policy
    STORE = "store"  # index, storage, statistics
    OPAQUE = "opaque"  # cannot be told


class Part(StrEnum):
    """Of expand–migrate–contract. A plain change does all at once, so it is a contract."""

    EXPAND = "expand"
    MIGRATE = "migrate"
    CONTRACT = "contract"

    @classmethod
    def named(cls, name: str) -> Self:
        return cls(name) if name in set(cls) else cls(cls.CONTRACT)


@dataclass(frozen=True, slots=True)
class Step:
    change: str  # "CHG-12"
    effect: Effect
    part: Part = Part.CONTRACT
    objects: frozenset[str] = frozenset()  # that clients of before may use: "public.bids", "public.bids.total"
    created: frozenset[str] = frozenset()
    place: int = 0  # of the backend release that has it, counted from the oldest
    in_sync: bool = False  # old and new form are kept the same by triggers or a view, and that was checked
    caught_up: bool = False  # the synchronisation's lag check is green
    viewed: bool = False  # the old form is still served by a view
    eased: bool = False  # NOT VALID, or both forms are written
    out_of_range: int | None = None  # values that the new type cannot hold; None: nobody looked
    bits: int = 0  # of a widened integer; 0: it is not one
    largest: int | None = None  # value in the column; None: nobody looked
    lock_seconds: float = 0.0
    served_to: Mapping[str, str] = field(default_factory=dict, hash=False)  # client to the first version that can live with it

    def as_json(self) -> dict[str, Any]:
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return values | {"objects": sorted(self.objects), "created": sorted(self.created), "served_to": dict(self.served_to)}

    @classmethod
    def from_json(cls, given: Mapping[str, Any], **besides: Any) -> Self:
        sets = {name: frozenset(given[name]) for name in ("objects", "created")}
        return cls(**{**given, **sets, **besides, "effect": Effect(given["effect"]), "part": Part(given["part"])})


def table_of(name: str) -> str:
    """“public.bids” for “public.bids.total”; a table is its own."""
    return ".".join(name.split(".")[:2])
