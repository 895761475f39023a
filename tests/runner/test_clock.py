from io import StringIO
from threading import Thread, Timer

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django_q.models import OrmQ

from governance import handoff, workflow
from governance.models import Webhook
from runner import courier
from runner.management.commands.clock import SILENT
from tests import factories
from tests.runner.receivers import web_server


def queued() -> list[str]:
    return [task.func() for task in OrmQ.objects.all()]


def tick_until_silent(silence: float, stderr: StringIO | None = None) -> CommandError:
    with pytest.raises(CommandError, match="Restart it") as ended:
        call_command("clock", "--silence", str(silence), "--period", "0.02", stderr=stderr or StringIO())
    return ended.value


def test_clock_ends_with_its_own_status_when_the_cluster_executes_nothing(committed):
    ended = tick_until_silent(0.2)

    assert ended.returncode == SILENT
    assert "runner.tasks.beat" in queued()


def test_clock_ends_when_a_cluster_that_was_alive_falls_silent(committed):
    handoff.cluster_beat()

    ended = tick_until_silent(0.2)

    assert ended.returncode == SILENT


def test_clock_rings_again_for_what_waits(run):
    OrmQ.objects.all().delete()

    tick_until_silent(3)

    assert "runner.tasks.dispatch" in queued()


def test_clock_sends_what_is_due_though_no_worker_is_free(committed, settings, monkeypatch):
    monkeypatch.setattr(courier, "EVERY", 0.05)
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    cast = factories.make_cast()
    with web_server() as receiver:
        workflow.make_webhook(actor=cast.operator, name="Chat", address=receiver.url, form="full")
        workflow.send_test(actor=cast.operator, webhook=Webhook.objects.get())

        tick_until_silent(0.5)

    assert [text.splitlines()[0] for text in receiver.texts] == ["A test of Lockgate"]


def test_clock_has_dead_claims_taken_over(run, settings):
    settings.CLAIM_SILENCE = 0
    handoff.claim("run", run.pk)

    tick_until_silent(0.2)

    assert "runner.tasks.reap" in queued()


def test_clock_outlives_a_portal_database_that_is_away_for_a_moment(scene):
    name, said = connection.settings_dict["NAME"], StringIO()
    cut = Timer(0.5, cut_off, [scene.staging, name])

    clock = Thread(target=in_thread, args=[said])
    clock.start()
    cut.start()
    clock.join()

    assert "does not answer, trying again" in said.getvalue()


def in_thread(said: StringIO) -> None:
    tick_until_silent(1.2, said)
    connections.close_all()


def cut_off(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
