"""What a version of the policy says: rules with their conditions, and what those ask for of one change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from governance.analysis.risk import RiskLevel
from governance.policy.kinds import ApprovalKind

UNKNOWN_CLASSES = frozenset({"", "unknown"})


@dataclass(frozen=True, slots=True)
class Considered:
    """What the rules look at of a change, for one environment. What is not known counts as the worst."""

    environment: str
    production: bool
    risk: RiskLevel
    change_class: str = ""
    domains: tuple[str, ...] = ()  # slugs of those it touches
    size: int | None = None  # bytes of the largest table it touches
    pattern: str = "plain"
    kind: str = "normal"
    irreversible: bool = False
    soft_blackout: bool = False  # one lies over the booked time


@dataclass(frozen=True, slots=True)
class Condition:
    """Everything that is named has to fit; what is left empty fits everything."""

    environments: frozenset[str] = frozenset()
    production: bool | None = None
    risks: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    larger_than: int | None = None  # bytes
    irreversible: bool = False
    soft_blackout: bool = False

    def matches(self, change: Considered) -> bool:
        return all(
            (
                not self.environments or change.environment in self.environments,
                self.production is None or change.production is self.production,
                not self.risks or change.risk in self.risks,
                not self.classes or change.change_class in self.classes | UNKNOWN_CLASSES,
                not self.domains or bool(self.domains & set(change.domains)),
                not self.patterns or change.pattern in self.patterns,
                not self.kinds or change.kind in self.kinds,
                self.larger_than is None or change.size is None or change.size > self.larger_than,
                change.irreversible or not self.irreversible,
                change.soft_blackout or not self.soft_blackout,
            )
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """So many distinct people of a kind have to agree to every change that the condition fits."""

    kind: ApprovalKind
    people: int
    why: str
    when: Condition = Condition()
    groups: tuple[str, ...] = ()  # the approver is in one of them; empty: whoever has the kind's role
    each_domain: bool = False  # so many owners of each touched domain
    step: int = 1  # later steps wait for the earlier ones; those of one step are decided side by side
    days: int = 14  # an approval lasts
    hours: int = 48  # until a request that nobody decided is escalated

    def demands(self, change: Considered) -> Iterator["Demand"]:
        domains: Iterable[str] = change.domains if self.each_domain else ("",)
        if self.each_domain and self.when.domains:
            domains = (domain for domain in change.domains if domain in self.when.domains)
        for domain in domains:
            yield Demand(self.kind, self.people, self.groups, domain, self.step, self.days, self.hours, (self.why,))


@dataclass(frozen=True, slots=True)
class Demand:
    """What one or several rules ask for: distinct people of a kind, of some groups, for a domain."""

    kind: ApprovalKind
    people: int
    groups: tuple[str, ...] = ()
    domain: str = ""
    step: int = 1
    days: int = 14
    hours: int = 48
    whys: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        return self.kind, self.groups, self.domain, self.step

    def joined(self, other: "Demand") -> "Demand":
        """The stricter of both in everything."""
        return replace(
            self,
            people=max(self.people, other.people),
            days=min(self.days, other.days),
            hours=min(self.hours, other.hours),
            whys=tuple(dict.fromkeys((*self.whys, *other.whys))),
        )

    def __str__(self) -> str:
        of = f" of {self.domain}" if self.domain else ""
        groups = f" from {' or '.join(self.groups)}" if self.groups else ""
        return f"{self.kind.noun} approval{of}{groups}"


@dataclass(frozen=True, slots=True)
class Policy:
    """One version: its number, and its rules in their order."""

    number: int
    rules: tuple[Rule, ...]

    @property
    def version(self) -> str:
        return str(self.number)

    def demands(self, *environments: Considered) -> tuple[Demand, ...]:
        """All that the matching rules ask for, over all the environments; those for the same people are joined."""
        found: dict[tuple[object, ...], Demand] = {}
        for change in environments:
            for rule in self.rules:
                if rule.when.matches(change):
                    for demand in rule.demands(change):
                        found[demand.key] = found[demand.key].joined(demand) if demand.key in found else demand
        return tuple(sorted(found.values(), key=lambda demand: (demand.kind.released, demand.step)))


def asks_for_password(risk: str) -> bool:
    """Whoever approves it says again who they are. What is not known counts as the worst."""
    return risk not in (RiskLevel.LOW, RiskLevel.MEDIUM)


def needs_integration_tests(domains: tuple[str, ...]) -> bool:
    """A change that touches more than one domain shows the result of a test suite that spans them."""
    return len(domains) > 1
