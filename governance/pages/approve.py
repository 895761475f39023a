"""Everything for one decision on one page: what happens, what was proved, what is signed, and whether this person may sign it."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from governance import workflow
from governance.acts import ACTS
from governance.case import Case
from governance.errors import MissingEvidence, MissingRole, NotAsked, Refusal
from governance.lifecycle import PhaseStatus, Role
from governance.models import Delegation, StartMode
from governance.orders import ScriptKind
from governance.pages.differences import changed_for
from governance.pages.proofs import findings, proofs, scripts
from governance.pages.stages import emergency_notes
from governance.pages.values import address_of, person_name
from governance.pages.verdicts import answers
from governance.policy import ROLE_OF, ApprovalKind, Standing, asks_for_password, turn
from governance.wording import counted


def approve_page(person: User, roles: Collection[Role], case: Case, kind: ApprovalKind) -> dict[str, Any]:
    phase, found = case.phase, findings(case)
    refusal, right = refusal_to_decide(person, roles, case, kind)
    listed = scripts(case, found)
    return {
        "title": f"Approve {phase.spec.number}: {kind.noun}",
        "kind": kind.noun,
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
        "choices": case.phase.choices,
        "considered": phase.considered,
        "emergencies": emergency_notes(case),
        "changed": changed_for(person, case, kind),
        "refusal": refusal.message if refusal else "",
        "step": turn(case.accord.asked, kind),
        "on_behalf_of": {"id": right.pk, "name": person_name(right)} if right else None,
        "password": asks_for_password(phase.risk),
        "may": _may(roles, case, refusal),
        **_outlook(case, kind),
    }


def refusal_to_decide(person: User, roles: Collection[Role], case: Case, kind: ApprovalKind) -> tuple[Refusal | None, User | None]:
    """What `workflow.approve` would answer, and on whose behalf the person decides if not with a right of their own.

    That function decides, this one only tells beforehand.
    """
    try:
        workflow.check_approval(person, frozenset(roles), case, kind)
    except (MissingRole, NotAsked) as refusal:
        return _with_lent_right(person, case, kind, refusal)
    except Refusal as refusal:
        return refusal, None
    return None, None


def _with_lent_right(person: User, case: Case, kind: ApprovalKind, refusal: Refusal) -> tuple[Refusal | None, User | None]:
    for delegation in Delegation.objects.holding().filter(delegate=person).select_related("person"):
        right = case.accord.approvers.get(delegation.person_id)
        if right and ROLE_OF[kind] in right.groups:
            try:
                lent = frozenset({ROLE_OF[kind]})
                workflow.check_approval(person, lent, case, kind, on_behalf_of=delegation.person)
            except Refusal as other:
                refusal = other
            else:
                return None, delegation.person
    return refusal, None


def _may(roles: Collection[Role], case: Case, refusal: Refusal | None) -> dict[str, bool]:
    """Who waits for changes may still reject; who wrote the change may still ask."""
    rule, phase = ACTS["ask_for_changes"], case.phase
    ask = phase.status == PhaseStatus.OPEN and rule.first <= phase.at <= rule.last and bool(set(roles) & rule.roles)
    waits = bool(case.asked) and isinstance(refusal, MissingEvidence)
    return {"approve": refusal is None, "reject": refusal is None or waits, "ask": ask}


def _when(case: Case) -> dict[str, Any]:
    booked = case.booked_in_production
    if not booked:
        return {"booked": False, "url": reverse("admin:governance_spec_form", args=[case.phase.spec_id, case.phase.pk, "book"])}
    conflicts = [each.conflict[:1].upper() + each.conflict[1:] for each in booked if each.conflict]
    conflicts += [text[:1].upper() + text[1:] for each in booked for text in each.advice]
    return {
        "booked": True,
        "starts": min(each.starts for each in booked),
        "ends": max(each.ends for each in booked),
        "window": booked[0].window,
        "targets": ", ".join(each.target.name for each in booked),
        "start": StartMode(booked[0].start).label,
        "booked_by": person_name(User(**booked[0].booked_by)),
        "conflicts": conflicts,
    }


def _approvals(person: User, case: Case, kind: ApprovalKind, refusal: Refusal | None) -> dict[str, Any]:
    """Decisions that hold, technical ones first, and who is still waited for."""
    held = [each for other in ApprovalKind for each in reversed(case.decided(other))]
    given, needed = case.given(kind), case.needed(kind)
    waits = max(needed - given, 0)
    return {
        "rows": [_approval(each, case) for each in held],
        "given": given,
        "needed": needed,
        "you": refusal is None and waits > 0,
        "others": max(waits - (refusal is None), 0),
        "role": ROLE_OF[kind],
        "kind": kind.noun,
        "policy": case.policy.version,
        "asked": [_standing(each) for each in case.accord.asked if each.lacking and (each.demand.kind is not kind or not _plain(each))],
    }


def _plain(standing: Standing) -> bool:
    """Said by the numbers alone."""
    return not (standing.demand.domain or standing.demand.groups or standing.impossible)


def _standing(standing: Standing) -> dict[str, str]:
    why = standing.why_impossible if standing.impossible else ", ".join(standing.demand.whys)
    return {
        "text": str(standing.demand),
        "count": f"{standing.given} of {standing.demand.people}",
        "state": "no" if standing.impossible else "wait",
        "why": f"{why[:1].upper()}{why[1:]}.",
        "blocked": "nobody can" if standing.impossible else "",
    }


def _approval(approval: Any, case: Case) -> dict[str, Any]:
    counts = case.accord.counts(approval)
    behalf = f" for {person_name(approval.on_behalf_of)}" if approval.on_behalf_of else ""
    return {
        "person": person_name(approval.person) + behalf,
        "kind": ApprovalKind(approval.kind).noun,
        "at": approval.at,
        "state": approval.decision if counts else "void",
        "reason": approval.reason,
        "note": "" if counts else _why_void(approval, case),
    }


def _why_void(approval: Any, case: Case) -> str:
    return "does not count: its time is over" if approval.expires_at <= case.accord.now else "does not count: no longer in the role"


def _signs(case: Case, kind: ApprovalKind) -> str:
    """What the digest covers, in words."""
    count = len([script for script in case.manifest.scripts if script.kind is not ScriptKind.CHECK])
    what = f"these {counted(count, 'script')} with checks, limits and rehearsal"
    if not kind.released:
        return f"{what}. Any edit voids it."
    return f"{what}, on {counted(len(case.on(production=True)), 'database')}, at this time. Any edit or move voids it."


def _outlook(case: Case, kind: ApprovalKind) -> dict[str, str]:
    """What an approval given now leads to."""
    left = case.needed(kind) - case.given(kind)
    if left > 1:
        return {"outlook": "Yours is not the last approval needed.", "then": f"{left - 1} more to come, each by another person."}
    if left < 1:
        return {"outlook": "All approvals are there.", "then": "Yours would be kept beside them."}
    if not kind.released:
        return {
            "outlook": f"Yours is the last {kind.noun} approval needed.",
            "then": "It can then run below production, and be tried in production.",
        }
    automatic = any(each.start == StartMode.AUTOMATIC for each in case.booked_in_production)
    then = "The run then starts by itself at its time" if automatic else "An operator then starts the run at its time"
    return {"outlook": "Yours is the last approval needed.", "then": f"{then}; it stops by itself at its limits."}
