"""B12: a request that nobody decides in time is highlighted and escalated to stand-ins and owners; it never passes by itself."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from governance import audit, handoff
from governance.audit import System, save
from governance.models import Approval, ApprovalRequest, AuditEvent, Domain, DomainOwner, Notice
from tests import factories
from tests.governance.behaviours.approving import TECHNICAL, approve, start
from tests.governance.behaviours.ways import WAYS, browser


@transaction.atomic
def overdue() -> ApprovalRequest:
    audit.append(System.FIXTURES, "test.set_up", "", "A request of long ago.")
    request = ApprovalRequest.objects.open().get(kind=TECHNICAL)
    request.opened_at, request.due_at = timezone.now() - timedelta(days=3), timezone.now() - timedelta(days=1)
    return save(System.FIXTURES, request)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("approval")
def test_b12_undecided_request_is_escalated_once_to_delegates_and_owners_and_never_approved(cast, spec, api, way):
    factories.make_delegation(cast.reviewer, cast.auditor)
    with transaction.atomic():
        audit.append(System.FIXTURES, "test.set_up", "", "An owner.")
        save(System.FIXTURES, DomainOwner(domain=Domain.objects.get(), user=cast.stakeholder))
    overdue()

    handoff.tick()
    handoff.tick()

    assert AuditEvent.objects.filter(kind="approval.escalate").count() == 1
    told = Notice.objects.filter(kind="escalation").values_list("person__username", flat=True)
    assert set(told) == {"ada", "stella", "rosa", "ravi"}
    assert not Approval.objects.exists()
    assert start(way, api, cast.operator, factories.phase_of(spec), production=False) == "MissingEvidence"
    assert approve(way, api, cast.auditor, factories.phase_of(spec), on_behalf_of=cast.reviewer) == ""


@pytest.mark.at("approval")
def test_b12_it_is_highlighted_on_the_home_page_and_on_the_change(cast, spec):
    overdue()

    home = browser(cast.reviewer).get(reverse("admin:index")).content.decode()
    change = browser(cast.reviewer).get(reverse("admin:governance_spec_change", args=[spec.pk])).content.decode()

    assert "<span>Technical approval</span>" in home
    assert '<span class="pill warn" title="Since' in home
    assert "Nobody has decided the technical approval since" in change


@pytest.mark.at("approval")
def test_b12_whoever_can_decide_is_asked_at_once_and_the_request_ends_with_the_decision(cast, spec):
    asked = Notice.objects.filter(kind="approval_asked").values_list("person__username", flat=True)

    assert set(asked) == {"rosa", "ravi"}
    factories.approve(cast, factories.phase_of(spec), TECHNICAL)
    assert not ApprovalRequest.objects.open().exists()
