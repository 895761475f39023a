import threading
import time

from django.db import connections

from governance import handoff
from governance.models import Heartbeat, Run
from runner.heart import Heart


def claimed(run: Run) -> handoff.Claim:
    claim = handoff.claim("run", run.pk)
    assert claim
    return claim


def test_heart_beats_while_the_work_lasts_and_then_stops(run, settings):
    settings.CLAIM_SILENCE = 0.25
    claim = claimed(run)

    with Heart(claim) as heart:
        time.sleep(0.5)
        alive = handoff.lost()
    time.sleep(0.5)

    assert not heart.thread.is_alive()
    assert alive == []
    assert handoff.lost() == [("run", claim.id)]


def test_heart_of_a_lost_claim_ends_quietly(run, settings):
    settings.CLAIM_SILENCE = 0.25
    claim = claimed(run)

    with Heart(claim) as heart:
        Heartbeat.objects.filter(token=claim.token).delete()
        heart.thread.join(5)
        ended = not heart.thread.is_alive()

    assert ended


def test_heart_survives_a_portal_database_that_is_away_for_a_moment(run, staging, settings, caplog):
    settings.CLAIM_SILENCE = 0.5
    claim = claimed(run)
    name = Heartbeat.objects.db

    with Heart(claim) as heart:
        time.sleep(0.3)
        cut_off(staging, name)
        time.sleep(0.7)
        alive = heart.thread.is_alive() and handoff.lost() == []

    assert alive
    assert "does not answer" in caplog.text
    assert threading.active_count() == 1


def cut_off(staging, alias: str) -> None:
    """Every connection to the portal's database, as its restart would do."""
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    staging.execute(query, [connections[alias].settings_dict["NAME"]])
    connections[alias].close()
