"""The deployments of a phase, each with its live booking and what speaks against that."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, JSONObject

from governance import collisions
from governance.kept import KeptRows
from governance.lifecycle import PhaseStatus
from governance.models import Collision, Deployment, Phase, Window
from governance.models.windows import touching
from governance.windows import Tier, WindowKind


def deployments_of(phase: Phase) -> list[Any]:
    """Each with its live booking (starts, ends as approved, start, window, booked_by; None without one), and what speaks against that."""
    return [_weighed(row) for row in _booked().filter(phase=phase)]


@lru_cache(maxsize=1)
def _booked() -> QuerySet[Deployment]:
    """Kept, since describing it takes longer than asking it."""
    bookings = Q(target__bookings__phase=F("phase"), target__bookings__cancelled_at=None)
    scope = Q(environment=OuterRef("target__environment")) | Q(target=OuterRef("target")) | Q(domain__specs=OuterRef("phase__spec"))
    over = Window.objects.filter(scope, touching(OuterRef("booking__starts"), OuterRef("booking__ends")), kind=WindowKind.BLACKOUT)
    clashes = Collision.objects.filter(booking=OuterRef("booking__pk"), other__cancelled_at=None, other__phase__status=PhaseStatus.OPEN)
    open_clashes = clashes.filter(Q(score__gte=collisions.BLOCKS) | Q(score__gte=collisions.ASKS, acknowledged_at=None)).order_by("-score")
    by = {name: f"booking__booked_by__{name}" for name in ("username", "first_name", "last_name")}
    times = JSONObject(name="name", starts="starts", ends="ends", rule="rule", zone="zone", tier="tier")
    return (
        Deployment.objects.select_related("target__environment")
        .annotate(booking=FilteredRelation("target__bookings", condition=bookings))
        .annotate(starts=F("booking__starts"), ends=Coalesce("booking__agreed_until", "booking__ends"))
        .annotate(start=F("booking__start"), window=F("booking__window__name"))
        .annotate(booking_id=F("booking__pk"), booked_by=JSONObject(**by))
        .annotate(over=KeptRows(over.values(row=times)), clashes=KeptRows(open_clashes.values_list("why")))
        .order_by("target__environment__rank", "target__name")
    )


def _weighed(deployment: Any) -> Any:
    """With the blackouts that lie over its booking, and what has to be settled before it holds."""
    found = [each for row in deployment.over for each in _blackout(row).intervals(deployment.starts, deployment.ends)]
    hard = next((each.name for each in found if each.closes), "")
    deployment.conflict = f"blackout “{hard}” on {deployment.target}" if hard else next(iter(deployment.clashes), "")
    deployment.soft = any(each.tier is Tier.SOFT for each in found)
    deployment.advice = tuple(dict.fromkeys(each.advice for each in found if not each.closes))
    return deployment


def _blackout(row: dict[str, Any]) -> Window:
    times = {name: datetime.fromisoformat(row[name]) for name in ("starts", "ends")}
    return Window(kind=WindowKind.BLACKOUT, **{**row, **times})
