"""Two who do the same at the same moment: one is let through, the other is told in words."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from governance import audit, workflow
from governance.audit import System, save
from governance.errors import Refusal
from governance.models import AuditEvent, Environment, Spec, Window
from governance.workflow.meanwhile import collisions_told
from tests import factories
from tests.governance.claiming import at_the_same_moment

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"  # for this session
PATIENCE = 20.0  # seconds


def refusal_of(act: Callable[[], object]) -> str:
    """In a thread and with a connection of its own."""
    try:
        act()
    except Refusal as refusal:
        return f"{refusal.code}: {refusal.message}"
    finally:
        connection.close()
    return ""


def wait_until_somebody_waits() -> None:
    deadline = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while not cursor.execute(WAITS).fetchone()[0]:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_second_of_two_titles_submitted_at_once_is_refused_in_words_and_leaves_nothing(committed):
    cast = factories.make_cast()
    factories.make_targets()
    same = factories.specification(title="Levels")
    submit = lambda: workflow.submit(actor=cast.engineer, specification=same, scripts=factories.script_files())  # noqa: E731

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            audit.append(System.FIXTURES, "test.set_up", "", "Somebody who is faster.")
            save(System.FIXTURES, Spec(title="Levels", author=cast.operator))
            told = thread.submit(refusal_of, submit)
            wait_until_somebody_waits()
        answer = told.result(PATIENCE)

    assert answer.startswith("TakenMeanwhile: Another change has this title. Somebody was faster by a moment")
    assert Spec.objects.get().author == cast.operator
    assert AuditEvent.objects.get(kind="refused.submit").data["code"] == "TakenMeanwhile"


def test_second_of_two_names_that_are_set_up_at_once_is_refused_in_words(committed):
    cast = factories.make_cast()
    add = lambda: workflow.save_record(actor=cast.operator, record=Environment(name="test", rank=5))  # noqa: E731

    told = at_the_same_moment(3, lambda _: refusal_of(add))

    assert sorted(map(bool, told)) == [False, True, True]
    assert {each.partition(". ")[0] for each in told if each} == {"TakenMeanwhile: Another one has the same name"}
    assert Environment.objects.filter(name="test").count() == 1


def test_holidays_that_are_added_at_once_are_there_once(committed):
    cast, target = factories.make_cast(), factories.make_targets()[0]
    given = {"environment": target.environment, "country": "DE", "year": 2027}

    at_the_same_moment(3, lambda _: workflow.add_holidays(actor=cast.operator, **given))

    windows = Window.objects.values_list("name", "starts")
    assert len(windows) == len(set(windows)) > 5


def test_what_no_constraint_between_rows_refuses_is_an_error_and_no_refusal(db):
    with pytest.raises(IntegrityError), collisions_told(), transaction.atomic():
        Environment.objects.create(name=None, rank=1)
