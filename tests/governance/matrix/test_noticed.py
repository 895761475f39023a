"""What is noticed of statements: effects on objects, without what a change does to objects of its own."""

import pytest

from governance.analysis import Change, analyse
from governance.analysis.uses import uses_of
from governance.errors import BadSpecification
from governance.matrix import Effect, Part
from governance.matrix.contract import Bound, bindings_of, parse_contract
from governance.versions import read_script
from tests.governance.analysis.samples import FACTS

E = Effect


def noticed(text: str, facts=FACTS) -> list[tuple[Effect, set[str]]]:
    script = read_script("V20260101_0900__change.sql", f"-- Purpose: p\n-- Impact: i\n{text}")
    return [(step.effect, set(step.objects)) for step in analyse(Change((script,)), facts).steps]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ALTER TABLE bids ADD COLUMN x int;", [(E.ADD, {"public.bids"})]),
        ("ALTER TABLE bids ADD COLUMN x int NOT NULL;", [(E.TIGHTEN, {"public.bids"})]),
        ("ALTER TABLE bids ADD COLUMN x int NOT NULL DEFAULT 1;", [(E.ADD, {"public.bids"})]),
        ("CREATE TABLE lines (id int); ALTER TABLE lines DROP COLUMN id;", [(E.ADD, set())]),
        ("ALTER TABLE bids ADD COLUMN x int; ALTER TABLE bids ADD CONSTRAINT c CHECK (x > 0);", [(E.ADD, {"public.bids"})]),
        ("ALTER TABLE bids ADD CONSTRAINT c CHECK (note <> '');", [(E.TIGHTEN, {"public.bids.note"})]),
        ("ALTER TABLE bids ALTER COLUMN note SET NOT NULL;", [(E.TIGHTEN, {"public.bids.note"})]),
        ("CREATE UNIQUE INDEX i ON bids (note);", [(E.TIGHTEN, {"public.bids"})]),
        ("CREATE INDEX i ON bids (note);", [(E.STORE, {"public.bids"})]),
        ("ALTER TABLE bids DROP COLUMN note;", [(E.REMOVE, {"public.bids.note"})]),
        ("DROP TABLE bids;", [(E.REMOVE, {"public.bids"})]),
        ("ALTER TABLE bids RENAME COLUMN note TO remark;", [(E.RENAME, {"public.bids.note"})]),
        ("ALTER TABLE bids ALTER COLUMN note SET DEFAULT 'x';", [(E.BEHAVE, {"public.bids.note"})]),
        ("ALTER TYPE mood ADD VALUE 'calm';", [(E.ADD_VALUE, {"*"})]),
        ("UPDATE bids SET note = 'x' WHERE id = 1;", []),
        ("GRANT SELECT ON bids TO reader;", []),
        ("REVOKE SELECT ON bids FROM reader;", [(E.BEHAVE, {"public.bids"})]),
    ],
)
def test_a_statement_is_steps_on_objects(text, found):
    assert noticed(text) == found


def test_a_rename_whose_old_name_lives_on_as_a_view_is_an_expand():
    text = "ALTER TABLE bids RENAME TO offers; CREATE VIEW bids AS SELECT * FROM offers;"
    script = read_script("V20260101_0900__change.sql", f"-- Purpose: p\n-- Impact: i\n{text}")

    rename = analyse(Change((script,)), None).steps[0]

    assert (rename.effect, rename.part, rename.in_sync) == (Effect.RENAME, Part.EXPAND, True)


@pytest.mark.parametrize(
    ("query", "reads", "writes"),
    [
        ("SELECT b.total FROM bids b WHERE b.id = $1", {"public.bids.total", "public.bids.id"}, set()),
        ("SELECT * FROM bids", {"public.bids"}, set()),
        ("SELECT count(*) FROM shop.bids", {"shop.bids"}, set()),
        ("INSERT INTO bids (total, note) VALUES ($1, $2)", set(), {"public.bids.total", "public.bids.note"}),
        ("UPDATE bids SET total = $1 WHERE id = $2", {"public.bids.id"}, {"public.bids.total"}),
        ("DELETE FROM bids", set(), {"public.bids"}),
        ("SELECT total FROM bids, users", {"public.bids", "public.users"}, set()),
        ("BEGIN", set(), set()),
        ("not sql", set(), set()),
    ],
)
def test_uses_of_a_query(query, reads, writes):
    found = uses_of(query)

    assert {each.object for each in found if each.reads} == reads
    assert {each.object for each in found if each.writes} == writes


def test_fields_of_an_openapi_document_lead_to_their_columns_through_references():
    bid = {"properties": {"total": {"x-columns": ["public.bids.total", "public.bids.currency"]}, "parent": {"$ref": "#/components/Bid"}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/Bid"}}}}
    document = {"paths": {"/bids": {"get": {"responses": {"200": body}}, "post": {"requestBody": body}}}, "components": {"Bid": bid}}

    found = bindings_of("the document", document)

    assert set(found) == {
        Bound("public.bids.total", True, False, "GET /bids total"),
        Bound("public.bids.currency", True, False, "GET /bids total"),
        Bound("public.bids.total", False, True, "POST /bids total"),
        Bound("public.bids.currency", False, True, "POST /bids total"),
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[1, 2]", "not a mapping"),
        ("{name: App}", "lacks a name or a version"),
        ("{name: App, version: 1.10}", "is not text"),
        ("{name: App, version: '1', colour: red}", "unknown key 'colour'"),
        ("{name: App, version: '1', uses: [public.bids]}", "is not a use"),
        ("{name: [", "neither YAML nor JSON"),
    ],
)
def test_a_contract_that_cannot_be_read_says_why(text, why):
    with pytest.raises(BadSpecification, match=why):
        parse_contract("app.yaml", text)


def test_a_contract_is_read():
    contract = parse_contract("app.yaml", "{name: App, version: '2.1', complete: true, uses: [{object: public.bids.total, writes: true}]}")

    assert (contract.name, contract.complete, contract.uses) == ("App", True, (Bound("public.bids.total", False, True),))
