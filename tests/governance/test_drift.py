"""What was changed in a target past the portal: found, named, and answered for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance import handoff, requests, workflow
from governance.audit import System
from governance.drifts import revert_script
from governance.errors import MissingRole, NeedsReason, NotReady
from governance.lifecycle import Stage
from governance.models import AuditEvent, Drift, Observation, SchemaSnapshot, Target
from governance.orders import Observed, RunStatus, SchemaReading
from governance.schema.fingerprint import fingerprint
from governance.schema.model import Schema, SchemaObject
from tests import factories


def reading(*columns, table="public.contractors", other=()):
    objects = [SchemaObject.of("schema", "public", "", {"owner": "postgres"})]
    for name, names in ((table, columns), *([("public.other", other)] if other else [])):
        objects.append(SchemaObject.of("table", name, "public", {"owner": "postgres"}))
        for number, column in enumerate(names, 1):
            objects.append(SchemaObject.of("column", f"{name}.{column}", name, {"type": "text", "position": str(number)}))
    schema = Schema.of(objects)
    return SchemaReading(fingerprint(schema), schema.as_json())


def see(target, schema):
    """What the runner does for an observation."""
    claim = handoff.claim("observe", ask(target).pk)
    handoff.finish_observation(claim, Observed(factories.facts(target.name), schema))


def ask(target) -> Observation:
    with factories.transaction.atomic():
        factories.audit.append(System.FIXTURES, "test.set_up", "", "An observation for a test.")
        return requests.observe(System.FIXTURES, target)


def words(drift) -> list[str]:
    return [entry["words"] for entry in drift.entries]


@pytest.fixture
def target(cast) -> Target:
    return factories.make_targets()[1]


@pytest.fixture
def drift(target) -> Drift:
    see(target, reading("name"))
    see(target, reading("name", "hotfix"))
    return Drift.objects.get()


def test_first_schema_of_a_target_is_no_drift(target):
    see(target, reading("name"))

    assert not Drift.objects.exists()


def test_difference_nobody_approved_is_named_object_by_object(target):
    see(target, reading("name"))

    see(target, reading("name", "hotfix", other=("id",)))

    drift = Drift.objects.get()
    assert (drift.target, drift.state, words(drift)) == (
        target,
        "open",
        ["column public.contractors.hotfix is new", "column public.other.id is new", "table public.other is new"],
    )
    assert drift.entries[0]["object"] == "public.contractors.hotfix"
    assert "changed past the portal: column public.contractors.hotfix is new" in AuditEvent.objects.get(kind="drift.found").text


def test_drift_that_goes_on_is_one_drift(target, drift):
    see(target, reading("name", "hotfix"))
    see(target, reading("name", "hotfix", "another"))

    assert words(Drift.objects.get()) == ["column public.contractors.another is new", "column public.contractors.hotfix is new"]
    assert AuditEvent.objects.filter(kind="drift.found").count() == 2


def test_drift_that_is_undone_is_over(target, drift):
    see(target, reading("name"))

    drift.refresh_from_db()
    assert (drift.state, drift.decided_by) == ("reverted", None)
    assert SchemaSnapshot.objects.get(target=target, valid_to=None).drift is None


def test_accepted_drift_is_the_expected_schema_from_then_on(cast, target, drift):
    accepted = workflow.accept_drift(actor=cast.operator, drift=drift, reason="hotfix of incident 4711")

    see(target, reading("name", "hotfix"))
    see(target, reading("name"))

    assert (accepted.state, accepted.reason, accepted.decided_by) == ("accepted", "hotfix of incident 4711", cast.operator)
    assert words(Drift.objects.get(state="open")) == ["column public.contractors.hotfix is gone"]


def test_drift_is_accepted_with_a_reason_by_who_may_and_once(cast, drift):
    with pytest.raises(NeedsReason):
        workflow.accept_drift(actor=cast.operator, drift=drift, reason=" ")
    with pytest.raises(MissingRole):
        workflow.accept_drift(actor=cast.engineer, drift=drift, reason="because")
    workflow.accept_drift(actor=cast.operator, drift=drift, reason="because")

    with pytest.raises(NotReady, match="Nothing is left to do"):
        workflow.accept_drift(actor=cast.operator, drift=drift, reason="because")

    assert AuditEvent.objects.filter(kind="refused.accept_drift").count() == 3


def test_drift_is_linked_to_the_change_that_explains_it(cast, target, drift):
    spec = factories.make_spec(cast)

    linked = workflow.link_drift(actor=cast.engineer, drift=drift, spec=spec)
    see(target, reading("name", "hotfix"))

    assert (linked.state, linked.change) == ("linked", spec)
    assert not Drift.objects.filter(state="open").exists()
    assert AuditEvent.objects.get(kind="drift.linked").subject == spec.number


@pytest.mark.at("production")
def test_what_a_run_does_is_no_drift_and_does_not_hide_one(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    deployment = factories.on(phase, production=True)
    see(deployment.target, reading("name", other=("id",)))
    see(deployment.target, reading("name", other=("id", "hotfix")))

    factories.finish(workflow.start(actor=cast.operator, deployment=deployment), schema=reading("name", "level", other=("id", "hotfix")))
    see(deployment.target, reading("name", "level", other=("id", "hotfix")))

    drift = Drift.objects.get()
    assert (drift.state, words(drift)) == ("open", ["column public.other.hotfix is new"])
    assert revert_script(drift).statements == ("ALTER TABLE public.other DROP COLUMN hotfix",)

    see(deployment.target, reading("name", "level", other=("id",)))

    drift.refresh_from_db()
    assert drift.state == "reverted"
    assert Drift.objects.count() == 1


@pytest.mark.at("production")
def test_schema_that_was_read_while_a_run_was_at_work_is_not_judged(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    deployment = factories.on(phase, production=True)
    see(deployment.target, reading("name"))
    read = handoff.claim("observe", ask(deployment.target).pk)

    factories.finish(workflow.start(actor=cast.operator, deployment=deployment), schema=reading("name", "level"))
    handoff.finish_observation(read, Observed(factories.facts(deployment.target.name), reading("name", "half")))

    assert not Drift.objects.exists()


@pytest.mark.at("production")
def test_what_a_run_left_half_way_is_not_drift(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    deployment = factories.on(phase, production=True)
    see(deployment.target, reading("name", other=("id",)))

    run = factories.finish(workflow.start(actor=cast.operator, deployment=deployment), status=RunStatus.FAILED_DIRTY)
    see(deployment.target, reading("name", "level", other=("id",)))

    assert not Drift.objects.exists()
    assert SchemaSnapshot.objects.get(target=deployment.target, valid_to=None).run == run


@pytest.mark.at("production")
def test_drift_on_a_table_that_a_waiting_change_touches_voids_its_approvals(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    target = factories.on(phase, production=True).target
    see(target, reading("name"))

    see(target, reading("name", "hotfix"))

    phase = factories.phase_of(spec)
    assert not phase.approvals.filter(voided_at=None).exists()
    assert phase.at is Stage.STAGING_DEPLOYMENT
    assert set(phase.approvals.values_list("voided_because", flat=True)) == {
        "public.contractors was changed on production_db past the portal"
    }
    assert phase.observations.filter(target=target, status=RunStatus.QUEUED).exists()


@pytest.mark.at("production")
def test_drift_elsewhere_leaves_approvals_alone(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    target = factories.on(phase, production=True).target
    see(target, reading("name", other=("id",)))

    see(target, reading("name", other=("id", "hotfix")))

    phase = factories.phase_of(spec)
    assert Drift.objects.get().state == "open"
    assert phase.approvals.filter(voided_at=None).count() == 2
    assert phase.at is Stage.PRODUCTION_DEPLOYMENT


def test_snapshot_of_an_older_format_is_replaced_without_an_alarm(target):
    see(target, SchemaReading("a" * 64, {"format": 1, "objects": []}))

    see(target, reading("name"))

    assert not Drift.objects.exists()
    assert SchemaSnapshot.objects.get(target=target, valid_to=None).fingerprint == reading("name").fingerprint


def test_targets_are_read_by_schedule(target, settings):
    settings.OBSERVE_EVERY = 60

    handoff.observe_due()
    handoff.observe_due()

    assert Observation.objects.filter(target=target).count() == 1

    Observation.objects.filter(target=target).update(requested_at=timezone.now() - timedelta(seconds=61), status=RunStatus.SUCCEEDED)
    handoff.observe_due()

    assert Observation.objects.filter(target=target).count() == 2


def test_no_target_is_read_by_schedule_when_that_is_switched_off(target, settings):
    settings.OBSERVE_EVERY = 0

    handoff.observe_due()

    assert not Observation.objects.exists()
