"""What a worker does for a rehearsal and for an observation."""

from governance import workflow
from governance.models import Observation, Rehearsal
from governance.orders import RunStatus, Verdict
from runner import tasks
from tests import factories
from tests.runner.scene import Scene


def test_rehearsal_of_the_real_schema_passes_and_is_unknown_without_a_server(scene, monkeypatch):
    spec = factories.make_spec(scene.cast)
    phase = factories.phase_of(spec)
    factories.observe(phase)
    phase = factories.phase_of(spec)

    first = rehearsed(scene, phase)
    monkeypatch.delenv("REHEARSAL_URL")
    second = rehearsed(scene, phase)

    assert first.verdict == Verdict.PASSED, first.message
    assert second.verdict == Verdict.UNKNOWN
    assert "Set REHEARSAL_URL" in second.message


def rehearsed(scene: Scene, phase) -> Rehearsal:
    workflow.request_rehearsal(actor=scene.cast.engineer, phase=phase)
    row = Rehearsal.objects.get(phase=phase, status=RunStatus.QUEUED)
    tasks.rehearse(str(row.pk))
    row.refresh_from_db()
    return row


def test_observation_reads_the_target_and_says_why_it_could_not(scene, monkeypatch):
    phase = factories.phase_of(factories.make_spec(scene.cast))
    monkeypatch.setenv("PRODUCTION_DB_URL", "postgresql://127.0.0.1:1/production")

    for row in phase.observations.all():
        tasks.observe(str(row.pk))

    seen, unseen = Observation.objects.filter(phase=phase).order_by("target__environment__rank")
    assert (seen.status, unseen.status) == (RunStatus.SUCCEEDED, RunStatus.FAILED_CLEAN)
    assert next(table["rows"] for table in seen.facts["tables"] if table["name"] == "contractors") == 1000
    assert "cannot be reached" in unseen.message
