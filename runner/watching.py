"""Measures a target for a run: before it, so that there is a baseline, and beside it from a thread with a connection of its own."""

import logging
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection

from governance import handoff
from governance.errors import TargetRefused
from governance.handoff import Watched
from governance.monitoring import Period, Reading, measured
from governance.orders import Order, RunKind
from runner.engine.gauge import read
from runner.engine.host import host_figures
from runner.engine.session import connect
from runner.targets import connection_string

FIRST_READINGS = 5  # of the baseline

logger = logging.getLogger(__name__)


class Gauge:
    """One target's readings, one after the other; a lost connection is opened anew by the next."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._connection: psycopg.Connection | None = None
        self._earlier: Reading | None = handoff.earlier_reading(watched.run)

    def measure(self, period: Period) -> None:
        """Keep a measurement. That there is none now is no reason to end a run: what is not measured is unknown."""
        try:
            reading = read(self._open(), self._watched.tables, host_figures(self._watched.metrics_address))
        except (TargetRefused, psycopg.Error) as error:
            logger.warning("%s was not measured: %s", self._watched.target, type(error).__name__)
            self.close()
            return
        handoff.keep_sample(self._watched.run, period, reading, measured(self._earlier, reading))
        self._earlier = reading

    def close(self) -> None:
        if self._connection:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None

    def _open(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            conninfo = connection_string(self._watched.target, self._watched.connection)
            self._connection = connect(self._watched.target, conninfo, f"lockgate watch {self._watched.run}"[:63])
        return self._connection


class Watching:
    """Around a run: its baseline is taken before the block begins, unless an earlier attempt of the run has one."""

    def __init__(self, claim: handoff.Claim, order: Order) -> None:
        self._gauge = Gauge(handoff.watched(claim.id)) if order.kind is not RunKind.DRY_RUN else None
        self._needs_baseline = self._gauge is not None and not handoff.has_baseline(claim)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"watching-{claim.id}", daemon=True)

    def __enter__(self) -> Self:
        if self._gauge:
            if self._needs_baseline:
                self._take_baseline(self._gauge)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._gauge:
            self._stopped.set()
            self._thread.join()
            self._gauge.close()

    def _take_baseline(self, gauge: Gauge) -> None:
        gauge.measure(Period.BEFORE)
        for _ in range(FIRST_READINGS if settings.BASELINE_SECONDS else 0):
            time.sleep(settings.BASELINE_SECONDS / FIRST_READINGS)
            gauge.measure(Period.BEFORE)

    def _watch(self) -> None:
        try:
            while not self._stopped.wait(settings.SAMPLE_EVERY):
                self._measure_once()
        finally:
            connection.close()

    def _measure_once(self) -> None:
        assert self._gauge
        try:
            self._gauge.measure(Period.DURING)
        except DatabaseError:
            logger.warning("The portal's database does not answer; a measurement is lost.")
            connection.close()


def measure_after(run: UUID) -> None:
    """Once, in the monitoring period."""
    gauge = Gauge(handoff.watched(run))
    try:
        gauge.measure(Period.AFTER)
    finally:
        gauge.close()
