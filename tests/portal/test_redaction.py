"""Secrets do not come through, and what is no secret does."""

import pytest

from portal.redaction import HIDDEN, Redaction, is_connection

ENVIRONMENT = {
    "BIDS_URL": "postgres://runner:correct%20horse@db.example.com/bids",
    "PAIRS": "host=db user=runner password='battery staple'",
    "SECRET_KEY": "a-long-key-that-signs",
    "TIME_ZONE": "Europe/Vienna",
}


@pytest.mark.parametrize(
    "text",
    [
        "cannot connect to postgres://someone:hunter22@db/bids: refused",
        "cannot connect to postgresql://db/bids?user=someone&password=hunter22",
        'invalid dsn "host=db user=someone password=hunter22 dbname=bids"',
        "{'NAME': 'bids', 'PASSWORD': 'hunter22'}",
        "password=hunter22",
        "password = 'hunter22'",
        "dbname=bids host=db password='hunter22 it\\'s'",
    ],
)
def test_password_is_hidden_however_it_is_written(text):
    shown = Redaction({})(text)

    assert "hunter22" not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize("secret", ["correct horse", "correct%20horse", "battery staple", "a-long-key-that-signs"])
def test_secret_of_the_environment_is_hidden_wherever_it_appears(secret):
    shown = Redaction(ENVIRONMENT)(f"server said: {secret}!")

    assert shown == f"server said: {HIDDEN}!"


def test_secret_of_a_webhook_is_hidden():
    shown = Redaction({})("signed with whsec_plJ3nmyCDGBKInavdOK15jsl+/abc=")

    assert shown == f"signed with {HIDDEN}"


@pytest.mark.parametrize(
    "text",
    [
        'connection to server at "127.0.0.1", port 5432 failed: FATAL:  password authentication failed for user "runner"',
        "ALTER TABLE bids ADD COLUMN note text",
        "host=web-3 went away, Europe/Vienna",
    ],
)
def test_what_is_no_secret_stays(text):
    shown = Redaction(ENVIRONMENT)(text)

    assert shown == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("postgres://db/bids", True),
        ("postgresql://u:p@db/bids", True),
        ("host=db dbname=bids", True),
        ("https://lockgate.example.com", False),
        ("lockgate", False),
        ("", False),
    ],
)
def test_connection_string_is_told_from_other_values(value, expected):
    assert is_connection(value) is expected
