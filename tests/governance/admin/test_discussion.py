"""Comments and questions on the page of a change, and at a line of a script."""

import pytest
from django.urls import reverse

from governance import workflow
from governance.models import AuditEvent, Comment, CommentKind
from tests.governance.admin.acting import act, refusals, said


def page_of(client, phase, **query):
    return client.get(reverse("admin:governance_spec_change", args=[phase.spec_id]), query).content.decode()


def test_what_was_said_stands_in_the_discussion_with_its_answers(staged, cast, sign_in):
    act(sign_in(cast.stakeholder), staged, "comment", kind="question", text="Who is affected?", tab="discussion")
    question = Comment.objects.get()

    answer = act(sign_in(cast.engineer), staged, "comment", text="Nobody: it is a new column.", answers=str(question.pk), tab="discussion")

    assert answer.url.endswith("&tab=discussion")
    page = page_of(sign_in(cast.reviewer), staged, tab="discussion")
    assert page.index("Who is affected?") < page.index("Nobody: it is a new column.")
    assert Comment.objects.get(answers=question).person == cast.engineer


def test_a_line_of_a_script_is_commented_where_it_stands(staged, cast, sign_in):
    script = staged.scripts.get(kind="forward")
    client = sign_in(cast.reviewer)

    form = page_of(client, staged, tab="scripts", on=f"{script.pk}:2")
    answer = act(client, staged, "comment", text="Why not NOT VALID?", script=str(script.pk), line="2", tab="scripts")

    assert "About line 2" in form
    assert answer.url.endswith(f"&tab=scripts#line-{script.pk}-2")
    assert "Why not NOT VALID?" in page_of(client, staged, tab="scripts")


def test_a_comment_on_a_line_that_an_edit_cut_off_stands_at_the_last_line(staged, cast, sign_in):
    script = staged.scripts.get(kind="forward")
    last = len(script.text.splitlines())
    workflow.comment(actor=cast.reviewer, phase=staged, text="And this?", script=script, line=last)

    workflow.edit_script(actor=cast.engineer, script=script, text=script.text.replace("-- Impact: one column\n", ""))

    assert "And this?" in page_of(sign_in(cast.engineer), staged, tab="scripts")


def test_a_question_is_resolved_by_a_button_and_counted_at_the_tab_until_then(staged, cast, sign_in):
    question = workflow.comment(actor=cast.stakeholder, phase=staged, text="When?", kind=CommentKind.QUESTION)
    client = sign_in(cast.engineer)
    before = page_of(client, staged)

    act(client, staged, "resolve", comment=str(question.pk), tab="discussion")

    after = page_of(client, staged)
    assert 'Discussion<span class="num">1</span>' in before
    assert "Discussion</a>" in after


@pytest.mark.parametrize(
    ("who", "data", "code"),
    [
        ("engineer", {"kind": "changes", "text": "No."}, "MissingRole"),
        ("reviewer", {"text": "  "}, "BadInput"),
        ("reviewer", {"text": "Here?", "line": "3"}, "BadInput"),
    ],
)
def test_a_remark_that_may_not_be_made_is_refused_with_its_reason(who, data, code, staged, cast, sign_in):
    answer = act(sign_in(getattr(cast, who)), staged, "comment", **data)

    assert said(answer)
    assert not Comment.objects.exists()
    assert refusals(staged.spec) == [code]


@pytest.mark.parametrize("data", [{"kind": "poem"}, {"script": "0"}, {"answers": "x"}])
def test_a_remark_about_something_unknown_says_what_is_unknown(data, staged, cast, sign_in):
    answer = act(sign_in(cast.reviewer), staged, "comment", text="Hm.", **data)

    assert "no such" in said(answer) or "no kind" in said(answer)
    assert not Comment.objects.exists()


def test_nothing_can_be_said_where_nothing_can_be_done(closed, cast, sign_in):
    phase = closed.phases.get()

    page = page_of(sign_in(cast.reviewer), phase, tab="discussion")

    assert "About this change" not in page


def test_words_are_shown_as_words(staged, cast, sign_in):
    workflow.comment(actor=cast.engineer, phase=staged, text="<script>alert(1)</script>")

    page = page_of(sign_in(cast.reviewer), staged, tab="discussion")

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert AuditEvent.objects.filter(kind="comment.comment").exists()
