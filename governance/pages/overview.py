"""Home: what waits for the person, what comes, how delivery goes, what runs, what is owed, and how the databases are."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q, Subquery, Sum, Window
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse
from django.utils import timezone

from governance.acts import ACTS
from governance.calibration import kept
from governance.delivery import PERIOD, Ended, figures
from governance.lifecycle import ENDED, OVER, PhaseStatus, Role, Stage
from governance.models import (
    Booking,
    Domain,
    Drift,
    DriftState,
    Environment,
    FollowUp,
    Observation,
    Run,
    RunActivity,
    SchemaSnapshot,
    Script,
    Spec,
    Step,
    Target,
)
from governance.orders import RunKind, RunStatus, ScriptKind
from governance.pages.duties import MOST, duties, waits_for_others
from governance.pages.emergencies import open_emergencies
from governance.pages.figures import figure_rows, forecasts_kept
from governance.pages.values import address_of, person_name, risk_of
from governance.pages.waiting import points_of_risk
from governance.versions import read_script
from governance.wording import age, counted

NEEDED = (Role.OPERATOR, Role.ENGINEER, Role.REVIEWER)  # without whom no change gets anywhere
TOLD_LATELY = timedelta(seconds=15)
MEASURED = 100  # runs of which the forecasts are judged


def overview_page(person: User, roles: Collection[Role]) -> dict[str, Any]:
    """For whoever has a role, and for superusers, who have none of their own."""
    waiting, databases = duties(person, roles), _databases()
    page: dict[str, Any] = {
        "greeting": _greeting(),
        "waiting": waiting[:MOST],
        "others": waits_for_others(person, roles)[:MOST],
        "next": _next(),
        "figures": _figures(timezone.now()),
        "forecasts": forecasts_kept(kept(_measured())),
        "running": [_running(run) for run in _live()],
        "debts": _debts(),
        "emergencies": open_emergencies(),
        "databases": databases,
    }
    begun = any(page[name] for name in ("waiting", "others", "next", "running", "emergencies"))  # spares asking whether there is a change
    steps = [] if begun else _first_steps(person, roles, databases)
    return {**page, "steps": steps, "waits": _summary(waiting, steps)}


def _greeting() -> str:
    hour = timezone.localtime().hour
    return "Good morning" if hour < 12 else "Good afternoon" if hour < 18 else "Good evening"


def _summary(waiting: list[dict[str, Any]], steps: list[dict[str, Any]]) -> str:
    """Of changes; before there is one, of the first steps."""
    to_do = sum(bool(step["url"]) and not step["done"] for step in steps)
    if to_do:
        return f"{counted(to_do, 'first step')} {'waits' if to_do == 1 else 'wait'} for you."
    if not waiting:
        return "Nothing waits for you."
    wait = f"{counted(len(waiting), 'change')} {'waits' if len(waiting) == 1 else 'wait'} for you"
    waited = waiting[0]["age"]
    return f"{wait}." if waited == "just now" else f"{wait}. {'The oldest' if len(waiting) > 1 else 'It'} has waited {waited}."


def _next() -> list[dict[str, Any]]:
    """Bookings that are still to be used, soonest first."""
    rows = Booking.objects.filter(cancelled_at=None, ends__gt=timezone.now(), phase__status=PhaseStatus.OPEN)
    rows = rows.filter(phase__stage__lte=Stage.PRODUCTION_DEPLOYMENT).select_related("phase__spec", "target").order_by("starts", "pk")
    rows = rows.annotate(risk_points=points_of_risk("phase", "phase__risk"))
    return [_booked(booking) for booking in rows[:MOST]]


def _booked(booking: Any) -> dict[str, Any]:
    phase = booking.phase
    ready = phase.at is Stage.PRODUCTION_DEPLOYMENT
    return {
        "url": address_of(phase),
        "title": str(phase),
        "target": booking.target.name,
        "starts": booking.starts,
        "ends": booking.ends,
        "risk": risk_of(phase, booking.risk_points),
        "state": "approved" if ready else "wait",
        "word": "Approved" if ready else "Waits for approval",
    }


def _figures(now: datetime) -> list[dict[str, Any]]:
    """Of the period, beside the one before it."""
    ended = _ended(now - 2 * PERIOD)
    here, before = (figures(run for run in ended if (run.ended > now - PERIOD) is recent) for recent in (True, False))
    return figure_rows(here, before, now)


def _ended(since: datetime) -> list[Ended]:
    rows = Run.objects.filter(target__environment__production=True, kind__in=[RunKind.DEPLOY, RunKind.ROLLBACK])
    rows = rows.filter(finished_at__gt=since, status__in=ENDED)
    values = rows.values_list("deployment", "kind", "status", "deployment__phase__spec__created_at", "requested_at", "finished_at")
    return [
        Ended(key, RunKind(kind), RunStatus(status), submitted, asked, ended)
        for key, kind, status, submitted, asked, ended in values
        if ended
    ]


def _measured() -> list[tuple[float, float]]:
    """The latest runs that had a forecast: seconds that their statements took, and that they were to keep to; oldest first."""
    rows = Run.objects.filter(kind=RunKind.DEPLOY, status=RunStatus.SUCCEEDED, forecast_p90__isnull=False).order_by("-finished_at")
    took = Step.objects.filter(run=OuterRef("pk")).order_by().values("run").annotate(seconds=Sum("seconds")).values("seconds")
    found = rows.values_list(Coalesce(Subquery(took), 0.0), "forecast_p90")[:MEASURED]
    return [(seconds, p90) for seconds, p90 in reversed(list(found)) if p90]


def _live() -> Any:
    done = Count("steps", filter=Q(steps__status__in=OVER))
    scripts = Script.objects.filter(phase=OuterRef("deployment__phase")).values(row=JSONObject(kind="kind", name="name", text="text"))
    related = ("deployment__phase__spec", "target", "progress", "activity")
    rows = Run.objects.live().select_related(*related).annotate(done=done, scripts=ArraySubquery(scripts))
    return rows.order_by("requested_at")[:MOST]


def _running(run: Any) -> dict[str, Any]:
    kind = ScriptKind.ROLLBACK if run.kind == RunKind.ROLLBACK else ScriptKind.FORWARD
    statements = sum(len(read_script(each["name"], each["text"]).statements) for each in run.scripts if each["kind"] == kind)
    return {
        "url": reverse("admin:governance_run_change", args=[run.pk]),
        "title": str(run.deployment.phase),
        "percent": min(100, round(100 * run.done / statements)) if statements else 0,
        "sub": f"{run.get_kind_display()} on {run.target}",
        "state": run.status,
        "word": run.get_status_display(),
        "since": run.started_at or run.requested_at,
        **_reading(run),
    }


def _reading(run: Any) -> dict[str, Any]:
    """What was told of a run a moment ago: seconds that are left, and whether anybody waits for it; None while that is unknown."""
    told = [each for name in ("progress", "activity") if (each := getattr(run, name, None)) and timezone.now() - each.at < TOLD_LATELY]
    left = next((seconds for each in told if (seconds := each.seconds_left) is not None), None)
    return {"left": left, "blocks": bool(told[-1].keeps_waiting) if told and isinstance(told[-1], RunActivity) else None}


def _debts() -> dict[str, Any]:
    today = timezone.localdate()
    open_ones = FollowUp.objects.filter(done_at=None).annotate(overdue=Window(Count("pk", filter=Q(due__lt=today))))
    rows = list(open_ones.select_related("owner", "review__phase__spec").order_by("due", "pk")[:MOST])
    shown = [
        {
            "url": f"{address_of(row.review.phase)}&tab=review",
            "title": row.title,
            "owner": person_name(row.owner),
            "due": row.due,
            "overdue": row.due < today,
            "word": counted(abs((row.due - today).days), "day"),
        }
        for row in rows
    ]
    return {"rows": shown, "overdue": rows[0].overdue if rows else 0}


def _databases() -> list[dict[str, Any]]:
    seen = Observation.objects.filter(target=OuterRef("pk")).order_by("-requested_at")
    present = SchemaSnapshot.objects.filter(target=OuterRef("pk"), valid_to=None)
    rows = Target.objects.in_rank_order().annotate(
        observed=Subquery(seen.exclude(facts=None).values("finished_at")[:1]),
        silent=Subquery(seen.filter(finished_at__isnull=False).values("message")[:1]),
        snapshot=Exists(present),
        drift=Subquery(Drift.objects.filter(target=OuterRef("pk"), state=DriftState.OPEN).values("pk")[:1]),
    )
    return [_database(target) for target in rows]


def _database(target: Any) -> dict[str, Any]:
    common = {"name": target.name, "environment": target.environment.name, "version": target.version, "known": target.snapshot}
    common["url"] = reverse("admin:schema_target", args=[target.name])
    if not target.snapshot:
        return {**common, "state": "unknown", "note": target.silent or "not observed yet"}
    if target.drift:
        url = reverse("admin:drift", args=[target.drift])
        return {**common, "url": url, "state": "warning", "note": "changed outside Lockgate"}
    note = f"seen {age(timezone.now() - target.observed)} ago" if target.observed else "as the last run left it"
    return {**common, "state": "ok", "note": note.replace("just now ago", "just now")}


def _first_steps(person: User, roles: Collection[Role], databases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Until the first change is in: what there is to do, in order."""
    if Spec.objects.exists():
        return []
    environment, add, domain, submit = (reverse(f"admin:governance_{noun}_add") for noun in ("environment", "target", "domain", "spec"))
    filled = Group.objects.filter(name__in=NEEDED, user__is_active=True, user__is_staff=True).distinct().count()
    return [
        {
            "done": filled == len(NEEDED),
            "title": "Give people their roles",
            "sub": "An operator sets up and runs, an engineer submits, a reviewer approves. Nobody approves what they wrote themselves.",
            "url": reverse("admin:auth_user_changelist") if person.is_superuser else "",
            "who": "an administrator",
        },
        {
            "done": Environment.objects.exists(),
            "title": "Add an environment",
            "sub": "For example staging before production: changes go through environments in the order of their ranks.",
            "url": environment if Role.OPERATOR in roles else "",
            "who": "an operator",
        },
        {
            "done": bool(databases),
            "title": "Add a database",
            "sub": "A target names the environment variable that holds its connection; the string itself is never stored.",
            "url": add if Role.OPERATOR in roles else "",
            "who": "an operator",
        },
        {
            "done": any(database["known"] for database in databases),
            "title": "Take the baseline",
            "sub": "Its page shows the grants that the runner needs there. The runner tests them and reads the schema as version 1.0.0.",
            "url": next((each["url"] for each in databases if not each["known"]), ""),
            "who": "an operator",
        },
        {
            "done": Domain.objects.exists(),
            "title": "Add a domain",
            "sub": "A part of the business with its tables, its owners and what it asks of a change. Every change names one at least.",
            "url": domain if Role.OPERATOR in roles else "",
            "who": "an operator",
        },
        {
            "done": False,
            "title": "Submit the first change",
            "sub": "A specification and its scripts, here or with manage.py submit.",
            "url": submit if ACTS["submit"].roles & set(roles) else "",
            "who": "an engineer",
        },
    ]
