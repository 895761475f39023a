"""Lending one's right to decide, and taking a decision back: by function, page and API."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from governance import workflow
from governance.lifecycle import Role, Stage
from governance.models import Approval, AuditEvent, Delegation
from governance.policy import ApprovalKind
from tests import factories
from tests.governance.api.caller import Caller
from tests.governance.behaviours.ways import WAYS, browser, by_act, by_api, by_function, by_page

FORM = "%Y-%m-%d", "%H:%M"


@pytest.fixture
def api() -> Caller:
    """One for a test: it makes a token for each person once."""
    return Caller()


def lend(api, way, person, to, *, starts_in=0.0, days=7.0, reason="holidays"):
    starts = timezone.now().replace(second=0, microsecond=0) + timedelta(days=starts_in)
    ends = starts + timedelta(days=days)
    if way == "function":
        return by_function(workflow.delegate, actor=person, to=to, starts=starts, ends=ends, reason=reason)
    if way == "page":
        times = {f"{name}_{place}": f"{when:{FORM[place]}}" for name, when in (("starts", starts), ("ends", ends)) for place in (0, 1)}
        return by_page(person, reverse("admin:delegations"), to=to.pk, reason=reason, **times)
    body = {"to": to.username, "starts": starts.isoformat(), "ends": ends.isoformat(), "reason": reason}
    return by_api(api, person, "POST", "/delegations", body)


def end(api, way, person, row):
    if way == "function":
        return by_function(workflow.revoke_delegation, actor=person, delegation=row)
    if way == "page":
        return by_page(person, reverse("admin:delegations"), revoke=row.pk)
    return by_api(api, person, "POST", f"/delegations/{row.pk}/revoke", {})


@pytest.mark.parametrize("way", WAYS)
def test_delegation_holds_between_its_dates_and_is_ended_by_either_of_both(cast, api, way):
    assert lend(api, way, cast.reviewer, cast.auditor) == ""
    held = Delegation.objects.holding().get()

    by_a_stranger, by_the_delegate, again = (end(api, way, person, held) for person in (cast.engineer, cast.auditor, cast.auditor))

    assert (by_a_stranger, by_the_delegate, again) == ("MissingRole", "", "NotReady")
    assert not Delegation.objects.holding().exists()
    assert list(AuditEvent.objects.filter(kind__startswith="delegation.").values_list("kind", flat=True)) == [
        "delegation.revoke", "delegation.make",
    ]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_delegation_that_cannot_be_is_refused_with_what_is_wrong(cast, api, way):
    stranger = factories.make_user("nora")

    assert lend(api, way, cast.engineer, cast.auditor) == "MissingRole"
    assert lend(api, way, cast.reviewer, cast.auditor, days=91) == "BadInput"
    assert lend(api, way, cast.reviewer, cast.auditor, starts_in=-3, days=2) == "BadInput"
    if way != "page":  # which offers nobody without a role
        assert lend(api, way, cast.reviewer, stranger) == "BadInput"
    assert lend(api, way, cast.reviewer, cast.auditor) == ""
    assert lend(api, way, cast.reviewer, cast.stakeholder, starts_in=1) == "BadSpecification"
    assert Delegation.objects.count() == 1


def test_the_database_takes_one_delegation_of_a_person_at_a_time_and_none_to_themselves(cast):
    factories.make_delegation(cast.reviewer, cast.auditor)
    times = {"starts": timezone.now(), "ends": timezone.now() + timedelta(days=1)}

    for person, delegate, why in ((cast.reviewer, cast.stakeholder, "one_at_a_time"), (cast.stakeholder, cast.stakeholder, "to_another")):
        with pytest.raises(IntegrityError, match=why), transaction.atomic():
            Delegation.objects.create(person=person, delegate=delegate, reason="r", **times)


def test_page_shows_ones_own_and_operators_everybodys(cast):
    factories.make_delegation(cast.reviewer, cast.auditor)

    pages = {
        person.username: browser(person).get(reverse("admin:delegations")).content.decode() for person in (cast.stakeholder, cast.operator)
    }

    assert "Nobody decides for anybody else" in pages["stella"]
    assert "<b>rosa</b> to <b>ada</b>" in pages["otto"]


def withdraw(api, way, person, given, reason="I was too quick."):
    if way == "function":
        return by_function(workflow.withdraw_approval, actor=person, approval=given, reason=reason)
    if way == "page":
        return by_act(person, given.phase, "withdraw_approval", approval=given.pk, reason=reason)
    path = f"/changes/{given.phase.spec.number}/approvals/{given.pk}/withdraw"
    return by_api(api, person, "POST", path, {"reason": reason})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("production")
def test_decision_is_withdrawn_by_who_gave_it_and_counts_no_more(cast, spec, api, way):
    given = Approval.objects.select_related("phase__spec").get(kind="business")

    by_another = withdraw(api, way, cast.reviewer, given)
    without_reason = withdraw(api, way, cast.stakeholder, given, reason=" ")
    by_its_giver = withdraw(api, way, cast.stakeholder, given)
    twice = withdraw(api, way, cast.stakeholder, given)

    assert (by_another, without_reason, by_its_giver, twice) == ("NotAllowed", "NeedsReason", "", "NotReady")
    given.refresh_from_db()
    assert given.voided_because == "stella withdrew it: I was too quick."
    assert factories.phase_of(spec).at is Stage.SCHEDULED_WINDOW


@pytest.mark.at("approval")
def test_withdrawn_decision_can_be_given_again(cast, spec):
    phase = factories.phase_of(spec)
    factories.approve(cast, phase, ApprovalKind.TECHNICAL)
    workflow.withdraw_approval(actor=cast.reviewer, approval=phase.approvals.get(), reason="Once more.")

    factories.approve(cast, factories.phase_of(spec), ApprovalKind.TECHNICAL)

    assert sorted(each.voided_at is None for each in Approval.objects.all()) == [False, True]


def test_policy_that_is_no_yaml_stays_in_the_form_with_the_line_that_is_wrong(cast):
    page = browser(cast.operator).post(reverse("admin:policy"), {"rules": "- kind: [technical\n", "reason": "r"}).content.decode()

    assert "it is no YAML" in page
    assert "- kind: [technical" in page


def test_policy_and_what_a_change_needs_are_read_over_http(cast, api):
    factories.make_targets()
    spec = factories.make_spec(cast)

    active, versions, one = (api.get(cast.auditor, path).json() for path in ("/policy", "/policy/versions", "/policy/versions/1"))
    needed = api.get(cast.auditor, f"/changes/{spec.number}/approvals/needed").json()

    assert active == one == versions[0]
    assert active["rules"] == factories.installed_rules()
    assert {(each["kind"], each["people"], each["given"], each["impossible"]) for each in needed} == {
        ("technical", 1, 0, ""), ("business", 1, 0, ""),
    }  # fmt: skip


def test_role_security_exists_and_may_approve(cast):
    assert factories.make_user("sam", Role.SECURITY).groups.get().name == "security"
