"""Which installation a scratch server is started from."""

import sys
from types import SimpleNamespace

import pytest

from runner import scratch_server
from runner.engine.extensions import named_in


@pytest.fixture
def installations(tmp_path, monkeypatch):
    """The usual one with citext, and a fuller one with citext and pgcrypto."""
    for name, extensions in (("usual", ["citext"]), ("fuller", ["citext", "pgcrypto"])):
        for extension in extensions:
            control = tmp_path / name / "share" / "postgresql" / "extension" / f"{extension}.control"
            control.parent.mkdir(parents=True, exist_ok=True)
            control.touch()
    monkeypatch.setattr(scratch_server, "binaries", lambda: tmp_path / "usual" / "bin")
    return tmp_path


@pytest.fixture
def fuller_installed(installations, monkeypatch):
    package = SimpleNamespace(bin=lambda: installations / "fuller" / "bin", __spec__=SimpleNamespace())
    monkeypatch.setitem(sys.modules, scratch_server.FULLER, package)


@pytest.mark.parametrize(
    ("extensions", "chosen"), [(["citext"], "usual"), (["citext", "pgcrypto"], "fuller"), (["pgcrypto", "postgis"], "usual")]
)
def test_fuller_installation_is_chosen_where_it_has_what_the_usual_one_lacks(installations, fuller_installed, extensions, chosen):
    assert scratch_server.programs_with(extensions) == installations / chosen / "bin"


def test_without_the_fuller_one_the_usual_one_has_to_do(installations):
    assert scratch_server.programs_with(["pgcrypto"]) == installations / "usual" / "bin"


def test_extensions_are_found_in_scripts_however_they_are_written():
    text = 'create extension if not exists "uuid-ossp"; CREATE  EXTENSION\n  PgCrypto WITH SCHEMA x; CREATE EXTENSION IF NOT EXISTS citext;'

    assert named_in([text]) == {"uuid-ossp", "pgcrypto", "citext"}
