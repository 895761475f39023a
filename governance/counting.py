"""From rows to the population of changes, and to what a period says of how they were governed."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from governance import audit
from governance.models import Approval, BreakGlass, Decision, Phase, Run
from governance.orders import RunKind
from governance.population import Member, Outcome, Report, outcome_of, seal
from governance.wording import counted


def population(since: datetime | None = None, until: datetime | None = None) -> list[Member]:
    """Every phase of every change submitted in the time, oldest first; nothing is left out."""
    rows = (
        _phases()
        .select_related("spec__author")
        .annotate(
            approved=Count("approvals", filter=Q(approvals__decision=Decision.APPROVED), distinct=True),
            refused=Count("approvals", filter=Q(approvals__decision=Decision.REJECTED), distinct=True),
            broken=Count("emergencies", distinct=True),
        )
    )
    if since:
        rows = rows.filter(spec__created_at__gte=since)
    if until:
        rows = rows.filter(spec__created_at__lt=until)
    return list(_members(rows.order_by("spec", "position")))


def outcomes() -> dict[Outcome, int]:
    """How many phases of all changes came to what: those of one status, latest run and rejection are counted by the database."""
    found = Counter(dict.fromkeys(Outcome, 0))
    alike = _phases().values("status", "last_run", "rejected")
    for row in alike.annotate(count=Count("pk")).order_by():
        found[outcome_of(row["status"], row["last_run"] or "", rejected=row["rejected"])] += row["count"]
    return found


def _phases() -> QuerySet[Any]:
    """All of them, with what their outcome follows from."""
    runs = Run.objects.filter(deployment__phase=OuterRef("pk")).exclude(kind=RunKind.DRY_RUN).order_by("-requested_at")
    standing = Approval.objects.filter(phase=OuterRef("pk"), decision=Decision.REJECTED, voided_at=None)
    return Phase.objects.annotate(last_run=Subquery(runs.values("status")[:1]), rejected=Exists(standing))


def exported(person: User, since: datetime | None = None, until: datetime | None = None) -> tuple[list[Member], str]:
    """The population as somebody takes it away, and its seal. It is an event, against which what was taken can be checked later."""
    members = population(since, until)
    sealed, period = seal(members), {"since": since and since.isoformat(), "until": until and until.isoformat()}
    text = f"{person} exported the population: {counted(len(members), 'change')}."
    audit.append(person, "export.population", "", text, count=len(members), sha256=sealed, **period)
    return members, sealed


def _members(rows: Iterable[Phase]) -> Iterable[Member]:
    for row in rows:
        spec, found = row.spec, vars(row)
        yield Member(
            number=spec.number,
            phase=row.name,
            title=spec.title,
            kind=spec.kind,
            author=spec.author.get_username(),
            submitted=spec.created_at,
            stage=row.stage,
            status=row.status,
            risk=row.risk,
            change_class=row.change_class,
            approvals=found["approved"],
            rejections=found["refused"],
            emergencies=found["broken"],
            last_run=found["last_run"] or "",
            rejected=found["rejected"],
        )


def report(since: datetime) -> Report:
    decided = Approval.objects.filter(at__gte=since).aggregate(
        yes=Count("pk", filter=Q(decision=Decision.APPROVED)), no=Count("pk", filter=Q(decision=Decision.REJECTED))
    )
    production = Run.objects.filter(kind=RunKind.DEPLOY, target__environment__production=True, requested_at__gte=since)
    runs = production.aggregate(all=Count("pk"), emergency=Count("pk", filter=Q(emergency__isnull=False)))
    return Report(
        approvals=decided["yes"],
        rejections=decided["no"],
        runs=runs["all"],
        emergency_runs=runs["emergency"],
        emergencies=BreakGlass.objects.filter(opened_at__gte=since).count(),
        unreviewed=BreakGlass.objects.unreviewed().count(),
        overdue=BreakGlass.objects.overdue().count(),
    )
