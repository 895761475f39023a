"""Checks of a run that are unknown: who asks them again, how far that is, and whether the reader may."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.urls import reverse

from governance import workflow
from governance.acts import ACTS
from governance.errors import NotReady
from governance.lifecycle import Role
from governance.models import CheckResult, Recheck, Run, RunActivity
from governance.models.rechecks import WAITING
from governance.orders import CHECKING, Verdict
from governance.pages.acts import Button
from governance.pages.values import person_name
from governance.rechecks import BEHIND, check_still_there


@dataclass(frozen=True, slots=True)
class Asking:
    """The last time that somebody asked a check again."""

    by: str
    at: datetime
    live: bool
    word: str  # how far it is, or why nothing came of it


@dataclass(frozen=True, slots=True)
class Unknown:
    """What can be done about the answers of a run that are unknown."""

    asked: dict[int, Asking]  # by the key of the check's result
    buttons: dict[int, Button]

    @property
    def live(self) -> bool:
        return any(each.live for each in self.asked.values())


def unknown_of(run: Run, checks: Iterable[CheckResult], roles: Collection[Role]) -> Unknown:
    """Asks the database only where something is unknown."""
    open_ones = [each for each in checks if each.verdict == Verdict.UNKNOWN and each.moment in BEHIND]
    if not open_ones:
        return Unknown({}, {})
    asked = _asked(open_ones)
    if not set(roles) & ACTS["ask_again"].roles:
        return Unknown(asked, {})
    why = "" if all(each.pk in asked and asked[each.pk].live for each in open_ones) else _why_not(run)
    return Unknown(asked, {each.pk: _button(run, each, asked.get(each.pk), why) for each in open_ones})


def _asked(checks: Iterable[CheckResult]) -> dict[int, Asking]:
    related = ("requested_by", "result__run__activity")
    rows = Recheck.objects.filter(result__in=checks).select_related(*related).order_by("requested_at")
    return {row.result_id: _asking(row) for row in rows}


def _asking(row: Recheck) -> Asking:
    live = row.status in WAITING
    by = person_name(row.requested_by) if row.requested_by else "Lockgate"
    return Asking(by, row.requested_at, live, _progress(row) if live else row.message)


def _progress(row: Recheck) -> str:
    activity: RunActivity | None = getattr(row.result.run, "activity", None)
    if activity is None or activity.position != CHECKING or activity.at < row.requested_at:
        return "waits for the runner"
    return f"{activity.phase}: {activity.done or 0:,} of about {activity.total or 0:,} rows"


def _why_not(run: Run) -> str:
    try:
        check_still_there(run)
    except NotReady as refusal:
        return refusal.message
    return ""


def _button(run: Run, check: CheckResult, asking: Asking | None, why: str) -> Button:
    stops = asking is not None and asking.live
    name, label, why = ("stop_asking", "Stop asking", "") if stops else ("ask_again", "Ask again", why)
    hidden = (("act", name), ("check", str(check.pk)))
    return Button(name, label, reverse("admin:governance_run_act", args=[run.pk]), hidden=hidden, enabled=not why, why=why)


ASKING = {
    "ask_again": (workflow.ask_again, "The check is asked again; its answer will stand beside the first one."),
    "stop_asking": (workflow.stop_asking, "Asked to stop: a reading hears it within a second."),
}


def ask(person: User, run: Run, name: str, check: int | None) -> str:
    """Raises Refusal."""
    result = run.checks.filter(pk=check or 0).select_related("run__deployment__phase").first()
    if result is None:
        raise NotReady("This run has no such check. Open its page again, and use the button beside the check.")
    act, done = ASKING[name]
    act(actor=person, result=result)
    return done
