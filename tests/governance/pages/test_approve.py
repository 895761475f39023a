"""The page for one decision: what it says, who may decide, and that its buttons meet the same refusals as the functions."""

import re

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from governance import dossier, workflow
from governance.case import load
from governance.errors import Refusal
from governance.models import Approval, AuditEvent, CommentKind, Script, Spec
from governance.orders import Verdict
from governance.pages.approve import approve_page, refusal_to_decide
from governance.pages.verdicts import answers
from governance.policy import ApprovalKind
from tests import factories
from tests.governance.conftest import wanted_of
from tests.governance.pages.scenes import book
from tests.portal.test_csp import INLINE

TECHNICAL, BUSINESS = ApprovalKind.TECHNICAL, ApprovalKind.BUSINESS
MOST_QUERIES = 15


@transaction.atomic
def submitted(cast) -> None:
    """With a client of which nothing is known."""
    factories.make_targets()
    factories.make_client_release()
    factories.make_spec(cast)


def rehearsed_scene(cast) -> None:
    submitted(cast)
    factories.bring_to_approval(cast, Spec.objects.get())


@transaction.atomic
def booked_scene(cast) -> None:
    submitted(cast)
    phase = factories.bring_to_window(cast, Spec.objects.get())
    target = factories.on(phase, production=True).target
    book(cast.operator, phase, target, factories.make_window(target))  # before the client was known of


@pytest.fixture
def beginning(request):
    return wanted_of(request, {"booked": booked_scene, "rehearsed": rehearsed_scene, "spec": submitted})


@pytest.fixture
def rehearsed(spec):
    """At the stage of staging deployment, before anybody has approved."""
    return factories.phase_of(spec)


@pytest.fixture
def booked(spec):
    """Tried and booked, before the business has approved."""
    return factories.phase_of(spec)


def address(phase, kind=TECHNICAL):
    return reverse("admin:approve", args=[phase.pk, kind])


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def seen(person, phase, kind=TECHNICAL):
    return signed_in(person).get(address(phase, kind)).content.decode()


def case_of(phase):
    return load(phase.pk)


def answer(phase, question):
    return next(each for each in answers(case_of(phase)) if each.question == question)


def told_to(person, phase, kind=TECHNICAL):
    return refusal_to_decide(person, workflow.roles_of(person), case_of(phase), kind)[0]


def page_of(person, phase, kind=TECHNICAL):
    return approve_page(person, workflow.roles_of(person), case_of(phase), kind)


def disabled(page):
    return re.findall(r'name="decision" value="(\w+)" disabled', page)


def test_page_shows_the_digest_that_an_approval_binds_to(cast, booked):
    digests = {kind: workflow.digest_for(booked, kind) for kind in ApprovalKind}

    pages = {kind: seen(cast.stakeholder, booked, kind) for kind in ApprovalKind}

    for kind, digest in digests.items():
        assert f'<input type="hidden" name="digest" value="{digest}">' in pages[kind]
        assert f'title="{digest}"' in pages[kind]


def test_case_comes_to_the_same_digests_and_counts_as_the_gates(cast, booked):
    factories.approve(cast, booked, BUSINESS)
    case = case_of(booked)

    counts = {kind: (case.given(kind), case.needed(kind)) for kind in (TECHNICAL, BUSINESS)}

    judged = dossier.gather(factories.phase_of(booked.spec))
    assert (case.digest_of(TECHNICAL), case.digest_of(BUSINESS)) == load(booked.pk).digests
    assert counts == {kind: (getattr(judged, kind).given, getattr(judged, kind).needed) for kind in counts}


def test_approval_of_somebody_who_left_the_role_is_shown_and_does_not_count(cast, booked):
    cast.reviewer.groups.clear()

    page = seen(cast.stakeholder, booked, BUSINESS)

    assert case_of(booked).given(TECHNICAL) == 0
    assert "does not count: no longer in the role" in page


def test_page_asks_few_questions_of_the_database(cast, booked):
    client = signed_in(cast.stakeholder)
    client.get(address(booked))

    with CaptureQueriesContext(connection) as technical:
        client.get(address(booked))
    with CaptureQueriesContext(connection) as business:
        client.get(address(booked, BUSINESS))

    print(f"approval: {len(technical)} and {len(business)} queries")
    assert max(len(technical), len(business)) <= MOST_QUERIES


def test_page_has_nothing_inline_and_shows_sql_in_folds_only(cast, rehearsed):
    page = seen(cast.reviewer, rehearsed)

    assert INLINE.search(page) is None
    assert "ALTER" in page
    assert "ALTER</b>" not in re.sub(r"<details class=\"fold\">.*?</details>", "", page, flags=re.DOTALL)
    assert '<details class="fold" open' not in page


def test_approve_button_approves_what_was_shown(cast, rehearsed):
    digest = workflow.digest_for(rehearsed, TECHNICAL)

    response = signed_in(cast.reviewer).post(address(rehearsed), {"decision": "approve", "digest": digest})

    assert response.status_code == 302
    assert Approval.objects.filter(phase=rehearsed, person=cast.reviewer, digest=digest, decision="approved").exists()


def test_reject_button_keeps_the_reason(cast, rehearsed):
    digest = workflow.digest_for(rehearsed, TECHNICAL)

    signed_in(cast.reviewer).post(address(rehearsed), {"decision": "reject", "digest": digest, "reason": "too much at once"})

    assert Approval.objects.get(phase=rehearsed).reason == "too much at once"


def test_ask_button_holds_the_approval_up(cast, rehearsed):
    signed_in(cast.reviewer).post(address(rehearsed), {"decision": "ask", "reason": "Name the index."})

    page = seen(cast.second_reviewer, rehearsed)

    assert workflow.open_comments(rehearsed).get().kind == CommentKind.CHANGES
    assert disabled(page) == ["approve"]
    assert "asked for: “Name the index”" in page


def refused_role(cast, phase):
    return cast.operator, phase, TECHNICAL, workflow.digest_for(phase, TECHNICAL)


def refused_own_work(cast, phase):
    cast.engineer.groups.set(cast.reviewer.groups.all())
    return cast.engineer, phase, TECHNICAL, workflow.digest_for(phase, TECHNICAL)


def refused_twice(cast, phase):
    workflow.reject(actor=cast.reviewer, phase=phase, kind=TECHNICAL, digest=workflow.digest_for(phase, TECHNICAL), reason="no")
    return cast.reviewer, factories.phase_of(phase.spec), TECHNICAL, workflow.digest_for(phase, TECHNICAL)


def refused_stage(cast, phase):
    return cast.stakeholder, phase, BUSINESS, ""


def refused_open_wish(cast, phase):
    workflow.comment(actor=cast.second_reviewer, phase=phase, text="Name it.", kind=CommentKind.CHANGES)
    return cast.reviewer, phase, TECHNICAL, workflow.digest_for(phase, TECHNICAL)


def refused_cancelled(cast, phase):
    workflow.cancel(actor=cast.engineer, phase=phase, reason="not needed")
    return cast.reviewer, factories.phase_of(phase.spec), TECHNICAL, workflow.digest_for(phase, TECHNICAL)


REFUSED = [refused_role, refused_own_work, refused_twice, refused_stage, refused_open_wish, refused_cancelled]


@pytest.mark.parametrize("scene", REFUSED)
def test_button_that_is_off_says_why_and_its_post_is_refused_with_an_event(cast, rehearsed, scene):
    person, phase, kind, digest = scene(cast, rehearsed)
    client = signed_in(person)
    before = Approval.objects.count()

    page = client.get(address(phase, kind)).content.decode()
    client.post(address(phase, kind), {"decision": "approve", "digest": digest})

    told = told_to(person, phase, kind)
    event = AuditEvent.objects.filter(kind="refused.approve").latest("pk")
    assert told is not None
    assert "approve" in disabled(page)
    assert str(told).split(":", maxsplit=1)[0].split("“", maxsplit=1)[0] in page
    assert (event.actor, event.text, event.data["code"]) == (person.get_username(), told.message, told.code)
    assert Approval.objects.count() == before


def test_post_with_a_digest_that_is_no_longer_current_is_refused(cast, rehearsed):
    client = signed_in(cast.reviewer)

    page = client.post(address(rehearsed), {"decision": "approve", "digest": "0" * 64}, follow=True).content.decode()

    assert "is not what was approved" in page
    assert not Approval.objects.exists()


def test_reject_without_a_reason_is_refused(cast, rehearsed):
    digest = workflow.digest_for(rehearsed, TECHNICAL)

    page = signed_in(cast.reviewer).post(address(rehearsed), {"decision": "reject", "digest": digest}, follow=True).content.decode()

    assert "write down why" in page
    assert not Approval.objects.exists()


def test_business_cannot_sign_before_a_window_is_booked(cast, spec):
    phase = factories.bring_to_window(cast, spec)

    told = told_to(cast.stakeholder, phase, BUSINESS)

    with pytest.raises(Refusal) as refused:
        workflow.approve(actor=cast.stakeholder, phase=phase, kind=BUSINESS, digest="")
    assert told is not None
    assert told.message == refused.value.message
    assert "nothing to sign" in seen(cast.stakeholder, phase, BUSINESS)


@pytest.mark.parametrize("path", ["approve/{}/technical/", "changes/{}/specification/"])
def test_page_is_closed_to_whoever_has_no_role(spec, path):
    stranger = factories.make_user("sam")
    phase = factories.phase_of(spec)

    response = signed_in(stranger).get("/" + path.format(phase.pk if "approve" in path else spec.pk))

    assert response.status_code == 403


@pytest.mark.parametrize("address", ["/approve/0/technical/", "/approve/{}/financial/"])
def test_what_does_not_exist_is_not_found(cast, spec, address):
    response = signed_in(cast.reviewer).get(address.format(factories.phase_of(spec).pk))

    assert response.status_code == 404


def test_diff_shows_what_changed_since_my_void_approval(cast, rehearsed):
    factories.approve(cast, rehearsed, TECHNICAL)
    script = Script.objects.get(phase=rehearsed, kind="forward")
    workflow.edit_script(actor=cast.engineer, script=script, text=f"{script.text}-- one more thought\n")
    phase = factories.phase_of(rehearsed.spec)

    page = page_of(cast.reviewer, phase)

    diff = page["changed"]["diffs"][0]
    assert [diff["name"] for diff in page["changed"]["diffs"]] == [script.name]
    assert [line["text"] for line in diff["lines"] if line["look"] == "ins"] == ["+-- one more thought"]
    assert "is void" in page["changed"]["why"]


def test_nothing_is_said_to_have_changed_for_somebody_who_never_decided(cast, rehearsed):
    page = page_of(cast.reviewer, rehearsed)

    assert page["changed"] == {"word": "you have not decided on it before", "diffs": [], "facts": [], "why": ""}


def test_what_is_unknown_says_so_and_names_the_way_out(cast, spec):
    found = {each.question: each for each in answers(case_of(factories.phase_of(spec)))}

    unknown = [question for question, each in found.items() if each.word == "Unknown"]

    assert unknown == ["Risk", "Downtime", "Duration", "Can it be undone?"]
    assert all(found[question].way_out for question in unknown)


def test_duration_is_told_against_the_booked_window(booked):
    duration = answer(booked, "Duration")

    assert duration.text.startswith("Fits the 4 h window, 3 h 59 spare")
    assert duration.bar
    assert duration.bar.likely <= duration.bar.p90


def test_duration_without_a_booking_does_not_say_whether_it_fits(rehearsed):
    duration = answer(rehearsed, "Duration")

    assert "unknown" in duration.text
    assert duration.way_out


def test_edited_scripts_have_unknown_verdicts_until_they_are_analysed_again(cast, rehearsed):
    script = Script.objects.get(phase=rehearsed, kind="forward")

    workflow.edit_script(actor=cast.engineer, script=script, text=f"{script.text}-- more\n")

    assert {answer(rehearsed, question).word for question in ("Risk", "Downtime", "Duration", "Can it be undone?")} == {"Unknown"}


def test_failed_rehearsal_proves_no_way_back(cast, spec):
    phase = factories.phase_of(spec)
    factories.observe(phase)
    factories.rehearse(cast, phase, Verdict.FAILED)

    undo = answer(phase, "Can it be undone?")

    assert (undo.word, undo.state) == ("Not proved", "no")


def test_irreversible_change_names_its_restore_plan(cast):
    factories.make_targets()
    spec = factories.make_spec(cast, irreversible=True, restore_plan="From the copy in archive.")

    undo = answer(factories.phase_of(spec), "Can it be undone?")

    assert (undo.word, undo.text) == ("No", "Only by restoring: From the copy in archive.")


def test_client_of_which_nothing_is_known_is_named(rehearsed):
    affected = answer(rehearsed, "Who is affected")

    assert affected.word == "1 client unknown"
    assert affected.way_out
    assert affected.way_out.text == "1 unknown: App 1.0"
