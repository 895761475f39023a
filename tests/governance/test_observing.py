"""Looking at a target without a change: the baseline, and what the runner may do there."""

from dataclasses import replace

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from governance import audit, handoff, workflow
from governance.audit import System
from governance.errors import MissingRole
from governance.facts import Need
from governance.models import AuditEvent, Observation, SchemaSnapshot
from governance.orders import Observed, RunStatus, SchemaReading
from tests import factories
from tests.governance.claiming import at_the_same_moment

ROUNDS = 5


@pytest.fixture
def target(cast):
    return factories.make_targets()[-1]


def page_of(person, target):
    client = Client()
    client.force_login(person)
    return client.get(reverse("admin:schema_target", args=[target.name])).content.decode()


def press(person, target):
    client = Client()
    client.force_login(person)
    return client.post(reverse("admin:schema_observe", args=[target.name]))


def answer(row, needs=()):
    answer_claim(handoff.claim("observe", row.pk), needs)


def answer_claim(claim, needs=()):
    facts = replace(factories.facts(claim.order.target), needs=needs)
    handoff.finish_observation(claim, Observed(facts, SchemaReading("f" * 64, {"objects": []})))


def test_the_first_look_is_the_baseline(cast, target):
    row = workflow.observe(actor=cast.operator, target=target)

    answer(row)

    assert SchemaSnapshot.objects.get(target=target).version == "1.0.0"
    assert AuditEvent.objects.filter(kind="target.observe", subject=target.name, actor=cast.operator).exists()


def test_a_target_that_is_asked_for_already_is_not_asked_for_twice(cast, target):
    first = workflow.observe(actor=cast.operator, target=target)

    second = workflow.observe(actor=cast.engineer, target=target)

    assert first == second


@pytest.mark.parametrize("name", ["stakeholder", "auditor"])
def test_who_only_reads_does_not_ask_the_runner(cast, target, name):
    with pytest.raises(MissingRole):
        workflow.observe(actor=getattr(cast, name), target=target)

    assert not Observation.objects.exists()


def test_the_button_stands_with_who_may_press_it(cast, target):
    assert "Take the baseline" in page_of(cast.operator, target)
    assert "Take the baseline" not in page_of(cast.auditor, target)


def test_the_button_asks_and_is_refused_as_the_function_is(cast, target):
    press(cast.auditor, target)
    before = Observation.objects.count()

    press(cast.operator, target)

    assert before == 0
    assert Observation.objects.get().status == RunStatus.QUEUED
    assert AuditEvent.objects.filter(kind="refused.observe", actor=cast.auditor).exists()


def test_what_the_runner_may_not_do_stands_with_the_sql_that_grants_it(cast, target):
    lacking = (Need("pg_monitor", False, "GRANT pg_monitor TO lockgate_runner;"), Need("TLS in use", True, "-- fine"))

    answer(workflow.observe(actor=cast.operator, target=target), lacking)

    page = page_of(cast.operator, target)
    assert "GRANT pg_monitor TO lockgate_runner;" in page
    assert "-- fine" not in page


def test_observations_of_two_targets_for_one_change_end_at_the_same_moment(committed):
    cast = factories.make_cast()
    factories.make_targets()
    with transaction.atomic():
        audit.append(System.FIXTURES, "test.set_up", "", "What a change means for a client is kept for every target with each observation.")
        factories.make_client_release()
    phase = factories.phase_of(factories.make_spec(cast))

    for _ in range(ROUNDS):
        workflow.request_analysis(actor=cast.engineer, phase=phase)
        claims = [handoff.claim("observe", row.pk) for row in Observation.objects.filter(phase=phase, status=RunStatus.QUEUED)]
        at_the_same_moment(2, lambda number, claims=claims: answer_claim(claims[number]))

    assert set(Observation.objects.filter(phase=phase).values_list("status", flat=True)) == {RunStatus.SUCCEEDED}
