"""Signs of life for a claim, from a thread of its own, while the work may hang in one long statement."""

import threading
from types import TracebackType
from typing import Self

from django.db import connection

from governance import handoff

INTERVAL = 4.0  # seconds; five beats fit into the silence after which a claim is lost


class Heart:
    def __init__(self, claim: handoff.Claim) -> None:
        self.claim = claim
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._beat, name=f"heart-{claim.id}", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stopped.set()
        self.thread.join()

    def _beat(self) -> None:
        try:
            while not self.stopped.wait(INTERVAL):
                handoff.beat(self.claim.token)
        except handoff.ClaimLost:
            pass  # the next write of the work itself is refused and ends it
        finally:
            connection.close()
