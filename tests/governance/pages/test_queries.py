"""The page of a change asks the database as often for a crowded change as for a new one, whatever its tab and its stage."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance import workflow
from governance.lifecycle import PhaseStatus, Role, Stage
from governance.models import (
    CommentKind,
    Consideration,
    Dependency,
    DependencyKind,
    Environment,
    MatrixEntry,
    Phase,
    Release,
    Spec,
    Target,
)
from governance.orders import Verdict
from governance.pages.change import TABS
from governance.policy import ApprovalKind
from governance.workflow import Debt
from tests import factories
from tests.factories import Cast
from tests.governance.pages.scenes import browser, keep

MOST_QUERIES = 15  # of the whole request: session, person, roles and navigation take six of them
SECOND = tuple(text.replace("level", "grade") for text in (factories.FORWARD, factories.ROLLBACK, factories.CHECKS))


@pytest.fixture
def spec(cast) -> Spec:
    """Two of everything: targets in each environment, pairs of scripts, domains with questions, clients, conflicts, tests, comments."""
    factories.make_targets()
    for environment in Environment.objects.all():
        factories.make_target(environment, f"{environment}_two")
    keep(Consideration(domain=factories.make_domain("bidding"), question="Who bids?"))
    make_clients()
    other = factories.make_spec(cast, factories.script_files("20250101_0900"))
    files = factories.script_files() + factories.script_files("20260101_1000", *SECOND)
    spec = factories.make_spec(cast, files, domains=("labor", "bidding"), answers={"Who bids?": "Contractors."})
    keep(Dependency(spec=spec, other=other, kind=DependencyKind.CONFLICTS))
    talk(cast, factories.phase_of(spec))
    return spec


def make_clients() -> None:
    clients = [keep(Release(kind="client", name="App", version=version)) for version in ("1.0", "2.0")]
    for target in Target.objects.filter(environment__production=True):
        backend = keep(Release(kind="backend", name=target.name, version=target.version))
        for client in clients:
            keep(MatrixEntry(client=client, backend=backend, verdict="full", reason="as tested"))


def talk(cast: Cast, phase: Phase) -> None:
    for suite in ("end to end", "contract"):
        workflow.add_evidence(actor=cast.engineer, phase=phase, suite=suite, service="bids", passed=True)
    for script in phase.scripts.all():
        question = workflow.comment(actor=cast.reviewer, phase=phase, text="Why?", kind=CommentKind.QUESTION, script=script, line=3)
        workflow.comment(actor=cast.engineer, phase=phase, text="So.", script=script, line=3, answers=question)


def submitted(cast: Cast, spec: Spec) -> Phase:
    return factories.phase_of(spec)


def approved_again(cast: Cast, spec: Spec) -> Phase:
    """Approved, edited, rehearsed in vain, and approved once more, by two people."""
    phase = factories.bring_to_staging(cast, spec)
    script = phase.scripts.filter(kind="forward").first()
    workflow.edit_script(actor=cast.engineer, script=script, text=f"{script.text}-- once more\n")
    for suite in ("end to end", "contract"):
        workflow.add_evidence(actor=cast.engineer, phase=phase, suite=suite, service="bids", passed=True)
    factories.observe(phase)
    factories.rehearse(cast, phase, Verdict.FAILED)
    phase = factories.bring_to_staging(cast, spec)
    digest = workflow.digest_for(phase, ApprovalKind.TECHNICAL)
    workflow.approve(actor=cast.second_reviewer, phase=phase, kind=ApprovalKind.TECHNICAL, digest=digest)
    return factories.phase_of(spec)


def run_everywhere(cast: Cast, spec: Spec) -> Phase:
    phase = factories.bring_to_production(cast, spec)
    for deployment in phase.deployments.filter(target__environment__production=True):
        factories.finish(workflow.start(actor=cast.operator, deployment=deployment))
    return factories.phase_of(spec)


def closed(cast: Cast, spec: Spec) -> Phase:
    today = timezone.now().date()
    debts = [Debt(title, cast.engineer, today) for title in ("Drop the old column", "Tell the clients")]
    factories.review(cast, factories.phase_of(spec), follow_ups=debts)
    return factories.phase_of(spec)


@pytest.fixture
def client(cast) -> Client:
    """Of somebody with every role, for whom everything is looked up."""
    return browser(factories.make_user("eve", *Role))


def queries_by_tab(client: Client, spec: Spec) -> dict[str, int]:
    counts = {}
    for tab in TABS:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(reverse("admin:governance_spec_change", args=[spec.pk]), {"tab": tab})
        assert response.status_code == 200
        counts[tab] = len(queries)
    return counts


WAY = {  # each goes on where the one before has led the change
    Stage.IMPACT_ANALYSIS: submitted,
    Stage.STAGING_DEPLOYMENT: approved_again,
    Stage.SCHEDULED_WINDOW: factories.bring_to_window,
    Stage.PRODUCTION_DEPLOYMENT: factories.bring_to_production,
    Stage.CLOSURE: run_everywhere,
}


def test_no_tab_of_a_crowded_change_needs_more_than_fifteen_queries_at_any_stage(cast, spec, client):
    client.get(reverse("admin:governance_spec_change", args=[spec.pk]))  # an auditor's first look of the day is told besides
    counts = {way(cast, spec).at: queries_by_tab(client, spec) for way in WAY.values()}
    counts |= {closed(cast, spec).status: queries_by_tab(client, spec)}

    assert list(counts) == [*WAY, PhaseStatus.CLOSED]
    assert {stage: by_tab for stage, by_tab in counts.items() if max(by_tab.values()) > MOST_QUERIES} == {}


def test_approval_page_needs_at_most_fifteen_queries_even_when_it_compares_with_what_was_approved(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    script = phase.scripts.filter(kind="forward").first()
    workflow.edit_script(actor=cast.engineer, script=script, text=f"{script.text}-- once more\n")
    page = browser(cast.reviewer)

    with CaptureQueriesContext(connection) as queries:
        response = page.get(reverse("admin:approve", args=[phase.pk, ApprovalKind.TECHNICAL]))

    assert "-- once more" in response.content.decode()
    assert len(queries) <= MOST_QUERIES


@pytest.mark.parametrize("change", ["abc", "0", "²"])
def test_change_that_does_not_exist_is_not_found(client, change):
    response = client.get(reverse("admin:governance_spec_change", args=[change]))

    assert response.status_code == 404
