import pytest

from governance.errors import UnknownConnection
from runner.targets import connection_string


def test_connection_string_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("BIDS_URL", "postgres://runner:secret@db/bids")

    found = connection_string("bids", "BIDS_URL")

    assert found == "postgres://runner:secret@db/bids"


@pytest.mark.parametrize("value", [None, ""])
def test_target_without_connection_string_is_refused_with_the_variable_to_set(monkeypatch, value):
    monkeypatch.delenv("BIDS_URL", raising=False)
    if value is not None:
        monkeypatch.setenv("BIDS_URL", value)

    with pytest.raises(UnknownConnection, match="Set BIDS_URL") as refusal:
        connection_string("bids", "BIDS_URL")

    assert refusal.value.target == "bids"
