"""What became of a change's scripts since a person knew them, as a unified diff."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from difflib import unified_diff
from typing import Any

from django.contrib.auth.models import User
from django.db.models import DateTimeField, OuterRef, Subquery, Value
from django.db.models.expressions import Combinable

from governance.case import Case
from governance.models import Analysis, Booking, Decision, Phase, Script
from governance.policy import ApprovalKind
from governance.wording import counted

KINDS_OF_DECISION = {Decision.APPROVED: "approval", Decision.REJECTED: "rejection"}
LOOKS = {"+": "ins", "-": "del", "@": "place"}


def changed_for(person: User, case: Case, kind: ApprovalKind) -> dict[str, Any]:
    """Between the last decision of this person, where it does not hold any more, and now."""
    mine = next((each for each in case.approvals if each.person_id == person.pk and each.kind == kind), None)
    if mine is None:
        return {"word": "you have not decided on it before", "diffs": [], "facts": [], "why": ""}
    if not mine.voided_at and mine.digest == case.digest_of(kind):
        return {"word": "nothing", "diffs": [], "facts": [], "why": f"You {mine.decision} exactly this."}
    diffs, facts = changed_since(mine.at, case.phase), _facts_changed(mine, case, kind)
    words = [counted(sum(diff["count"] for diff in diffs), "line")] if diffs else [] if facts else ["not the scripts"]
    because = mine.voided_because or "the rehearsal came to another verdict"
    why = f"Your {KINDS_OF_DECISION[mine.decision]} of {mine.at:%d %b %H:%M} UTC is void: {because}."
    return {"word": ", ".join([*words, *(fact["name"].lower() for fact in facts)]), "diffs": diffs, "facts": facts, "why": why}


def _facts_changed(mine: Any, case: Case, kind: ApprovalKind) -> list[dict[str, str]]:
    """What a release is made of besides its scripts: when, where, and by which policy; name, before, after."""
    found = [("Policy", f"version {mine.policy}", f"version {case.policy.version}")]
    if kind.released:
        now = [(each.target.name, each.starts, each.ends) for each in case.booked_in_production]
        found.append(("Time", _times(_booked_at(mine.at, case.phase)), _times(now)))
    return [{"name": name, "before": before, "after": after} for name, before, after in found if before != after]


def _booked_at(moment: datetime, phase: Phase) -> Iterator[tuple[str, datetime, datetime]]:
    """Target, begin and end of what was booked then."""
    then = Booking.history.filter(phase=phase, history_date__lte=moment).order_by("id", "-history_date").distinct("id")
    rows = then.values_list("target__name", "starts", "ends", "cancelled_at")
    yield from ((target, starts, ends) for target, starts, ends, cancelled in rows if cancelled is None)


def _times(booked: Iterable[tuple[str, datetime, datetime]]) -> str:
    return (
        "; ".join(f"{target} {starts:%d %b %H:%M} to {ends:%d %b %H:%M} UTC" for target, starts, ends in sorted(booked)) or "nothing booked"
    )


def changed_since(moment: datetime, phase: Phase) -> list[dict[str, Any]]:
    """Only of scripts whose text was another then: name, lines (each look and text), and how many lines differ."""
    return _changed_since(Value(moment, output_field=DateTimeField()), phase)


def since_last_analysis(phase: Phase, content: str) -> list[dict[str, Any]]:
    """`content`: digest of the scripts as they are. Nothing where they were never analysed as something else."""
    earlier = Analysis.objects.filter(phase=phase).exclude(digest=content).order_by("-at")
    return _changed_since(Subquery(earlier.values("at")[:1]), phase)


def _changed_since(moment: Combinable, phase: Phase) -> list[dict[str, Any]]:
    then = Script.history.filter(id=OuterRef("pk"), history_date__lte=moment).order_by("-history_date")
    scripts = Script.objects.filter(phase=phase).annotate(known=Subquery(then.values("text")[:1]), moment=moment)
    return [_diff(script, script.known or "") for script in scripts if script.moment and script.known != script.text]


def _diff(script: Script, before: str) -> dict[str, Any]:
    lines = list(unified_diff(before.splitlines(), script.text.splitlines(), lineterm="", n=2))[2:]
    return {"name": script.name, **shown_lines(lines)}


def shown_lines(lines: Iterable[str]) -> dict[str, Any]:
    """Each line of a unified diff with its look, and how many differ."""
    shown = [{"look": LOOKS.get(line[:1], ""), "text": line} for line in lines]
    return {"lines": shown, "count": sum(line["look"] in ("ins", "del") for line in shown)}
