from governance.schema.fingerprint import fingerprint
from governance.schema.model import Kind, Schema, SchemaObject

BIDS = SchemaObject.of("table", "public.bids", "public", {"owner": "instabids", "persistence": "unlogged"})
AMOUNT = SchemaObject.of("column", "public.bids.amount", "public.bids", {"type": "numeric(12,2)", "position": "2"})


def test_schema_does_not_depend_on_the_order_of_reading():
    one, other = Schema.of([BIDS, AMOUNT]), Schema.of([AMOUNT, BIDS])

    assert one == other
    assert fingerprint(one) == fingerprint(other)


def test_attributes_do_not_depend_on_the_order_of_reading():
    swapped = SchemaObject.of("table", "public.bids", "public", {"persistence": "unlogged", "owner": "instabids"})

    assert swapped == BIDS


def test_schema_survives_json():
    schema = Schema.of([BIDS, AMOUNT])

    content = schema.as_json()

    assert Schema.from_json(content) == schema


def test_fingerprint_tells_schemas_apart_by_one_attribute():
    wider = SchemaObject.of("column", "public.bids.amount", "public.bids", {"type": "numeric(14,2)", "position": "2"})

    assert fingerprint(Schema.of([BIDS, AMOUNT])) != fingerprint(Schema.of([BIDS, wider]))


def test_attribute_that_does_not_apply_reads_as_empty():
    assert AMOUNT.get("default") == ""
    assert AMOUNT.key == (Kind.COLUMN, "public.bids.amount")
