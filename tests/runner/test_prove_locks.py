"""manage.py prove_locks, as a person types it."""

import json
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command

from governance.analysis.actions import Kind
from governance.analysis.effects import EFFECTS, Effect, LockMode


def prove_locks(*arguments: str) -> tuple[int, str]:
    output, code = StringIO(), 0
    try:
        call_command("prove_locks", *arguments, stdout=output)
    except SystemExit as end:
        code = int(end.code)
    return code, output.getvalue()


def test_statements_that_do_what_was_predicted_are_listed(server):
    code, output = prove_locks("--dsn", server.url(), "--only", "REINDEX TABLE bids")

    assert code == 0
    assert "REINDEX TABLE bids" in output
    assert "1 of 1 statements do what was predicted" in output


def test_disagreement_is_shown_and_ends_with_one(server, monkeypatch):
    monkeypatch.setitem(EFFECTS, Kind.CREATE_RULE, Effect(LockMode.SHARE))

    code, output = prove_locks("--dsn", server.url(), "--only", "CREATE RULE r AS ON DELETE")

    assert code == 1
    assert "DIFFERS" in output
    assert "predicted: payments ShareLock; observed: payments AccessExclusiveLock" in output


def test_machines_get_json(server):
    code, output = prove_locks("--dsn", server.url(), "--format", "json", "--only", "ALTER TABLE bids ADD CONSTRAINT c FOREIGN KEY")

    report = json.loads(output)
    assert code == 0
    assert report["server_version"] >= 180000
    assert report["agree"] == len(report["proofs"]) == 3
    assert report["proofs"][0]["observed"] == [
        {"relation": "public.bids", "mode": "ShareRowExclusiveLock", "rewrite": False, "index_build": False, "scan": True},
        {"relation": "public.users", "mode": "ShareRowExclusiveLock", "rewrite": False, "index_build": False, "scan": True},
    ]


def test_server_that_does_not_answer_is_told_from_a_disagreement(server):
    with pytest.raises(CommandError, match="Nothing could be proved") as refusal:
        prove_locks("--dsn", psycopg.conninfo.make_conninfo(server.url(), port=1))

    assert refusal.value.returncode == 2
