"""The buttons of a change meet the same rules as the functions, with a message and an event."""

import re

import pytest
from django.urls import reverse

from governance import case, workflow
from governance.errors import Refusal
from governance.lifecycle import PhaseStatus
from governance.models import Approval, CommentKind, Run
from governance.orders import RunKind, RunStatus
from governance.pages.acts import buttons
from governance.pages.change import phases_of
from governance.pages.values import address_of
from governance.policy import ApprovalKind
from tests import factories
from tests.governance.admin.acting import act, deployment, digest_of, form, refusals, said

DIGEST = "0" * 64


def test_reviewer_approves_what_was_shown(staged, cast, sign_in):
    answer = act(sign_in(cast.reviewer), staged, "approve_technical", digest=digest_of(staged))

    approval = Approval.objects.get(phase=staged)
    assert (approval.person, approval.digest) == (cast.reviewer, digest_of(staged))
    assert answer.headers["Location"] == f"/governance/spec/{staged.spec_id}/change/?phase={staged.pk}"
    assert "Approved" in said(answer)


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("engineer", "MissingRole"),
        ("stakeholder", "MissingRole"),
        ("operator", "MissingRole"),
        ("auditor", "MissingRole"),
        ("root", "MissingRole"),
    ],
)
def test_approval_by_somebody_without_the_role_is_refused(who, code, staged, cast, superuser, sign_in):
    person = superuser if who == "root" else getattr(cast, who)

    answer = act(sign_in(person), staged, "approve_technical", digest=digest_of(staged))

    assert not Approval.objects.exists()
    assert refusals(staged.spec) == ["MissingRole"]
    assert "it takes the role reviewer" in said(answer)


@pytest.mark.parametrize("who", ["engineer", "root", "operator"])
@pytest.mark.parametrize("name", ["approve_technical", "reject"])
def test_who_wrote_or_edited_cannot_decide_even_with_the_role(name, who, staged, cast, superuser, sign_in):
    person = superuser if who == "root" else getattr(cast, who)
    person.groups.add(*cast.reviewer.groups.all(), *cast.engineer.groups.all())
    script = staged.scripts.get(kind="forward")
    workflow.edit_script(actor=person, script=script, text=script.text + "\n")
    factories.observe(factories.phase_of(staged.spec))
    factories.rehearse(cast, factories.phase_of(staged.spec))
    phase = factories.phase_of(staged.spec)

    answer = act(sign_in(person), phase, name, digest=digest_of(phase), kind="technical", reason="mine")

    assert not Approval.objects.exists()
    assert refusals(phase.spec) == ["OwnWork"]
    assert "wrote or edited" in said(answer)


def test_approval_of_what_has_changed_since_it_was_shown_is_refused(staged, cast, sign_in):
    answer = act(sign_in(cast.reviewer), staged, "approve_technical", digest=DIGEST)

    assert not Approval.objects.exists()
    assert refusals(staged.spec) == ["DigestChanged"]
    assert "is not what was approved" in said(answer)


def test_second_click_on_an_approval_is_refused(staged, cast, sign_in):
    client = sign_in(cast.reviewer)
    digest = digest_of(staged)
    act(client, staged, "approve_technical", digest=digest)

    act(client, staged, "approve_technical", digest=digest)

    assert Approval.objects.count() == 1
    assert refusals(staged.spec) == ["AlreadyDecided"]


def test_rejection_needs_a_reason(staged, cast, sign_in):
    client = sign_in(cast.reviewer)

    without = act(client, staged, "reject", kind="technical", digest=digest_of(staged), reason=" ")
    act(client, staged, "reject", kind="technical", digest=digest_of(staged), reason="The lock is too strong.")

    assert refusals(staged.spec) == ["NeedsReason"]
    assert "write down why" in said(without)
    assert Approval.objects.get().reason == "The lock is too strong."


@pytest.mark.parametrize(
    ("name", "who", "code"),
    [
        ("deploy_below_production", "operator", "MissingEvidence"),
        ("deploy_below_production", "reviewer", "MissingRole"),
        ("deploy_production", "operator", "MissingEvidence"),
        ("deploy_production", "engineer", "MissingRole"),
        ("dry_run", "engineer", "MissingRole"),
        ("roll_back", "operator", "NothingToUndo"),
        ("roll_back", "engineer", "MissingRole"),
        ("cancel", "reviewer", "MissingRole"),
        ("request_rehearsal", "auditor", "MissingRole"),
        ("request_analysis", "stakeholder", "MissingRole"),
        ("advance", "operator", "MissingEvidence"),
        ("advance", "auditor", "MissingRole"),
    ],
)
def test_acts_are_refused_as_the_functions_refuse_them(name, who, code, staged, cast, sign_in):
    target = deployment(staged, production=name in ("deploy_production", "dry_run"))

    answer = act(sign_in(getattr(cast, who)), staged, name, deployment=str(target.pk), reason="because")

    assert refusals(staged.spec) == [code]
    assert said(answer)
    assert not Run.objects.exists()
    assert factories.phase_of(staged.spec).stage == staged.stage


@pytest.mark.parametrize("given", ["", "0", "other", "99999999"])
def test_a_run_without_a_target_of_the_change_is_not_started(given, staged, cast, sign_in):
    answer = act(sign_in(cast.operator), staged, "deploy_below_production", deployment=given)

    assert "the target" in said(answer)
    assert not Run.objects.exists()


@pytest.mark.at("staging")
def test_operator_starts_rolls_back_and_dry_runs(cast, spec, sign_in):
    client = sign_in(cast.operator)
    phase = factories.phase_of(spec)
    staging = deployment(phase, production=False)

    act(client, phase, "deploy_below_production", deployment=str(staging.pk))
    factories.finish(Run.objects.get())
    act(client, phase, "dry_run", deployment=str(deployment(phase, production=True).pk))
    act(client, phase, "roll_back", deployment=str(staging.pk), reason="Not needed.")

    kinds = list(Run.objects.order_by("requested_at").values_list("kind", flat=True))
    assert kinds == [RunKind.DEPLOY, RunKind.DRY_RUN, RunKind.ROLLBACK]
    assert Run.objects.get(kind=RunKind.ROLLBACK).reason == "Not needed."


@pytest.mark.at("staging")
def test_a_second_click_on_a_start_does_not_start_twice(cast, spec, sign_in):
    client = sign_in(cast.operator)
    phase = factories.phase_of(spec)
    target = str(deployment(phase, production=False).pk)

    act(client, phase, "deploy_below_production", deployment=target)
    again = act(client, phase, "deploy_below_production", deployment=target)

    assert Run.objects.filter(status=RunStatus.QUEUED).count() == 1, said(again)


def test_engineer_cancels_with_a_reason(staged, cast, sign_in):
    act(sign_in(cast.engineer), staged, "cancel", reason="Nobody needs it.")

    assert factories.phase_of(staged.spec).status == PhaseStatus.CANCELLED


def test_a_closed_change_offers_nothing_and_refuses_everything(closed, cast, sign_in):
    phase = factories.phase_of(closed)
    client = sign_in(cast.operator)

    answers = [act(client, phase, "cancel", reason="late"), form(client, phase, "book")]
    page = client.get(reverse("admin:governance_spec_change", args=[closed.pk])).content.decode()

    assert "/act/" not in page
    assert "nothing more can be done" in said(answers[0])
    assert answers[1].status_code == 200
    assert factories.phase_of(closed).status == PhaseStatus.CLOSED


def test_an_act_that_does_not_exist_is_refused(staged, cast, sign_in):
    answer = act(sign_in(cast.operator), staged, "become_king")

    assert "no act" in said(answer)


def test_acts_are_posts_with_a_token(staged, cast, sign_in):
    client = sign_in(cast.reviewer)
    strict = type(client)(enforce_csrf_checks=True)
    strict.force_login(cast.reviewer)

    answers = [
        client.get(reverse("admin:governance_spec_act", args=[staged.spec_id, staged.pk, "approve_technical"])),
        act(strict, staged, "approve_technical"),
    ]

    assert [answer.status_code for answer in answers] == [405, 403]


def test_nobody_without_a_role_acts(staged, everybody, sign_in):
    client = sign_in(everybody["nobody"])

    answers = [act(client, staged, "approve_technical", digest=DIGEST), form(client, staged, "add_evidence", suite="a", service="b")]

    assert [answer.status_code for answer in answers] == [403, 403]


def test_buttons_are_those_that_the_person_may_press(staged, cast, sign_in):
    url = reverse("admin:governance_spec_change", args=[staged.spec_id])

    pages = {name: sign_in(getattr(cast, name)).get(url).content.decode() for name in ("reviewer", "engineer", "auditor")}

    approve = f'href="{reverse("admin:approve", args=[staged.pk, "technical"])}"'
    shown = {name: set(re.findall(r"/(?:act|form)/(\w+)/", page)) for name, page in pages.items()}
    assert "reject" in shown["reviewer"]
    assert [name for name, page in pages.items() if approve in page] == ["reviewer"]
    assert shown["auditor"] == set()
    assert "it takes the role reviewer" in pages["auditor"]


@pytest.mark.at("window")
def test_at_the_window_each_approval_is_refused_by_who_gives_it(cast, spec, sign_in):
    phase = factories.phase_of(spec)
    target = deployment(phase, production=True).target
    workflow.book(actor=cast.operator, phase=phase, target=target, window=factories.make_window(target))
    pages = {name: sign_in(getattr(cast, name)).get(address_of(phase)).content.decode() for name in ("reviewer", "stakeholder")}

    seen = digest_of(phase, ApprovalKind.BUSINESS)
    act(sign_in(cast.stakeholder), phase, "reject", kind="business", digest=seen, reason="Not this week.")

    assert 'name="kind" value="technical"' in pages["reviewer"]
    assert 'name="kind" value="business"' in pages["stakeholder"]
    assert Approval.objects.get(decision="rejected").kind == ApprovalKind.BUSINESS


@pytest.mark.at("staging")
def test_what_a_failed_run_left_behind_can_be_rolled_back_from_the_page(cast, spec, sign_in):
    phase = factories.phase_of(spec)
    run = workflow.start(actor=cast.operator, deployment=deployment(phase, production=False))
    factories.finish(run, status=RunStatus.FAILED_DIRTY)

    page = sign_in(cast.operator).get(address_of(phase)).content.decode()

    assert "Roll back on staging_db" in page


def shown_acts(person, phase):
    found = case.case_of(phases_of(phase.spec_id)[0])
    return {button.name: button for button in buttons(person, workflow.roles_of(person), found)}


def test_while_changes_are_asked_for_approving_is_off_with_the_reason_and_rejecting_is_not(staged, cast):
    before = shown_acts(cast.reviewer, staged)["approve_technical"]
    workflow.comment(actor=cast.second_reviewer, phase=staged, text="Name the range.", kind=CommentKind.CHANGES)

    after = shown_acts(cast.reviewer, staged)

    assert (before.enabled, after["approve_technical"].enabled) == (True, False)
    assert after["approve_technical"].why == told_when_approved(cast.reviewer, staged)
    assert "“Name the range”" in after["approve_technical"].why
    assert after["reject"].enabled


def told_when_approved(person, phase):
    with pytest.raises(Refusal) as refused:
        workflow.approve(actor=person, phase=phase, kind=ApprovalKind.TECHNICAL, digest=digest_of(phase))
    return refused.value.message


def test_while_changes_are_asked_for_the_authors_main_act_is_to_make_them(staged, cast, sign_in):
    workflow.comment(actor=cast.second_reviewer, phase=staged, text="Name the range.", kind=CommentKind.CHANGES)

    main = [button.name for button in shown_acts(cast.engineer, staged).values() if button.primary]
    page = sign_in(cast.engineer).get(address_of(staged)).content.decode()

    assert main == ["edit_script"]
    assert "ravi asks for changes: “Name the range”. Nobody approves until they are made, or taken back." in page


def test_who_has_approved_is_told_so_instead_of_being_asked_again(staged, cast):
    workflow.approve(actor=cast.reviewer, phase=staged, kind=ApprovalKind.TECHNICAL, digest=digest_of(staged))

    button = shown_acts(cast.reviewer, staged)["approve_technical"]

    assert not button.enabled
    assert button.why == told_when_approved(cast.reviewer, staged)
