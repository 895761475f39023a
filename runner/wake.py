"""The queue as a bell: a task that says which row to look at, and nothing else."""

from uuid import UUID

from django_q.tasks import async_task

# No time limit: a run may take hours and is stopped by a person or its own limits. Failure is acknowledged: the row decides, not the queue.
OPTIONS = {"timeout": -1, "ack_failure": True, "save": False}


def wake(kind: str, row: UUID) -> None:
    """`kind` is the name of the task in `runner.tasks` that knows such rows."""
    async_task(f"runner.tasks.{kind}", str(row), q_options=OPTIONS)
