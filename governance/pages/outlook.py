"""What is to come, for clients: who breaks with each open change, until when each client is fine, and what is being retired."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from governance.lifecycle import PhaseStatus
from governance.matrix import WORST_FIRST, Compatibility
from governance.models import ApiVersion, Booking, Deployment, Phase, Prospect, Release, ReleaseKind
from governance.pages.matrix import LOOKS, Wanted, frame
from governance.pages.values import address_of


def outlook_page(wanted: Wanted, *, keeper: bool) -> dict[str, Any]:
    rows = {"changes": _changes, "clients": _clients, "deprecations": _deprecations}[wanted.view](wanted)
    return {**frame(wanted, keeper=keeper), "rows": rows}


def _prospects(wanted: Wanted) -> QuerySet[Any]:
    """Of open changes on targets that they have still to come to, each with the start of its booking."""
    booked = Booking.objects.filter(phase=OuterRef("phase"), target=OuterRef("target"), cancelled_at=None).values("starts")[:1]
    applied = Deployment.objects.filter(phase=OuterRef("phase"), target=OuterRef("target"), applied=True)
    rows = Prospect.objects.filter(~Exists(applied), phase__status=PhaseStatus.OPEN, client__live=True)
    rows = rows.filter(client__name=wanted.name) if wanted.name else rows
    rows = rows.filter(target__name=wanted.target) if wanted.target else rows
    return rows.select_related("phase__spec", "target__environment", "client__api_version").annotate(starts=Subquery(booked))


def _changes(wanted: Wanted) -> list[dict[str, Any]]:
    """The hardest first: those that clients do not survive."""
    found: dict[tuple[Phase, str], list[Any]] = defaultdict(list)
    for prospect in _prospects(wanted):
        found[prospect.phase, prospect.target.name].append(prospect)
    rows = [_change(phase, target, prospects) for (phase, target), prospects in found.items()]
    return sorted(rows, key=lambda row: (WORST_FIRST.index(row["verdict"]), -row["phase"].spec_id, row["target"]))


def _change(phase: Phase, target: str, prospects: list[Any]) -> dict[str, Any]:
    by_verdict = {verdict: [each for each in prospects if each.verdict == verdict] for verdict in WORST_FIRST}
    worst = next(verdict for verdict, hit in by_verdict.items() if hit)
    hit = [_hit(each) for verdict, those in by_verdict.items() if verdict is not Compatibility.FULL for each in those]
    return {
        **LOOKS[worst],
        "verdict": worst,
        "phase": phase,
        "number": phase.spec.number,
        "url": f"{address_of(phase)}&tab=compatibility",
        "target": target,
        "starts": prospects[0].starts,
        "hit": hit,
        "fine": len(by_verdict[Compatibility.FULL]),
    }


def _hit(prospect: Any) -> dict[str, Any]:
    return {
        **LOOKS[Compatibility(prospect.verdict)],
        "client": str(prospect.client),
        "reason": prospect.reason.removeprefix(f"{prospect.phase.spec.number}: "),
    }


def _clients(wanted: Wanted) -> list[dict[str, Any]]:
    """Each with the first thing that ends it, and what it has to do before."""
    found: dict[Release, list[Any]] = defaultdict(list)
    for prospect in _prospects(wanted):
        found[prospect.client].append(prospect)
    clients = Release.objects.filter(kind=ReleaseKind.CLIENT, live=True).select_related("api_version").order_by("name", "version")
    named = clients.filter(name=wanted.name) if wanted.name else clients
    return [_client(client, found.get(client, [])) for client in named]


def _client(client: Release, prospects: Iterable[Any]) -> dict[str, Any]:
    ahead = [each for each in prospects if each.verdict != Compatibility.FULL]
    ahead.sort(key=lambda each: (WORST_FIRST.index(Compatibility(each.verdict)), each.starts is None, each.starts, each.phase_id))
    worst = Compatibility(ahead[0].verdict) if ahead else Compatibility.FULL
    sunset = client.api_version.sunset_on if client.api_version else None
    dated = [
        (each.starts.date(), f"{each.phase.spec.number} on {each.target}")
        for each in ahead
        if each.starts and each.verdict == Compatibility.NO
    ]
    dated += [(sunset, f"{client.api_version} is retired")] if sunset else []
    until = min(dated, default=None)
    todo = dict.fromkeys(ruling["way_out"] for each in ahead for ruling in each.rulings if ruling["way_out"])
    path = [client.api_version.migration_path] if client.api_version and client.api_version.deprecated_on else []
    return {
        **LOOKS[worst],
        "client": str(client),
        "until": until[0] if until else None,
        "because": until[1] if until else "",
        "ahead": [{**_hit(each), "number": each.phase.spec.number, "url": address_of(each.phase), "target": each.target} for each in ahead],
        "todo": [*path, *todo],
    }


def _deprecations(wanted: Wanted) -> list[dict[str, Any]]:
    """By date: API versions and their ends, and what contracts will take away."""
    today = timezone.now().date()
    clients = Release.objects.filter(kind=ReleaseKind.CLIENT, live=True, api_version__isnull=False).order_by("name", "version")
    using: dict[int | None, list[str]] = defaultdict(list)
    for client in clients:
        using[client.api_version_id].append(str(client))
    moments = [moment for version in ApiVersion.objects.all() for moment in _of_api(version, using[version.pk])]
    moments += _of_contracts(wanted)
    dated = sorted((each for each in moments if each["day"]), key=lambda each: each["day"])
    return [
        {**each, "past": bool(each["day"]) and each["day"] <= today} for each in [*dated, *(each for each in moments if not each["day"])]
    ]


def _of_api(version: ApiVersion, clients: list[str]) -> Iterable[dict[str, Any]]:
    texts: tuple[tuple[date | None, str], ...] = (
        (version.deprecated_on, "is deprecated: answers say so"),
        (version.sunset_on, "is retired: requests are refused"),
    )
    for day, text in texts:
        if day:
            yield {
                "day": day,
                "what": str(version),
                "text": text,
                "clients": clients,
                "todo": version.migration_path,
                "url": address_of(version),
            }


def _of_contracts(wanted: Wanted) -> Iterable[dict[str, Any]]:
    """Open phases that some client does not survive, by the start of their booking."""
    rows = _prospects(wanted).filter(verdict=Compatibility.NO).order_by("phase", "target", "client")
    found: dict[tuple[Phase, str], list[Any]] = defaultdict(list)
    for prospect in rows:
        found[prospect.phase, prospect.target.name].append(prospect)
    for (phase, target), prospects in found.items():
        starts = prospects[0].starts
        clients, text = [str(each.client) for each in prospects], f"takes away on {target} what these clients use"
        day = starts.date() if starts else None
        yield {"day": day, "what": phase.spec.number, "text": text, "clients": clients, "todo": "", "url": address_of(phase)}
