"""Bodies, signatures, pauses and digests: values alone."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from governance.sending import Call, Event, full_body, headers_of, secret_of, signature, slack_body
from governance.telling import ATTEMPTS, LONGEST_PAUSE, last_digest, pause_after

ID = UUID("0b9c1b1e-0000-4000-8000-000000000000")
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
EVENT = Event(ID, "run_failed", NOON, "Run <1> failed & stopped", "No lock.", "CHG-12", "https://portal.example.com/x/")
CALL = Call(ID, 1, "https://hooks.example.com/secret-path", b"{}", b"key of the webhook")


def test_signature_is_that_of_the_specification():
    """The example by which implementations of Standard Webhooks are checked."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert signed == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_id_stays_when_it_is_sent_again_and_the_time_is_signed():
    first, again = headers_of(CALL, NOON), headers_of(replace(CALL, attempt=2), NOON + timedelta(minutes=1))

    assert first["webhook-id"] == again["webhook-id"] == str(ID)
    assert first["webhook-signature"] != again["webhook-signature"]


def test_receiver_reads_everything_and_a_text():
    body = json.loads(full_body(EVENT))

    assert (body["type"], body["id"], body["data"]["change"]) == ("run_failed", str(ID), "CHG-12")
    assert body["text"].splitlines() == ["Run <1> failed & stopped", "No lock.", "https://portal.example.com/x/"]


def test_slack_gets_nothing_but_a_text_in_which_nothing_is_markup_by_accident():
    body = json.loads(slack_body(EVENT))

    assert list(body) == ["text"]
    assert body["text"].splitlines()[0] == "*Run &lt;1&gt; failed &amp; stopped*"
    assert body["text"].endswith("<https://portal.example.com/x/|Open in Lockgate>")


def test_neither_address_nor_key_is_in_the_words_of_a_call():
    assert "secret-path" not in repr(CALL)
    assert "key of the webhook" not in repr(CALL)


def test_secret_is_the_key_as_receivers_keep_it():
    assert base64.b64decode(secret_of(CALL.key).removeprefix("whsec_")) == CALL.key


def test_pauses_grow_to_a_bound_and_are_left_to_chance():
    pauses = [pause_after(attempt, 1.0) for attempt in range(1, ATTEMPTS)]

    assert pauses[:3] == [timedelta(seconds=15), timedelta(seconds=30), timedelta(minutes=1)]
    assert max(pauses) == LONGEST_PAUSE
    assert pause_after(3, 0.0) == timedelta(seconds=30)
    assert timedelta(days=2) < sum(pauses, timedelta()) < timedelta(days=4)


@pytest.mark.parametrize(
    ("days", "zone", "now", "last"),
    [
        ("daily", "UTC", "2026-11-29T12:00Z", "2026-11-29T08:00Z"),
        ("daily", "UTC", "2026-11-29T07:59Z", "2026-11-28T08:00Z"),
        ("workdays", "UTC", "2026-11-29T12:00Z", "2026-11-27T08:00Z"),  # a Sunday
        ("weekly", "UTC", "2026-11-29T12:00Z", "2026-11-23T08:00Z"),
        ("weekly", "UTC", "2026-11-30T08:00Z", "2026-11-30T08:00Z"),
        ("daily", "Asia/Kolkata", "2026-11-29T12:00Z", "2026-11-29T02:30Z"),
        ("daily", "Europe/Berlin", "2026-03-29T12:00Z", "2026-03-29T06:00Z"),  # the clocks went forward that night
        ("daily", "Europe/Berlin", "2026-03-29T05:00Z", "2026-03-28T07:00Z"),
    ],
)
def test_digest_comes_at_the_hour_on_the_clock_of_its_reader(days, zone, now, last):
    assert last_digest(days, 8, ZoneInfo(zone), datetime.fromisoformat(now)) == datetime.fromisoformat(last)
