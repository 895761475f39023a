"""A query's plan as EXPLAIN (FORMAT JSON) tells it, in a form in which two plans can be compared and a worse one named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SHRUGGED = 0.005  # seconds that nobody minds, whatever they are many times of
# From the access to a table that looks at least to the one that looks at all of it.
ACCESS = ("Index Only Scan", "Index Scan", "Bitmap Heap Scan", "Tid Scan", "Tid Range Scan", "Seq Scan")


@dataclass(frozen=True, slots=True)
class Access:
    relation: str
    how: str
    index: str = ""

    def __str__(self) -> str:
        return f"{self.how} using {self.index} on {self.relation}" if self.index else f"{self.how} on {self.relation}"


@dataclass(frozen=True, slots=True)
class Timed:
    """`seconds`: the fastest of several executions; `rows`: of the largest table that it reads."""

    accesses: tuple[Access, ...]
    cost: float
    seconds: float
    rows: int

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Timed":
        return cls(tuple(Access(*each) for each in kept["accesses"]), kept["cost"], kept["seconds"], kept["rows"])

    def as_json(self) -> dict[str, Any]:
        accesses = [[each.relation, each.how, each.index] for each in self.accesses]
        return {"accesses": accesses, "cost": self.cost, "seconds": self.seconds, "rows": self.rows}


def accesses(plan: Mapping[str, Any]) -> tuple[Access, ...]:
    """How each relation is read."""
    return tuple(_accesses(plan))


def _accesses(plan: Mapping[str, Any]) -> Iterator[Access]:
    if name := plan.get("Relation Name"):
        how = plan["Node Type"].removeprefix("Parallel ")
        index = plan.get("Index Name") or next((each["Index Name"] for each in plan.get("Plans", ()) if "Index Name" in each), "")
        yield Access(f"{plan['Schema']}.{name}" if plan.get("Schema") else name, how, index)
    for below in plan.get("Plans", ()):
        yield from _accesses(below)


def worse(before: Timed, after: Timed) -> tuple[str, ...]:
    """In words, each relation that is now read in a way that looks at more of it."""
    old: dict[str, Access] = {each.relation: each for each in before.accesses}
    return tuple(
        f"{old[new.relation]} became {new}"
        for new in after.accesses
        if new.relation in old and _rank(new) > _rank(old[new.relation]) and new.how == "Seq Scan"
    )


def slower(before: Timed, after: Timed, factor: float) -> bool:
    return after.seconds > before.seconds * factor and after.seconds - before.seconds > SHRUGGED


def _rank(access: Access) -> int:
    return ACCESS.index(access.how) if access.how in ACCESS else len(ACCESS)
