"""The buttons and forms of a change meet the same rules as the functions, with a message and an event."""

import re

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from governance import workflow
from governance.lifecycle import PhaseStatus, Stage
from governance.models import Approval, AuditEvent, Booking, Deployment, Review, Run, Spec
from governance.orders import RunKind, RunStatus, Wish
from governance.policy import ApprovalKind
from tests import factories
from tests.factories import Cast

DIGEST = "0" * 64


def act(client, phase, name: str, **data: str):
    return client.post(reverse("admin:governance_spec_act", args=[phase.spec_id, phase.pk, name]), data)


def form(client, phase, name: str, **data: str):
    return client.post(reverse("admin:governance_spec_form", args=[phase.spec_id, phase.pk, name]), data)


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def refusals(spec: Spec) -> list[str]:
    return list(AuditEvent.objects.filter(kind__startswith="refused.", subject=spec.number).values_list("data__code", flat=True))


def digest_of(phase, kind=ApprovalKind.TECHNICAL) -> str:
    return workflow.digest_for(phase, kind)


def deployment(phase, *, production: bool) -> Deployment:
    return phase.deployments.get(target__environment__production=production)


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

    answer = act(sign_in(person), phase, name, digest=digest_of(phase), script_digest=digest_of(phase), reason="mine")

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

    without = act(client, staged, "reject", script_digest=digest_of(staged), reason=" ")
    act(client, staged, "reject", script_digest=digest_of(staged), reason="The lock is too strong.")

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


def test_operator_starts_rolls_back_and_dry_runs(cast, spec, sign_in):
    client = sign_in(cast.operator)
    phase = factories.bring_to_staging(cast, spec)
    staging = deployment(phase, production=False)

    act(client, phase, "deploy_below_production", deployment=str(staging.pk))
    factories.finish(Run.objects.get())
    act(client, phase, "dry_run", deployment=str(deployment(phase, production=True).pk))
    act(client, phase, "roll_back", deployment=str(staging.pk), reason="Not needed.")

    kinds = list(Run.objects.order_by("requested_at").values_list("kind", flat=True))
    assert kinds == [RunKind.DEPLOY, RunKind.DRY_RUN, RunKind.ROLLBACK]
    assert Run.objects.get(kind=RunKind.ROLLBACK).reason == "Not needed."


def test_a_second_click_on_a_start_does_not_start_twice(cast, spec, sign_in):
    client = sign_in(cast.operator)
    phase = factories.bring_to_staging(cast, spec)
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

    shown = {name: set(re.findall(r"/(?:act|form)/(\w+)/", page)) for name, page in pages.items()}
    assert shown["reviewer"] >= {"approve_technical", "reject"}
    assert "approve_technical" not in shown["engineer"]
    assert shown["auditor"] == set()
    assert "it takes the role reviewer" in pages["auditor"]


def test_operator_books_a_window(cast, spec, sign_in):
    phase = factories.bring_to_window(cast, spec)
    target = deployment(phase, production=True).target
    window = factories.make_window(target)

    form(sign_in(cast.operator), phase, "book", target=str(target.pk), window=str(window.pk), start="manual")

    booking = Booking.objects.get()
    assert (booking.starts, booking.ends, booking.booked_by) == (window.starts, window.ends, cast.operator)


def test_a_booking_that_is_refused_keeps_what_was_typed(cast, spec, sign_in):
    phase = factories.bring_to_window(cast, spec)
    target = deployment(phase, production=True).target
    window = factories.make_window(target)
    asked = {"starts_0": "2020-01-01", "starts_1": "01:00", "ends_0": "2020-01-01", "ends_1": "02:00"}

    answer = form(sign_in(cast.operator), phase, "book", target=str(target.pk), window=str(window.pk), start="manual", **asked)

    page = answer.content.decode()
    assert "Book inside it." in page
    assert 'value="2020-01-01"' in page
    assert not Booking.objects.exists()
    assert refusals(spec) == ["OutsideWindow"]


def test_windows_that_have_ended_are_not_offered(cast, spec, sign_in):
    phase = factories.bring_to_window(cast, spec)
    target = deployment(phase, production=True).target
    factories.make_window(target, hours=1, starts_in=-5)

    page = sign_in(cast.operator).get(reverse("admin:governance_spec_form", args=[spec.pk, phase.pk, "book"])).content.decode()

    assert "night" not in page


def test_test_evidence_is_added(staged, cast, sign_in):
    form(sign_in(cast.engineer), staged, "add_evidence", suite="end to end", service="bids", passed="on")

    evidence = staged.test_evidence.get()
    assert (evidence.suite, evidence.service, evidence.passed) == ("end to end", "bids", True)


def test_evidence_without_a_suite_shows_its_message_at_the_field(staged, cast, sign_in):
    answer = form(sign_in(cast.engineer), staged, "add_evidence", service="bids")

    assert answer.context["form"].errors.keys() == {"suite"}
    assert 'value="bids"' in answer.content.decode()
    assert not staged.test_evidence.exists()


@pytest.mark.parametrize(
    ("name", "who"), [("book", "engineer"), ("review", "operator"), ("edit_specification", "auditor"), ("add_evidence", "reviewer")]
)
def test_a_form_that_cannot_be_sent_says_so_at_once(name, who, staged, cast: Cast, sign_in):
    answer = sign_in(getattr(cast, who)).get(reverse("admin:governance_spec_form", args=[staged.spec_id, staged.pk, name]))

    assert answer.status_code == 302
    assert "belongs to the stage" in said(answer) or "it takes the role" in said(answer)


def test_specification_is_edited_and_whoever_edits_cannot_review(staged, cast, sign_in):
    client = sign_in(cast.operator)
    url = reverse("admin:governance_spec_form", args=[staged.spec_id, staged.pk, "edit_specification"])
    texts = {name: value for name, value in client.get(url).context["form"].initial.items() if value not in (None, False)}

    client.post(url, {**texts, "purpose": "Something else."})

    spec = Spec.objects.get(pk=staged.spec_id)
    assert spec.purpose == "Something else."
    assert cast.operator.pk in spec.editors.values_list("person", flat=True)


def to_closure(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    factories.finish(workflow.start(actor=cast.operator, deployment=deployment(phase, production=True)))
    phase = factories.phase_of(spec)
    assert phase.at is Stage.CLOSURE
    return phase


def review_of(spec, **given: str) -> dict[str, str]:
    criterion = spec.criteria.get()
    return {"performance_impact": "None.", "lessons": "None.", f"result_{criterion.pk}": "0.1 s", f"met_{criterion.pk}": "on", **given}


def test_review_closes_the_change(cast, spec, sign_in):
    phase = to_closure(cast, spec)
    debt = {"debt": "Drop the old column", "owner": str(cast.engineer.pk), "due": "2027-03-01"}

    form(sign_in(cast.reviewer), phase, "review", **review_of(spec, **debt))

    review = Review.objects.get()
    assert (review.reviewer, review.follow_ups.get().title) == (cast.reviewer, "Drop the old column")
    assert factories.phase_of(spec).status == PhaseStatus.CLOSED


def test_review_by_the_author_is_refused_and_keeps_the_text(cast, spec, sign_in):
    phase = to_closure(cast, spec)
    cast.engineer.groups.add(*cast.reviewer.groups.all())

    answer = form(sign_in(cast.engineer), phase, "review", **review_of(spec, lessons="Written by myself."))

    assert "cannot review it" in answer.content.decode()
    assert "Written by myself." in answer.content.decode()
    assert refusals(spec) == ["OwnWork"]
    assert not Review.objects.exists()


def test_a_follow_up_without_an_owner_is_asked_for_one(cast, spec, sign_in):
    phase = to_closure(cast, spec)

    answer = form(sign_in(cast.reviewer), phase, "review", **review_of(spec, debt="Drop the old column"))

    assert "needs an owner and a date" in answer.content.decode()
    assert not Review.objects.exists()


@pytest.fixture
def queued(cast, spec) -> Run:
    phase = factories.bring_to_staging(cast, spec)
    return workflow.start(actor=cast.operator, deployment=deployment(phase, production=False))


@pytest.mark.parametrize("wish", [Wish.PAUSE, Wish.STOP])
def test_operator_steers_a_run(wish, queued, cast, sign_in):
    sign_in(cast.operator).post(reverse("admin:governance_run_act", args=[queued.pk]), {"act": wish})

    assert Run.objects.get(pk=queued.pk).wish == wish


@pytest.mark.parametrize("name", ["pause", "stop", "resume"])
@pytest.mark.parametrize("who", ["engineer", "reviewer", "stakeholder", "auditor"])
def test_nobody_else_steers_a_run(who, name, queued, cast, sign_in):
    answer = sign_in(getattr(cast, who)).post(reverse("admin:governance_run_act", args=[queued.pk]), {"act": name})

    assert Run.objects.get(pk=queued.pk).wish == Wish.NONE
    assert "it takes the role operator" in said(answer)


def test_an_unknown_wish_is_refused(queued, cast, sign_in):
    answer = sign_in(cast.operator).post(reverse("admin:governance_run_act", args=[queued.pk]), {"act": "explode"})

    assert "no act" in said(answer)
    assert Run.objects.get(pk=queued.pk).wish == Wish.NONE


def test_the_body_of_a_run_is_sent_only_when_it_changed(queued, cast, sign_in):
    client = sign_in(cast.operator)
    url = reverse("admin:governance_run_body", args=[queued.pk])

    first = client.get(url)
    same = client.get(url, {"after": first.headers["ETag"]})
    factories.finish(queued)
    after = client.get(url, {"after": first.headers["ETag"]})

    assert [first.status_code, same.status_code, after.status_code] == [200, 304, 200]
    assert 'data-live="true"' in first.content.decode()
    assert 'data-live="false"' in after.content.decode()
    assert "</html>" not in first.content.decode()


def test_the_body_of_a_run_is_for_people_with_a_role(queued, everybody, client, sign_in):
    url = reverse("admin:governance_run_body", args=[queued.pk])

    assert client.get(url).status_code == 302
    assert sign_in(everybody["nobody"]).get(url).status_code == 403


def test_only_operators_see_the_buttons_of_a_run(queued, cast, sign_in):
    url = reverse("admin:governance_run_change", args=[queued.pk])

    pages = {name: sign_in(getattr(cast, name)).get(url).content.decode() for name in ("operator", "auditor")}

    assert 'value="pause"' in pages["operator"]
    assert 'value="pause"' not in pages["auditor"]
