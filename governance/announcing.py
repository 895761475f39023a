"""What is told to whom when something happened: one function for each event, called by whoever brought it about."""

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.text import capfirst

from governance import audience
from governance.lifecycle import Role, Stage
from governance.models import Approval, ApprovalRequest, BreakGlass, Cause, Decision, DecisionPoint, Phase, Rehearsal, Run
from governance.notices import NoticeKind, notify
from governance.orders import RunKind, RunStatus, Verdict
from governance.policy import ApprovalKind

# Of a run; a dry run leaves nothing, so only that it failed is worth a word.
ENDS = {
    RunStatus.SUCCEEDED: (NoticeKind.RUN_SUCCEEDED, "succeeded"),
    RunStatus.PAUSED: (NoticeKind.RUN_PAUSED, "paused"),
    RunStatus.ROLLED_BACK: (NoticeKind.RUN_ROLLED_BACK, "took the change back"),
    RunStatus.FAILED_CLEAN: (NoticeKind.RUN_FAILED, "failed and left nothing behind"),
    RunStatus.FAILED_DIRTY: (NoticeKind.RUN_FAILED, "failed half-way"),
    RunStatus.INDETERMINATE: (NoticeKind.RUN_FAILED, "ended, and nobody knows yet what it left"),
}


def others(people: Iterable[User], actor: User) -> list[User]:
    """Nobody is told what they did themselves."""
    return [person for person in people if person.pk != actor.pk]


def decided(approval: Approval) -> None:
    phase, person = approval.phase, approval.person
    approved = approval.decision == Decision.APPROVED
    notify(
        kind=NoticeKind.APPROVAL_GIVEN if approved else NoticeKind.REJECTED,
        people=others(audience.concerned(phase), person),
        subject=f"{phase.spec.number} {'has' if approved else 'was refused'} a {ApprovalKind(approval.kind).noun} approval",
        text=f"{person} {approval.decision} {phase}. {approval.reason}".strip(),
        phase=phase,
    )


def to_be_decided(point: DecisionPoint) -> None:
    """Whoever may decide, and whose change it is; with whom to call, where the target says so."""
    run, phase = point.run, point.run.deployment.phase
    call = f" Call: {run.target.escalation}" if run.target.escalation else ""
    notify(
        kind=NoticeKind.TRIGGER_FIRED if point.cause == Cause.TRIGGER else NoticeKind.RUN_WAITS,
        people=audience.holders(Role.OPERATOR) | audience.concerned(phase, run.target),
        subject=f"{phase.spec.number} on {run.target}: somebody has to decide",
        text=f"{point.text}{call}",
        phase=phase,
        link=reverse("admin:governance_run_change", args=[run.pk]),
    )


def voided(approval: Approval) -> None:
    """Whoever gave it, and who wrote the change."""
    phase = approval.phase
    notify(
        kind=NoticeKind.APPROVAL_VOIDED,
        people=[approval.person, *audience.authors(phase)],
        subject=f"{phase.spec.number}: the {ApprovalKind(approval.kind).noun} approval of {approval.person} is void",
        text=f"It does not count any more: {approval.voided_because}. Its page shows what changed since.",
        phase=phase,
        link=approval_link(phase, approval.kind),
    )


def asked(request: ApprovalRequest, people: Iterable[User]) -> None:
    notify(
        kind=NoticeKind.APPROVAL_ASKED,
        people=people,
        subject=f"{request.phase.spec.number} waits for a {ApprovalKind(request.kind).noun} approval",
        text=f"{capfirst(str(request))}. Decide until {request.due_at:%d %b %H:%M} UTC; it is escalated then.",
        phase=request.phase,
        link=approval_link(request.phase, request.kind),
    )


def escalated(request: ApprovalRequest, people: Iterable[User], contacts: str) -> None:
    call = f" Whom to call: {contacts}." if contacts else ""
    notify(
        kind=NoticeKind.ESCALATION,
        people=people,
        subject=f"{request.phase.spec.number}: nobody has decided the {ApprovalKind(request.kind).noun} approval",
        text=f"{request} is asked for since {request.opened_at:%d %b %H:%M} UTC. It does not pass by itself.{call}",
        phase=request.phase,
        link=approval_link(request.phase, request.kind),
    )


def approval_link(phase: Phase, kind: str) -> str:
    return reverse("admin:approve", args=[phase.pk, kind])


def emergency(row: BreakGlass) -> None:
    """Everybody who has a role, at once, whoever declared it included: it is loud on purpose."""
    phase, skipped = row.phase, ", ".join(name.replace("_", " ") for name in row.skips) or "nothing"
    notify(
        kind=NoticeKind.EMERGENCY,
        people=audience.holders(*Role),
        subject=f"Emergency {row.incident}: {phase.spec.number}",
        text=f"{row.opened_by}: {row.reason} Until {row.expires_at:%d %b %H:%M} UTC it does without {skipped}. "
        f"Somebody who took no part reviews it until {row.review_due:%d %b %H:%M} UTC.",
        phase=phase,
    )


def emergency_over(row: BreakGlass) -> None:
    notify(
        kind=NoticeKind.REVIEW_DUE,
        people=audience.lookers_back(row),
        subject=f"Emergency {row.incident} of {row.phase.spec.number} waits for its review",
        text=f"It is over. Whoever took no part says until {row.review_due:%d %b %H:%M} UTC whether it was needed: {row.reason}",
        phase=row.phase,
        link=review_link(row),
    )


def emergency_unreviewed(row: BreakGlass) -> None:
    """Whoever opened it is told, too: it keeps them from the next one."""
    notify(
        kind=NoticeKind.REVIEW_OVERDUE,
        people=audience.lookers_back(row) | audience.holders(Role.OPERATOR),
        subject=f"The review of emergency {row.incident} of {row.phase.spec.number} is overdue",
        text=f"It was due at {row.review_due:%d %b %H:%M} UTC. Until somebody who took no part reviews it, {row.opened_by} cannot break "
        "the glass again, and the change cannot be closed.",
        phase=row.phase,
        link=review_link(row),
    )


def review_link(row: BreakGlass) -> str:
    return reverse("admin:governance_spec_form", args=[row.phase.spec_id, row.phase_id, "review_emergency"])


def rehearsal_failed(row: Rehearsal) -> None:
    """To who wrote the change; and where it was further on already, to who would run it."""
    phase = row.phase
    late = phase.at > Stage.LOCAL_TESTING
    stops = " It does not run in production before a rehearsal of these scripts has passed: correct them, or rehearse again."
    notify(
        kind=NoticeKind.REHEARSAL_FAILED,
        people=audience.concerned(phase) | audience.holders(Role.OPERATOR) if late else audience.authors(phase),
        subject=f"{phase.spec.number}: the rehearsal {'failed' if row.verdict == Verdict.FAILED else 'proved nothing'}",
        text=f"{row.message}{stops if late else ''}",
        phase=phase,
        link=reverse("admin:governance_rehearsal_change", args=[row.pk]),
    )


def started(run: Run) -> None:
    _of_run(run, NoticeKind.RUN_STARTED, "started", "")


def ended(run: Run) -> None:
    """Paused counts as well: somebody may have to resume it."""
    kind, word = ENDS[RunStatus(run.status)]
    _of_run(run, kind, word, run.message)


def _of_run(run: Run, kind: NoticeKind, word: str, text: str) -> None:
    """To who asked for it, and whom the change concerns; a dry run that went well is told to nobody."""
    if run.kind == RunKind.DRY_RUN and kind is not NoticeKind.RUN_FAILED:
        return
    phase = run.deployment.phase
    asked = [run.requested_by] if run.requested_by else []
    notify(
        kind=kind,
        people={*audience.concerned(phase, run.target), *asked},
        subject=f"{phase.spec.number} on {run.target}: the {run.kind.replace('_', ' ')} {word}",
        text=text or f"{phase} on {run.target}.",
        phase=phase,
        link=reverse("admin:governance_run_change", args=[run.pk]),
    )
