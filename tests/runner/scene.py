"""A portal with two real targets, and the way to bring a change to a run there."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from django.db import connection, transaction

from governance import bell, workflow
from governance.models import AuditEvent, Deployment, Phase, Run
from governance.orders import RunKind
from governance.workflow import ScriptFile
from runner import tasks
from runner.wake import wake
from tests import factories
from tests.factories import Cast

CONTRACTORS = """
CREATE TABLE contractors (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO contractors SELECT number, 'contractor ' || number FROM generate_series(1, 1000) AS number;
ANALYZE contractors;
"""
VERSION = "20260101_0900"
LEVELS = {
    f"V{VERSION}__levels.sql": factories.FORWARD,
    f"R{VERSION}__rollback_levels.sql": factories.ROLLBACK,
    f"C{VERSION}__checks_levels.sql": factories.CHECKS,
}


def scripts(*forward: str) -> dict[str, str]:
    """Forward scripts in this order, each with a rollback that undoes nothing."""
    heading = "-- Purpose: a test\n-- Impact: none\n"
    found = {f"C{VERSION}__checks_levels.sql": factories.CHECKS.replace("level < 0", "id < 0")}
    for number, text in enumerate(forward):
        found[f"V20260101_09{number:02}__part.sql"] = f"{heading}{text}\n"
        found[f"R20260101_09{number:02}__rollback_part.sql"] = f"{heading}SELECT 1;\n"
    return found


@dataclass(frozen=True)
class Scene:
    cast: Cast
    staging: str  # connection strings
    production: str

    def change(self, files: dict[str, str]) -> Phase:
        """Approved, at the stage of staging deployment."""
        return bring_to_staging(self.cast, files)

    def in_production(self, files: dict[str, str]) -> Phase:
        """Booked and approved for production; what the targets held before is only said, not done."""
        spec = factories.make_spec(self.cast, [ScriptFile(name, text) for name, text in files.items()])
        with transaction.atomic():
            return factories.bring_to_production(self.cast, spec)

    def ask(self, phase: Phase, kind: RunKind = RunKind.DEPLOY) -> Run:
        production = kind is RunKind.DRY_RUN
        return workflow.start(actor=self.cast.operator, deployment=deployment(phase, production=production), kind=kind)

    def start(self, files: dict[str, str]) -> Run:
        """A run on staging that waits for its worker."""
        return self.ask(self.change(files))

    def dry_run(self, done: Run) -> Run:
        """In production, once staging is done."""
        return self.ask(phase_of(done), RunKind.DRY_RUN)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Every bell that is rung is lost."""
        bell.on_due(lambda kind, row: None)
        yield
        bell.on_due(wake)

    def again(self, run: Run) -> Run:
        """Another run of the same change, the way an operator asks for it after a failure."""
        phase = workflow.advance(actor=self.cast.operator, phase=phase_of(run))
        return self.ask(phase)


def bring_to_staging(cast: Cast, files: dict[str, str]) -> Phase:
    return factories.bring_to_staging(cast, factories.make_spec(cast, [ScriptFile(name, text) for name, text in files.items()]))


def deployment(phase: Phase, *, production: bool = False) -> Deployment:
    return phase.deployments.get(target__environment__production=production)


def phase_of(run: Run) -> Phase:
    return Phase.objects.select_related("spec__author").get(deployments__runs=run)


def fresh(run: Run) -> Run:
    return Run.objects.select_related("deployment__target").get(pk=run.pk)


def work(run: Run) -> Run:
    """What a worker does when it is woken for the run."""
    tasks.run(str(run.pk))
    return fresh(run)


def applied(staging: psycopg.Connection) -> list[str]:
    if staging.execute("SELECT to_regclass('flyway_schema_history')").fetchone() == (None,):
        return []
    return [version for (version,) in staging.execute("SELECT version FROM flyway_schema_history ORDER BY installed_rank")]


def untouched(staging: psycopg.Connection) -> bool:
    query = "SELECT to_regnamespace('lockgate'), to_regclass('flyway_schema_history'), to_regclass('badges')"
    return staging.execute(query).fetchone() == (None, None, None)


def in_background(run: Run) -> threading.Thread:
    def target() -> None:
        tasks.run(str(run.pk))
        connection.close()

    thread = threading.Thread(target=target)
    thread.start()
    return thread


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def events(kind: str) -> list[str]:
    return [event.text for event in AuditEvent.objects.filter(kind=kind)]
