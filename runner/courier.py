"""Sends what is due although no worker of the queue is free for it: mails about runs must not wait until the runs are over."""

import logging
import threading
from types import TracebackType
from typing import Self

from django.db import InterfaceError, OperationalError, connection

from runner.tasks import deliver

EVERY = 5.0  # seconds

logger = logging.getLogger(__name__)


class Courier:
    """At work, in a thread of its own, for as long as the context lasts."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._carry, name="courier", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stopped.set()
        self.thread.join()

    def _carry(self) -> None:
        try:
            while not self.stopped.wait(EVERY):
                self._carry_once()
        finally:
            connection.close()

    def _carry_once(self) -> None:
        try:
            deliver()
        except (OperationalError, InterfaceError):
            logger.warning("The portal's database does not answer; what is due is sent later.")
            connection.close()
