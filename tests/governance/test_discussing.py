"""Comments, questions and wishes for changes."""

import pytest

from governance import workflow
from governance.errors import BadInput, MissingEvidence, MissingRole, NotAllowed, NotReady
from governance.models import AuditEvent, Comment, CommentKind, Script
from governance.policy import ApprovalKind
from tests import factories
from tests.governance.api.caller import Caller
from tests.governance.claiming import at_the_same_moment
from tests.governance.conftest import STAGES, wanted_of


@pytest.fixture
def beginning(request):
    return wanted_of(request, {"reviewable": STAGES["approval"], "phase": STAGES["submission"]})


@pytest.fixture
def phase(spec):
    return factories.phase_of(spec)


def say(person, phase, kind=CommentKind.COMMENT, text="Why now?", **given):
    return workflow.comment(actor=person, phase=phase, text=text, kind=kind, **given)


def approve(cast, phase):
    digest = workflow.digest_for(phase, ApprovalKind.TECHNICAL)
    return workflow.approve(actor=cast.reviewer, phase=phase, kind=ApprovalKind.TECHNICAL, digest=digest)


@pytest.mark.parametrize("name", ["engineer", "reviewer", "stakeholder", "operator", "auditor"])
def test_everybody_with_a_role_may_comment_and_ask(cast, phase, name):
    person = getattr(cast, name)

    say(person, phase)
    say(person, phase, CommentKind.QUESTION)

    assert list(AuditEvent.objects.filter(kind__startswith="comment.", actor=person).values_list("kind", flat=True)) == [
        "comment.question", "comment.comment",
    ]  # fmt: skip


def test_a_superuser_without_a_role_does_not_comment(phase, superuser):
    with pytest.raises(MissingRole):
        say(superuser, phase)

    assert not Comment.objects.exists()


@pytest.mark.parametrize("name", ["engineer", "auditor"])
def test_only_those_who_may_approve_ask_for_changes(cast, phase, name):
    with pytest.raises(MissingRole):
        say(getattr(cast, name), phase, CommentKind.CHANGES)


def test_a_comment_stands_at_a_line_of_a_script(cast, phase):
    script = phase.scripts.get(kind="forward")

    row = say(cast.reviewer, phase, script=script, line=3)

    assert (row.script, row.line) == (script, 3)
    assert "line 3" in AuditEvent.objects.get(kind="comment.comment").text


@pytest.mark.parametrize("line", [0, 4])
def test_a_line_that_the_script_does_not_have_is_refused(cast, phase, line):
    with pytest.raises(BadInput, match=f"no line {line}"):
        say(cast.reviewer, phase, script=phase.scripts.get(kind="forward"), line=line)


@pytest.mark.parametrize("text", [" \n", "half a \0 word"])
def test_a_comment_is_made_of_words(cast, phase, text):
    with pytest.raises(BadInput):
        say(cast.reviewer, phase, text=text)

    assert not Comment.objects.exists()


def test_scripts_and_answers_are_of_the_same_change(cast, phase):
    other = factories.phase_of(factories.make_spec(cast, factories.script_files("20260101_1000")))
    comment = say(cast.reviewer, other)

    with pytest.raises(BadInput, match="another change"):
        say(cast.reviewer, phase, script=other.scripts.first())
    with pytest.raises(BadInput, match="another change"):
        say(cast.reviewer, phase, answers=comment)


def test_questions_and_wishes_are_open_until_resolved(cast, phase):
    say(cast.reviewer, phase)
    question = say(cast.stakeholder, phase, CommentKind.QUESTION)
    wish = say(cast.reviewer, phase, CommentKind.CHANGES)

    opened = list(workflow.open_comments(phase))
    workflow.resolve(actor=cast.engineer, comment=question)

    assert opened == [question, wish]
    assert list(workflow.open_comments(phase)) == [wish]
    assert AuditEvent.objects.get(kind="comment.resolve").actor == "erin"


def test_what_is_not_open_cannot_be_resolved(cast, phase):
    comment = say(cast.reviewer, phase)

    with pytest.raises(NotReady):
        workflow.resolve(actor=cast.reviewer, comment=comment)


def test_only_who_asked_for_changes_takes_that_back(cast, phase):
    wish = say(cast.reviewer, phase, CommentKind.CHANGES)

    with pytest.raises(NotAllowed, match="Only rosa"):
        workflow.resolve(actor=cast.engineer, comment=wish)
    workflow.resolve(actor=cast.reviewer, comment=wish)

    assert not workflow.open_comments(phase).exists()


@pytest.fixture
def reviewable(phase):
    return phase


def test_nobody_approves_while_changes_are_asked_for(cast, reviewable):
    wish = say(cast.stakeholder, reviewable, CommentKind.CHANGES, "Name the levels.")

    with pytest.raises(MissingEvidence, match=r"stella asked for: “Name the levels”[.]$"):
        approve(cast, reviewable)
    workflow.resolve(actor=cast.stakeholder, comment=wish)

    assert approve(cast, reviewable)


def test_an_open_question_does_not_hold_an_approval_up(cast, reviewable):
    say(cast.stakeholder, reviewable, CommentKind.QUESTION)

    assert approve(cast, reviewable)


def test_a_change_with_wishes_can_still_be_rejected(cast, reviewable):
    say(cast.stakeholder, reviewable, CommentKind.CHANGES)
    digest = workflow.digest_for(reviewable, ApprovalKind.TECHNICAL)

    assert workflow.reject(actor=cast.reviewer, phase=reviewable, kind=ApprovalKind.TECHNICAL, digest=digest, reason="No.")


def test_an_edited_script_settles_the_wishes(cast, reviewable):
    say(cast.stakeholder, reviewable, CommentKind.CHANGES)
    question = say(cast.stakeholder, reviewable, CommentKind.QUESTION)
    script = Script.objects.get(phase=reviewable, kind="forward")

    workflow.edit_script(actor=cast.engineer, script=script, text=script.text.replace("integer", "bigint"))

    assert list(workflow.open_comments(reviewable)) == [question]


def test_an_edited_specification_settles_the_wishes(cast, reviewable):
    say(cast.stakeholder, reviewable, CommentKind.CHANGES)

    workflow.edit_specification(actor=cast.engineer, spec=reviewable.spec, changes={"purpose": "Levels of trust."})

    assert not workflow.open_comments(reviewable).exists()


def test_the_same_words_in_the_same_place_are_kept_once_within_moments(cast, phase):
    say(cast.reviewer, phase)
    script = phase.scripts.get(kind="forward")
    others = [{"text": "Why then?"}, {"kind": CommentKind.QUESTION}, {"script": script}, {"script": script, "line": 1}]

    with pytest.raises(NotReady, match=r"You said exactly this at \d\d:\d\d:\d\d UTC, and it is kept once"):
        say(cast.reviewer, phase)
    say(cast.engineer, phase)
    for other in others:
        say(cast.reviewer, phase, **other)
    factories.at_once("UPDATE governance_comment SET at = at - interval '1 minute'")
    say(cast.reviewer, phase)

    assert Comment.objects.filter(phase=phase).count() == 3 + len(others)


def test_a_wish_that_was_settled_may_be_had_again_at_once(cast, phase):
    phase = factories.bring_to_approval(cast, phase.spec)
    wish = say(cast.reviewer, phase, CommentKind.CHANGES)
    workflow.resolve(actor=cast.reviewer, comment=wish)

    assert say(cast.reviewer, phase, CommentKind.CHANGES).open


def test_requests_of_a_program_at_the_same_moment_make_one_comment_and_the_others_read_so(committed):
    cast, api = factories.make_cast(), Caller()
    factories.make_targets()
    phase = factories.phase_of(factories.make_spec(cast))
    plain, path = api.token(cast.reviewer), f"/changes/{phase.spec.number}/comments"

    answers = at_the_same_moment(4, lambda _: Caller().send(plain, "POST", path, {"text": "Why now?"}))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert all("kept once" in answer.json()["detail"] for answer in answers if answer.status_code == 409)
    assert Comment.objects.count() == 1
