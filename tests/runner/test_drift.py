"""Drift on a real target, from the clock's request to the script that takes it back."""

import psycopg
import pytest

from governance import handoff
from governance.drifts import revert_script
from governance.models import Drift, Observation
from governance.orders import RunStatus
from runner import tasks
from tests.runner.scene import work

HOTFIX = """
ALTER TABLE contractors ALTER name TYPE varchar(200);
CREATE INDEX hotfix ON contractors (lower(name));
CREATE VIEW names AS SELECT name FROM contractors;
CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql RETURN upper($1);
GRANT SELECT ON contractors TO pg_monitor;
"""


@pytest.fixture
def staging(scene):
    look()
    with psycopg.connect(scene.staging, autocommit=True) as connection:
        yield connection


def look() -> None:
    """By schedule, and what the workers do then."""
    handoff.observe_due()
    for row in Observation.objects.filter(status=RunStatus.QUEUED):
        tasks.observe(str(row.pk))


@pytest.fixture(autouse=True)
def _always(settings):
    settings.OBSERVE_EVERY = 1e-6


def test_change_behind_the_portals_back_is_found_named_and_taken_back(staging):
    staging.execute(HOTFIX)
    look()

    drift = Drift.objects.get()
    assert {entry["object"] for entry in drift.entries} == {
        "public.contractors.name: type",
        "public.contractors: grants",
        "public.hotfix",
        "public.names",
        "public.names.name",
        "public.shout(text)",
    }

    staging.execute(revert_script(drift).text)
    look()

    drift.refresh_from_db()
    assert drift.state == "reverted"


def test_maintenance_is_no_drift(staging):
    for command in ("VACUUM FULL contractors", "VACUUM ANALYZE", "REINDEX TABLE contractors", "UPDATE contractors SET name = name || '!'"):
        staging.execute(command)

    look()

    assert not Drift.objects.exists()


def test_run_is_no_drift(run, staging):

    work(run)
    look()

    assert not Drift.objects.exists()
    assert run.target.snapshots.get(valid_to=None).run == run
