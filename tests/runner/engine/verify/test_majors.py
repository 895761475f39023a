"""The same checks give the same answers on every major version: those of MAJORS, which are fetched once."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from governance.validation.uses import read_use
from portal.embedded import UNSAFE_FAST, EmbeddedServer
from runner.engine import verify
from tests.majors import programs_of
from tests.runner.engine.verify.test_builtins import SCHEMA

MAJORS = [int(major) for major in os.environ.get("MAJORS", "").split()]
USES = (
    "refused null of public.bids (amount)", "refused check of public.bids: amount > 0",
    "refused type of public.bids: amount as numeric(6,2)",
    "refused type of public.bids: said as date", "refused type of public.bids: said as bigint", "duplicates of public.bids (id)",
    "orphans of public.bids (project_id) in public.projects (id)", "transformed public.bids: said = id::text", "rows of public.bids",
    "same public.bids as public.copies", "checksum of public.bids", "sample of public.bids, 300 rows", "keys of public.bids",
    "distribution of public.bids (amount, said)", "nulls of public.bids (amount, said)", "profile of public.bids (amount, said, at)",
)  # fmt: skip
SPOILED = "UPDATE bids SET said = 'x' WHERE (tenant, id) = (1, 777); DELETE FROM copies WHERE (tenant, id) = (2, 1)"


@dataclass(frozen=True)
class Target:
    connection: psycopg.Connection


def answers(url: str) -> list[list[object]]:
    """Before and after something was spoiled; of a sample only that it had an answer, since it is another one each time."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        target, checks = Target(connection), [read_use(use) for use in USES]
        before = verify.baseline(target, checks)
        found = [verify.verify(target, checks, before)]
        connection.execute(SPOILED.encode())
        found.append(verify.verify(target, checks, before))
    return [[each.name, *([] if "sample" in each.name else [each.verdict, each.evidence, sorted(each.sample)])] for each in sum(found, ())]


@pytest.fixture
def server_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    started = []

    def start(major: int) -> EmbeddedServer:
        monkeypatch.setenv("PG_BINDIR", str(programs_of(major)))
        server = EmbeddedServer(tmp_path / str(major), settings={**UNSAFE_FAST, "shared_preload_libraries": ""})
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.destroy()


@pytest.mark.skipif(not MAJORS, reason="MAJORS names no version, for example MAJORS='13 14'")
@pytest.mark.parametrize("major", MAJORS)
def test_every_major_gives_the_same_answers(database, server_of, major):
    ours = answers(database)

    assert answers(server_of(major).url()) == ours
