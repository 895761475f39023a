"""A record is deleted while somebody else makes what refers to it: one of the two is told in words, whoever is first."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from governance import workflow
from governance.errors import NotReady, Refusal
from governance.models import Consideration, Domain, Target
from tests import factories

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"  # for this session
PATIENCE = 20  # seconds until the second has come to an end or to a lock


def outcome(act: Callable[[], object]) -> str:
    """In a thread and with a connection of its own; "" when it is done."""
    try:
        act()
    except Refusal as refusal:
        return refusal.code
    finally:
        connection.close()
    return ""


def overlapping(first: Callable[[], object], second: Callable[[], object]) -> str:
    """What the second is told. It begins when the first is done and not yet committed, as within a page of the admin."""
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            first()
            told = thread.submit(outcome, second)
            deadline = time.monotonic() + PATIENCE
            with connection.cursor() as cursor:
                while not told.done() and time.monotonic() < deadline and not cursor.execute(WAITS).fetchone()[0]:
                    time.sleep(0.01)
        return told.result(20)


def submits(cast):
    return lambda: workflow.submit(actor=cast.engineer, specification=factories.specification(), scripts=factories.script_files())


def asks(cast):
    return lambda: workflow.save_record(actor=cast.operator, record=Consideration(domain=Domain.objects.get(), question="Who reads it?"))


def observes(cast):
    return lambda: workflow.observe(actor=cast.operator, target=Target.objects.first())


@pytest.mark.parametrize(
    ("model", "makes", "second_maker", "second_deleter"),
    [
        (Domain, submits, "GoneMeanwhile", "RecordInUse"),
        (Domain, asks, "GoneMeanwhile", ""),  # a question goes with its domain
        (Target, observes, "GoneMeanwhile", "RecordInUse"),
    ],
)
@pytest.mark.parametrize("first", ["deletes", "makes"])
def test_whoever_is_second_is_told_in_words(committed, model, makes, first, second_maker, second_deleter):
    cast, _ = factories.make_cast(), factories.make_targets()
    record, make = model.objects.first(), makes(cast)

    def delete() -> None:
        workflow.delete_record(actor=cast.operator, record=record)

    told = overlapping(delete, make) if first == "deletes" else overlapping(make, delete)

    assert told == (second_maker if first == "deletes" else second_deleter)
    assert model.objects.filter(pk=record.pk).exists() is (told == "RecordInUse")


def test_what_is_deleted_already_is_said_to_be(cast):
    factories.make_targets()
    first, second = Domain.objects.get(), Domain.objects.get()
    workflow.delete_record(actor=cast.operator, record=first)

    with pytest.raises(NotReady, match="is deleted already"):
        workflow.delete_record(actor=cast.operator, record=second)
