"""Signs of life for a claim, from a thread of its own, while the work may hang in one long statement; and its name on every log line."""

import logging
import threading
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import OperationalError, connection

from governance import handoff
from portal.logs import about

BEATS = 5  # fit into the silence after which a claim is lost

logger = logging.getLogger(__name__)


class Heart:
    def __init__(self, claim: handoff.Claim) -> None:
        self.claim = claim
        self.interval = settings.CLAIM_SILENCE / BEATS
        self.stopped = threading.Event()
        self.context = about(kind=claim.kind, run=str(claim.id))
        self.thread = threading.Thread(target=self._beat, name=f"heart-{claim.id}", daemon=True)

    def __enter__(self) -> Self:
        self.context.__enter__()
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stopped.set()
        self.thread.join()
        self.context.__exit__(kind, error, trace)

    def _beat(self) -> None:
        try:
            while not self.stopped.wait(self.interval):
                self._beat_once()
        except handoff.ClaimLost:
            pass  # the next write of the work itself is refused and ends it
        finally:
            connection.close()

    def _beat_once(self) -> None:
        try:
            handoff.beat(self.claim.token)
        except OperationalError:
            logger.warning("The portal's database does not answer; claim %s may be taken over.", self.claim.id)
            connection.close()
