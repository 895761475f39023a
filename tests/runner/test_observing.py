"""What a worker does for a rehearsal and for an observation."""

from governance import workflow
from governance.models import Observation, Rehearsal, Target
from governance.orders import RunStatus, Verdict
from runner import tasks
from tests import factories
from tests.runner.scene import Scene


def test_rehearsal_of_the_real_schema_passes_and_is_unknown_when_its_server_is_away(scene, monkeypatch):
    spec = factories.make_spec(scene.cast)
    phase = factories.phase_of(spec)
    factories.observe(phase)
    phase = factories.phase_of(spec)

    first = rehearsed(scene, phase)
    monkeypatch.setenv("REHEARSAL_URL", "postgresql://127.0.0.1:1/scratch")
    second = rehearsed(scene, phase)

    assert first.verdict == Verdict.PASSED, first.message
    assert second.verdict == Verdict.UNKNOWN
    assert "scratch server cannot be reached" in second.message


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


def test_an_observation_tests_what_the_runner_may_do(scene):
    row = workflow.observe(actor=scene.cast.operator, target=Target.objects.get(name="staging_db"))

    tasks.observe(str(row.pk))

    row.refresh_from_db()
    held = {need["what"]: need["held"] for need in row.facts["needs"]}
    assert held["direct connection"]
    assert held["CREATE on schema public"]


def test_what_a_rehearsal_found_of_each_pair_is_kept(scene):
    phase = factories.phase_of(factories.make_spec(scene.cast))
    factories.observe(phase)

    row = rehearsed(scene, factories.phase_of(phase.spec))

    (pair,) = row.report["pairs"]
    assert (pair["version"], pair["verdict"], pair["data_lost"]) == ("20260101_0900", "restored", [])
    assert {lock["table"] for lock in row.report["locks"]} == {"public.contractors"}
