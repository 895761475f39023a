"""Every verdict on a folder of pairs, beside what psql and pg_dump say of the same pairs."""

import os
import re
import subprocess
from collections import Counter

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from governance.rehearsals import PairVerdict
from portal.embedded import binaries
from runner.engine.folder import rehearse_folder
from runner.engine.ground import ground_in
from runner.engine.pairs import read_folder
from runner.engine.scratch import database_of, empty_database
from tests.runner.engine import pairs as examples

EXAMPLES = examples.expected()
OUTSIDE = re.compile("CONCURRENTLY|VACUUM|BEGIN;|ADD VALUE")  # what psql cannot play in one transaction


def rehearsed(server, folder):
    with empty_database(server.url()) as scratch, ground_in(server.url(), scratch, database_of(scratch)) as ground:
        return list(rehearse_folder(read_folder(folder), ground))


@pytest.fixture(scope="module")
def outcomes(server, tmp_path_factory):
    folder = examples.write(EXAMPLES, tmp_path_factory.mktemp("pairs"))
    return {int(outcome.version): outcome for outcome in rehearsed(server, folder)}


@pytest.mark.parametrize("pair", EXAMPLES, ids=lambda pair: pair.description)
def test_verdict_on_a_pair_is_the_expected_one(outcomes, pair):
    outcome = outcomes[pair.number]

    assert outcome.verdict == pair.verdict, (outcome.error, outcome.differences)
    assert outcome.description == pair.description
    assert bool(outcome.error) == outcome.verdict.endswith("_failed")
    if pair.lost:
        assert {loss.column: loss.rows for loss in outcome.data_lost}.get(pair.lost[0], 0) == pair.lost[1]


def test_every_verdict_has_an_example():
    assert {pair.verdict for pair in EXAMPLES} == set(PairVerdict)
    assert len(EXAMPLES) >= 60


class Peer:
    """The plain loop: psql and pg_dump on a database of its own, with copies to go back to."""

    def __init__(self, server):
        self.server, self.name, self.copies = server, f"peer_{os.urandom(6).hex()}", []
        self.admin = psycopg.connect(server.url(), autocommit=True)
        self.admin.execute(f"CREATE DATABASE {self.name}")

    def close(self):
        for name in (self.name, *self.copies):
            self.admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.admin.close()

    def copy(self):
        copy = f"{self.name}_{len(self.copies)}"
        self.copies.append(copy)
        self.admin.execute(f"CREATE DATABASE {copy} TEMPLATE {self.name} STRATEGY file_copy")
        return copy

    def go_on_in(self, copy):
        self.admin.execute(f"DROP DATABASE {self.name}")
        self.admin.execute(f"ALTER DATABASE {copy} RENAME TO {self.name}")

    def run(self, program, *arguments, text=""):
        found = conninfo_to_dict(self.server.url(self.name))
        names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "dbname"}
        environment = {**os.environ, **{variable: str(found[key]) for variable, key in names.items()}}
        return subprocess.run([binaries() / program, *arguments], input=text, env=environment, capture_output=True, text=True, check=False)

    def plays(self, text):
        whole = [] if OUTSIDE.search(text) else ["--single-transaction"]
        return self.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *whole, text=text).returncode == 0

    def dump(self):
        lines = self.run("pg_dump", "--schema-only").stdout.splitlines()
        return [line for line in lines if line and not line.startswith(("--", "\\"))]

    def verdict(self, pair):
        start, before = self.copy() if OUTSIDE.search(pair.forward) else "", self.dump()
        if not self.plays(pair.forward):
            if start:
                self.go_on_in(start)
            return "forward_failed"
        if pair.rollback is None:
            return "rollback_missing"
        reached = "" if pair.verdict == "restored" else self.copy()  # what is restored and applied again needs no copy to go on from
        verdict = self.back_and_forth(pair, before)
        if reached:
            self.go_on_in(reached)
        return verdict

    def back_and_forth(self, pair, before):
        if not self.plays(pair.rollback):
            return "rollback_failed"
        after = self.dump()
        return judged(before, after) if self.plays(pair.forward) else "second_forward_failed"


def judged(before, after):
    if before == after:
        return "restored"
    return "cosmetic" if words(before) == words(after) else "not_restored"


def words(lines):
    return Counter(re.findall(r"[^\s,]+", " ".join(lines)))


def test_psql_and_pg_dump_say_the_same_of_every_pair(server):
    peer = Peer(server)

    said = {pair.description: peer.verdict(pair) for pair in EXAMPLES}

    peer.close()
    assert said == {pair.description: pair.verdict for pair in EXAMPLES}
