"""B19: a superuser has no way round: neither without the role, nor as the only approver of what he starts."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, transaction

from governance import workflow
from governance.lifecycle import Role
from governance.models import Approval, AuditEvent, Phase, Run
from tests import factories
from tests.factories import Cast
from tests.governance.api.caller import Caller
from tests.governance.behaviours.approving import BUSINESS, PASSWORD, approve, start
from tests.governance.behaviours.ways import WAYS


def root(*roles: Role) -> User:
    person = User.objects.create_superuser("root", "root@example.com", "a long password")
    person.groups.set(Group.objects.filter(name__in=roles))
    return person


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("approval")
def test_b19_a_superuser_without_the_role_cannot_approve(cast, spec, api, way):
    refused = approve(way, api, root(Role.AUDITOR), factories.phase_of(spec))

    assert refused == "MissingRole"
    assert not Approval.objects.exists()
    assert AuditEvent.objects.filter(kind="refused.approve", actor="root").exists()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("approval")
def test_b19_a_superuser_cannot_start_what_is_not_approved(cast, spec, api, way):
    refused = start(way, api, root(Role.OPERATOR), factories.phase_of(spec), production=False)

    assert refused == "MissingEvidence"
    assert not Run.objects.exists()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("window")
def test_b19_whoever_starts_a_production_run_is_not_the_only_one_who_approved_it(cast, spec, api, way):
    phase, person = factories.phase_of(spec), root(Role.OPERATOR, Role.STAKEHOLDER)
    without_peers_for_a_pattern(cast, phase)
    factories.book(cast, phase, factories.on(phase, production=True).target)
    assert approve(way, api, person, factories.phase_of(spec), BUSINESS, password=PASSWORD) == ""

    refused = start(way, api, person, factories.phase_of(spec), production=True)

    assert refused == "OnlyApprover"
    assert start(way, api, cast.operator, factories.phase_of(spec), production=True) == ""


def without_peers_for_a_pattern(cast: Cast, phase: Phase) -> None:
    """As the policy of a careless team could have it: the business alone agrees to changes of this pattern."""
    peers, business, *_ = factories.installed_rules()
    draft = workflow.draft_policy(actor=cast.operator, rules=[{**peers, "when": {"patterns": ["plain"]}}, business], reason="For a test.")
    workflow.approve_policy(actor=cast.second_reviewer, version=draft)
    workflow.withdraw_approval(actor=cast.reviewer, approval=phase.approvals.get(), reason="I was too quick.")
    factories.at_once("UPDATE governance_spec SET pattern = 'expand_migrate_contract'")


@pytest.mark.at("window")
def test_b19_the_database_takes_no_run_in_production_of_its_only_approver(cast, spec):
    phase, person = factories.phase_of(spec), root(Role.OPERATOR, Role.STAKEHOLDER)
    without_peers_for_a_pattern(cast, phase)
    factories.book(cast, phase, factories.on(phase, production=True).target)
    assert approve("function", Caller(), person, factories.phase_of(spec), BUSINESS) == ""
    deployment = factories.on(phase, production=True)

    with pytest.raises(DatabaseError, match="not the only one who approved it"), transaction.atomic():
        Run.objects.create(deployment=deployment, target=deployment.target, kind="deploy", requested_by=person)
