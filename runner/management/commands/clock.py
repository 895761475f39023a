"""The small process that looks after the queue: it sweeps, reaps, and ends with an error when the cluster has fallen silent."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, close_old_connections
from django_q.tasks import async_task

from governance import handoff
from runner.courier import Courier
from runner.wake import OPTIONS, wake

BEAT_EVERY = 5  # looks: ask the cluster for a sign of life, and take over what died
SWEEP_EVERY = 15  # looks: ring again for what still waits
CLEAR_EVERY = 1800  # looks: an hour
SILENT = 75  # exit status: restart the cluster


class Command(BaseCommand):
    help = "Sweeps what waits, takes over what died, and ends with status 75 when the queue's cluster has been silent for too long."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--silence", type=float, default=60.0, help="Seconds without an executed task that mean the cluster is dead.")
        parser.add_argument("--period", type=float, default=2.0, help="Seconds between two looks at what time alone brings about.")

    def handle(self, *, silence: float, period: float, **options: Any) -> None:
        with Courier():
            self._watch(silence, period)

    def _watch(self, silence: float, period: float) -> None:
        started, looks = time.monotonic(), 0
        handoff.ask_everywhere()
        while True:
            try:
                self._look(looks)
                heard = handoff.cluster_silence()
            except OperationalError as error:
                self.stderr.write(f"The portal's database does not answer, trying again: {error}")
                close_old_connections()
                started, heard = time.monotonic(), 0.0
            if time.monotonic() - started > silence and (heard is None or heard > silence):
                raise CommandError(f"The cluster has executed nothing for {silence:.0f} s. Restart it.", returncode=SILENT)
            looks += 1
            time.sleep(period)

    def _look(self, number: int) -> None:
        handoff.tick()
        if number % BEAT_EVERY == 0:
            async_task("runner.tasks.beat", q_options=OPTIONS)
            if handoff.lost():
                async_task("runner.tasks.reap", q_options=OPTIONS)
        if number % SWEEP_EVERY == 0:
            handoff.observe_due()
            for run in handoff.due_for_watching():
                wake("measure", run)
            for run in handoff.due_for_checking():
                wake("ask_again", run)
            handoff.make_digests()
            handoff.remind()
        if number % CLEAR_EVERY == 0:
            async_task("runner.tasks.clear_away", q_options=OPTIONS)
        if number % SWEEP_EVERY == SWEEP_EVERY - 1 and handoff.due():
            async_task("runner.tasks.dispatch", q_options=OPTIONS)
