"""Everything for one decision on one page: what happens, what was proved, what is signed, and whether this person may sign it."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from governance.errors import AlreadyDecided, MissingEvidence, MissingRole, NotReady, OwnWork, Refusal, WrongStage
from governance.lifecycle import ACTS, PhaseStatus, Role
from governance.models import Approval, Decision
from governance.orders import ScriptKind
from governance.pages.case import Case
from governance.pages.differences import since_known
from governance.pages.proofs import findings, proofs, scripts
from governance.pages.values import address_of, person_name
from governance.pages.verdicts import answers
from governance.policy import ROLE_OF, ApprovalKind
from governance.windows import WindowKind
from governance.wording import counted

NOUNS = {ApprovalKind.TECHNICAL: "technical", ApprovalKind.BUSINESS: "business"}


def approve_page(person: User, roles: Collection[Role], case: Case, kind: ApprovalKind) -> dict[str, Any]:
    phase, refusal, found = case.phase, refusal_to_decide(person, roles, case, kind), findings(case)
    listed = scripts(case, found)
    return {
        "title": f"Approve {phase.spec.number}: {NOUNS[kind]}",
        "kind": NOUNS[kind],
        "number": phase.spec.number,
        "sentence": phase.sentence or phase.spec.title,
        "name": str(phase),
        "purpose": phase.spec.purpose,
        "author": person_name(phase.spec.author),
        "stage": phase.at.title,
        "change_url": address_of(phase),
        "specification_url": reverse("admin:specification", args=[phase.spec_id]),
        "answers": answers(case),
        "proofs": proofs(case, kind),
        "when": _when(case),
        "approvals": _approvals(person, case, kind, refusal),
        "digest": case.digest_of(kind),
        "signs": _signs(case, kind),
        "scripts": listed,
        "lines": sum(len(script["lines"]) for script in listed),
        "findings": found,
        "changed": _changed(person, case, kind),
        "refusal": refusal.message if refusal else "",
        "may": _may(roles, case, refusal),
        **_outlook(case, kind),
    }


def refusal_to_decide(person: User, roles: Collection[Role], case: Case, kind: ApprovalKind) -> Refusal | None:
    """What `workflow.approve` would answer, in its order; that function decides, this one only tells beforehand."""
    phase, rule = case.phase, ACTS[f"approve_{kind}"]
    name, number, digest = person.get_username(), phase.spec.number, case.digest_of(kind)
    if phase.status != PhaseStatus.OPEN:
        return NotReady(f"{phase} is {phase.status}: nothing more can be done with it. Submit a new change.")
    if not set(roles) & rule.roles:
        return MissingRole(name, rule.label.lower(), rule.roles)
    if not rule.first <= phase.at <= rule.last:
        return WrongStage(rule.label, phase.at.title, rule.first.title)
    if case.asked:
        return MissingEvidence("approve", [f"the changes that {case.asked[0]['person']} asked for: “{case.asked[0]['text'][:60]}”"])
    if person.pk in case.editors | {phase.spec.author_id}:
        return OwnWork(name, number, "approve")
    if not digest:
        return MissingEvidence("approve for production", ["a booking for every production target"])
    if any(each.person_id == person.pk for each in case.decided(kind)):
        return AlreadyDecided(name, kind)
    return None


def _may(roles: Collection[Role], case: Case, refusal: Refusal | None) -> dict[str, bool]:
    """Who waits for changes may still reject; who wrote the change may still ask."""
    rule, phase = ACTS["ask_for_changes"], case.phase
    ask = phase.status == PhaseStatus.OPEN and rule.first <= phase.at <= rule.last and bool(set(roles) & rule.roles)
    waits = bool(case.asked) and isinstance(refusal, MissingEvidence)
    return {"approve": refusal is None, "reject": refusal is None or waits, "ask": ask}


def _when(case: Case) -> dict[str, Any]:
    bookings = case.production_bookings
    if not bookings:
        return {"booked": False, "url": reverse("admin:governance_spec_form", args=[case.phase.spec_id, case.phase.pk, "book"])}
    conflicts = [f"{WindowKind.BLACKOUT.capitalize()} “{each.blackout}” on {each.target}" for each in bookings if each.blackout]  # type: ignore[attr-defined]
    return {
        "booked": True,
        "starts": min(each.starts for each in bookings),
        "ends": max(each.ends for each in bookings),
        "window": bookings[0].window.name,
        "targets": ", ".join(each.target.name for each in bookings),
        "start": bookings[0].get_start_display(),
        "booked_by": person_name(bookings[0].booked_by),
        "conflicts": conflicts,
    }


def _approvals(person: User, case: Case, kind: ApprovalKind, refusal: Refusal | None) -> dict[str, Any]:
    """Decisions that hold, technical ones first, and who is still waited for."""
    held = [each for other in ApprovalKind for each in reversed(case.decided(other))]
    given, needed = case.counted(kind), case.needed(kind)
    waits = max(needed - given, 0)
    return {
        "rows": [_approval(each) for each in held],
        "given": given,
        "needed": needed,
        "you": refusal is None and waits > 0,
        "others": max(waits - (refusal is None), 0),
        "role": ROLE_OF[kind],
        "kind": NOUNS[kind],
    }


def _approval(approval: Approval) -> dict[str, Any]:
    counts = approval.in_role and approval.person.is_active  # type: ignore[attr-defined]
    return {
        "person": person_name(approval.person),
        "kind": approval.kind,
        "at": approval.at,
        "state": approval.decision if counts else "void",
        "reason": approval.reason,
        "note": "" if counts else "does not count: no longer in the role",
    }


def _signs(case: Case, kind: ApprovalKind) -> str:
    """What the digest covers, in words."""
    count = len([script for script in case.manifest.scripts if script.kind is not ScriptKind.CHECK])
    what = f"these {counted(count, 'script')} with checks, limits and rehearsal"
    if kind is ApprovalKind.TECHNICAL:
        return f"{what}. Any edit voids it."
    return f"{what}, on {counted(len(case.production), 'database')}, at this time. Any edit or move voids it."


def _outlook(case: Case, kind: ApprovalKind) -> dict[str, str]:
    """What an approval given now leads to."""
    left = case.needed(kind) - case.counted(kind)
    if left > 1:
        return {"outlook": "Yours is not the last approval needed.", "then": f"{left - 1} more to come, each by another person."}
    if left < 1:
        return {"outlook": "All approvals are there.", "then": "Yours would be kept beside them."}
    if kind is ApprovalKind.TECHNICAL:
        return {
            "outlook": "Yours is the last technical approval needed.",
            "then": "It can then run below production, and be tried in production.",
        }
    automatic = any(each.start == "automatic" for each in case.production_bookings)
    then = "The run then starts by itself at its time" if automatic else "An operator then starts the run at its time"
    return {"outlook": "Yours is the last approval needed.", "then": f"{then}; it stops by itself at its limits."}


def _changed(person: User, case: Case, kind: ApprovalKind) -> dict[str, Any]:
    """Between the decision of this person that was voided last, and now."""
    mine = [each for each in case.approvals if each.person_id == person.pk and each.kind == kind]
    if not mine:
        return {"word": "you have not decided on it before", "diffs": [], "why": ""}
    if not mine[0].voided_at:
        return {"word": "nothing", "diffs": [], "why": f"You {mine[0].decision} exactly this."}
    diffs = since_known(case.scripts)
    word = counted(sum(diff["count"] for diff in diffs), "line") if diffs else "not the scripts"
    verb = "approval" if mine[0].decision == Decision.APPROVED else "rejection"
    return {"word": word, "diffs": diffs, "why": f"Your {verb} of {mine[0].at:%d %b %H:%M} UTC is void: {mine[0].voided_because}."}
