"""The lock table against a live server; `manage.py prove_locks` does the same for everybody, and for other versions."""

from contextlib import suppress
from pathlib import Path

import postgast
import psycopg
import pytest

from governance.analysis.decode import actions
from governance.analysis.effects import EFFECTS, Effect, Lock, LockMode
from governance.analysis.functions import RELATIONS, VOLATILITY
from governance.analysis.statements import parse
from runner.engine.facts import read_facts
from runner.engine.proof.cases import cases
from runner.engine.proof.document import document
from runner.engine.proof.place import make_tablespace, place_on
from runner.engine.proof.proofs import prove

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "locks.md"
# Subcommands of ALTER TABLE that the grammar never makes of anything that a person writes, and one that needs a broken-off statement.
INTERNAL = {
    "ALTER_TABLE_TYPE_UNDEFINED", "AT_AddColumnToView", "AT_AddIndex", "AT_AddIndexConstraint", "AT_CookedColumnDefault",
    "AT_ReAddComment", "AT_ReAddConstraint", "AT_ReAddDomainConstraint", "AT_ReAddIndex", "AT_ReAddStatistics", "AT_ReplaceRelOptions",
    "AT_DetachPartitionFinalize",
}  # fmt: skip


@pytest.fixture(scope="module")
def place(server):
    with suppress(psycopg.errors.UniqueViolation, psycopg.errors.DuplicateObject):  # another worker's
        make_tablespace(server.url())
    with place_on(server.url()) as place:
        yield place


def test_prediction_equals_what_the_server_does_for_every_statement(place):
    proofs = list(prove(place, cases()))

    wrong = [(proof.case.statement, proof.predicted, proof.error or proof.observed) for proof in proofs if not proof.agrees]

    assert wrong == []
    assert len(proofs) > 500


def test_wrong_line_in_the_table_is_noticed(place, monkeypatch):
    tried = [case for case in cases() if case.statement == "CREATE INDEX i ON bids (amount)"]
    right = EFFECTS[next(iter(actions(parse(tried[0].statement)[0]))).kind]
    for wrong in (Effect(LockMode.ACCESS_EXCLUSIVE, scan=True, reindex=True), Effect(right.mode), Effect(right.mode, scan=True)):
        monkeypatch.setitem(EFFECTS, "create index", wrong)

        [proof] = prove(place, tried)

        assert not proof.agrees


def test_every_family_of_the_table_is_tried():
    tried = {action.kind for case in cases() for node in parse(case.statement) for action in actions(node)}

    assert set(EFFECTS) - tried == set()


def test_every_subcommand_of_alter_table_is_tried():
    trees = [node for case in cases() for node in parse(case.statement) if node.node_type == "AlterTableStmt"]

    tried = {command.subtype for node in trees for command in node.cmds}

    assert set(postgast.pg_query_pb2.AlterTableType.keys()) - tried == INTERNAL


def test_places_leave_nothing_behind(server):
    with psycopg.connect(server.url(), autocommit=True) as admin:
        with place_on(server.url()) as place:
            copies = {psycopg.conninfo.conninfo_to_dict(place.copy())["dbname"] for _ in range(2)}

        left = {name for (name,) in admin.execute("SELECT datname FROM pg_database")}

    assert copies
    assert not copies & left


def test_reindex_stops_readers_although_the_table_is_only_locked_against_writers(make_database):
    url = make_database("CREATE TABLE bids (id bigint PRIMARY KEY, status text); CREATE INDEX bids_status ON bids (status);")
    with psycopg.connect(url) as builder, psycopg.connect(url) as reader:
        builder.execute("REINDEX INDEX bids_status")
        reader.execute("SET lock_timeout = '100ms'")

        with pytest.raises(psycopg.errors.LockNotAvailable):
            reader.execute("SELECT * FROM bids WHERE id = 1")

    assert Lock("public.bids", LockMode.SHARE, unplannable=True).blocks == "reads and writes"


def test_document_is_what_the_tables_say(place):
    with psycopg.connect(place.copy(), autocommit=True) as connection:
        written = document(cases(), read_facts(connection, "proof"))

    assert DOCUMENT.read_text() == written, "write it anew: manage.py prove_locks --document > docs/locks.md"


def test_relations_of_the_system_are_those_of_the_server(server):
    query = "SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')"

    with psycopg.connect(server.url()) as connection:
        assert {name for (name,) in connection.execute(query)} <= RELATIONS


def test_built_in_functions_are_those_of_the_server(server):
    query = "SELECT proname, max(provolatile::text) FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace GROUP BY 1"

    with psycopg.connect(server.url()) as connection:
        assert dict(connection.execute(query).fetchall()) == VOLATILITY
