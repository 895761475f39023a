"""Liveness asks nobody; readiness turns red for each thing that keeps the portal from working, and says which."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from governance import audit, handoff, workflow
from governance.audit import System
from governance.models import ClusterBeat, Observation, Run
from governance.orders import RunStatus
from governance.policy import ApprovalKind
from portal import health
from tests import factories
from tests.databases import default_database

WORDS = {"database": "ok", "migrations": "ok", "cluster": "ok", "queue": "ok"}


@pytest.fixture
def cluster(db) -> None:
    handoff.cluster_beat()


@pytest.fixture
def phase(cast, cluster):
    factories.make_targets()
    return factories.phase_of(factories.make_spec(cast))


def grow_old(model: type, **minutes: float) -> None:
    audit.append(System.FIXTURES, "test.set_up", "", "Time passes.")
    model.objects.filter(status=RunStatus.QUEUED).update(requested_at=timezone.now() - timedelta(**minutes))


def test_liveness_asks_no_database(client):
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_portal_that_can_work_is_ready_for_everybody_who_asks(client, cluster, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"status": "ok", "checks": WORDS})
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Content-Security-Policy"]


def test_database_that_is_away_is_said_without_its_address(client, django_db_blocker):
    with django_db_blocker.unblock(), default_database("postgresql://lockgate:hidden@127.0.0.1:1/nowhere"):
        response = client.get("/readyz")

    assert (response.status_code, response.json()) == (503, {"status": "unavailable", "checks": {"database": "does not answer"}})


def test_database_without_tables_is_not_ready(client, database, django_db_blocker):
    with django_db_blocker.unblock(), default_database(database):
        response = client.get("/readyz")
        missing = health.unapplied()

    assert response.status_code == 503
    assert response.json()["checks"]["migrations"] != "ok"
    assert "governance.0001_initial" in missing


def test_missing_migration_is_found(client, cluster):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'governance' AND name = '0002_roles'")

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"] == {**WORDS, "migrations": "1 not applied"}


@pytest.mark.parametrize(("minutes", "status"), [(2.9, 200), (3.1, 503)])
def test_cluster_may_be_silent_for_three_minutes(client, cluster, minutes, status):
    ClusterBeat.objects.update(at=timezone.now() - timedelta(minutes=minutes))

    assert client.get("/readyz").status_code == status


def test_cluster_that_was_never_heard_is_not_ready(client, db):
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["cluster"] == "never heard of"


@pytest.mark.parametrize(("minutes", "status"), [(4.9, 200), (5.1, 503)])
def test_request_may_wait_for_five_minutes(client, phase, minutes, status):
    grow_old(Observation, minutes=minutes)

    assert client.get("/readyz").status_code == status


@pytest.mark.parametrize(("occupied", "status"), [(False, 503), (True, 200)])
def test_run_waits_rightly_behind_another_on_its_target(client, cast, phase, occupied, status):
    factories.observe(phase)
    factories.rehearse(cast, phase)
    factories.approve(cast, factories.phase_of(phase.spec), ApprovalKind.TECHNICAL)
    deployment = phase.deployments.get(target__environment__production=False)
    workflow.start(actor=cast.operator, deployment=deployment)
    grow_old(Run, minutes=10)
    if occupied:
        Run.objects.create(deployment=deployment, target=deployment.target, kind="deploy", script_digest="0", status=RunStatus.RUNNING)

    assert client.get("/readyz").status_code == status


def test_health_is_only_read(client):
    assert client.post("/healthz").status_code == 405
