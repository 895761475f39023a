"""The server on which scratch databases are made: the one that the environment names, or one of our own for the time being."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from portal.embedded import UNSAFE_FAST, EmbeddedServer

VARIABLES = ("SCRATCH_DATABASE_URL", "REHEARSAL_URL")
# A pair creates and drops many tables in one transaction; what is rehearsed is gone a minute later.
SETTINGS = {**UNSAFE_FAST, "max_locks_per_transaction": "2048", "autovacuum": "off"}


@contextmanager
def scratch_server() -> Iterator[str]:
    """Connection string of a superuser; never on a server that customers use."""
    given = next(filter(None, map(os.environ.get, VARIABLES)), None)
    if given:
        yield given
        return
    with own_server() as url:
        yield url


@contextmanager
def own_server() -> Iterator[str]:
    with TemporaryDirectory(prefix="lockgate-scratch-") as directory:
        server = EmbeddedServer(Path(directory) / "server", settings=SETTINGS)
        try:
            server.start()
            yield server.url()
        finally:
            server.destroy()
