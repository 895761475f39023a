"""What tests of claims share: silence, threads, and the way that a run has gone."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from governance.models import Heartbeat, Run


def fall_silent() -> None:
    Heartbeat.objects.update(at=timezone.now() - timedelta(seconds=settings.CLAIM_SILENCE + 1))


def statuses(run: Run) -> list[str]:
    return list(run.history.order_by("history_id").values_list("status", flat=True))


def at_the_same_moment(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Each in a thread and a connection of its own, started together."""
    start = threading.Barrier(count)

    def one(number: int) -> Any:
        try:
            connection.ensure_connection()
            start.wait(10)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
