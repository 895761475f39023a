"""One change on its whole way, by people's functions and the runner's door."""

import pytest

from governance import workflow
from governance.lifecycle import PhaseStatus, Stage
from governance.models import AuditEvent, MatrixEntry, Release, Target
from governance.workflow import Result
from tests import factories
from tests.factories import Cast


@pytest.fixture
def spec(cast: Cast):
    factories.make_targets()
    return factories.make_spec(cast)


def test_submission_without_facts_waits_for_impact_analysis(cast, spec):
    phase = factories.phase_of(spec)

    assert phase.at is Stage.IMPACT_ANALYSIS
    assert phase.change_class == "additive"
    assert "contractors" in phase.sentence


def test_a_change_goes_from_submission_to_closed(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    assert phase.at is Stage.PRODUCTION_DEPLOYMENT
    deployment = phase.deployments.get(target__environment__production=True)

    factories.finish(workflow.start(actor=cast.operator, deployment=deployment))
    phase = factories.phase_of(spec)
    assert phase.at is Stage.CLOSURE
    workflow.review(
        actor=cast.reviewer, phase=phase, performance_impact="None felt.", lessons="None.", results={"Worst wait": Result("0.1 s", True)}
    )

    phase = factories.phase_of(spec)
    assert phase.status == PhaseStatus.CLOSED
    assert Target.objects.get(name="production_db").version == "1.1.0"
    assert Release.objects.filter(name="production_db", version="1.1.0").exists()
    assert not MatrixEntry.objects.exists()
    stages = list(AuditEvent.objects.filter(kind="phase.stage", subject=spec.number).order_by("pk").values_list("data__after", flat=True))
    assert stages == sorted(stages)
    assert stages[-1] == Stage.CLOSURE
