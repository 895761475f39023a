"""What people say about a change. Who asks for changes holds approvals up until the change is edited or the wish taken back."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from governance import audit, heralding
from governance.audit import save
from governance.errors import BadInput, NotAllowed, NotReady
from governance.models import Comment, CommentKind, Phase, Script
from governance.workflow.acts import act, checked, lock, permit

MOMENTS = timedelta(minutes=1)
EVENTS = {CommentKind.COMMENT: "commented", CommentKind.QUESTION: "asked", CommentKind.CHANGES: "asked for changes"}


@act
def comment(
    *,
    actor: User,
    phase: Phase,
    text: str,
    kind: CommentKind = CommentKind.COMMENT,
    script: Script | None = None,
    line: int | None = None,
    answers: Comment | None = None,
) -> Comment:
    """About the change, about a script, or about a line of it.

    Raises:
        MissingRole, BadInput, NotReady
    """
    phase = lock(phase)
    permit(actor, "ask_for_changes" if kind == CommentKind.CHANGES else "comment", stage=phase.at)
    if not text.strip():
        raise BadInput("A comment needs words. Write what you think, ask, or want changed.")
    _refuse_misplaced(phase, script, line, answers)
    row = checked(Comment(phase=phase, script=script, line=line, answers=answers, kind=kind, person=actor, text=text))
    _refuse_said(row)
    save(actor, row)
    where = f" on {script}" + (f", line {line}" if line else "") if script else ""
    audit.append(actor, f"comment.{kind}", phase.spec.number, f"{actor} {EVENTS[kind]}{where}: {row}", comment=row.pk)
    if kind != CommentKind.COMMENT:
        heralding.changes_asked(row)
    return row


def _refuse_misplaced(phase: Phase, script: Script | None, line: int | None, answers: Comment | None) -> None:
    if script and script.phase_id != phase.pk:
        raise BadInput(f"{script} belongs to another change than {phase}. Name a script of {phase.spec.number}.")
    if line is not None and (script is None or not 1 <= line <= len(script.text.splitlines())):
        raise BadInput(f"There is no line {line} to comment on. Name a script, and a line that it has.")
    if answers and answers.phase_id != phase.pk:
        raise BadInput(f"The comment that is answered belongs to another change than {phase}. Answer it there.")


def _refuse_said(row: Comment) -> None:
    """A request that went out twice: nobody means the same words in the same place twice within moments."""
    same = {name: getattr(row, name) for name in ("phase", "script", "line", "answers", "kind", "person", "text", "resolved_at")}
    if said := Comment.objects.filter(**same, at__gt=timezone.now() - MOMENTS).last():
        raise NotReady(f"You said exactly this at {said.at:%H:%M:%S} UTC, and it is kept once. Nothing is left to do.")


@act
def resolve(*, actor: User, comment: Comment) -> Comment:
    """A question is settled by anybody with a role, a wish for changes by who had it.

    Raises:
        MissingRole, NotAllowed, NotReady
    """
    phase = lock(comment.phase)
    permit(actor, "comment", stage=phase.at)
    held = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    held.phase = phase
    if not held.open:
        raise NotReady(f"“{held}” is not open: there is nothing to resolve.")
    if held.kind == CommentKind.CHANGES and held.person_id != actor.pk:
        raise NotAllowed(f"{held.person} asked for these changes. Only {held.person} takes that back; or edit the change.")
    _close(actor, held)
    return held


def open_comments(phase: Phase) -> QuerySet[Comment]:
    """Questions and wishes for changes that nobody has resolved yet."""
    rows = Comment.objects.filter(phase=phase, resolved_at=None).exclude(kind=CommentKind.COMMENT)
    return rows.select_related("person", "script", "phase__spec")


def settle_changes(actor: User, phase: Phase) -> None:
    """After an edit whoever asked for changes looks again."""
    for wish in open_comments(phase).filter(kind=CommentKind.CHANGES):
        _close(actor, wish)


def _close(actor: User, comment: Comment) -> None:
    comment.resolved_at, comment.resolved_by = timezone.now(), actor
    save(actor, comment)
    audit.append(actor, "comment.resolve", comment.phase.spec.number, f"{actor} resolved “{comment}”.", comment=comment.pk)
