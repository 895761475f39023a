import pytest

from governance.schema.diff import Severity, diff
from governance.schema.model import Schema, SchemaObject


def table(name, *columns):
    yield SchemaObject.of("table", name, "public", {"owner": "instabids"})
    for position, column in enumerate(columns, 1):
        yield SchemaObject.of("column", f"{name}.{column}", name, {"type": "text", "position": str(position)})


def function(body, language="plpgsql"):
    return Schema.of([SchemaObject.of("function", "public.f()", "public", {"body": body, "language": language})])


def test_equal_schemas_are_identical_and_say_nothing():
    schema = Schema.of(table("public.bids", "id", "amount"))

    difference = diff(schema, schema)

    assert difference.severity is Severity.IDENTICAL
    assert difference.in_words() == ""


def test_column_that_comes_back_at_the_end_is_cosmetic_and_names_both_orders():
    before = Schema.of(table("public.bids", "id", "amount", "note"))
    after = Schema.of(table("public.bids", "id", "note", "amount"))

    difference = diff(before, after)

    assert difference.severity is Severity.COSMETIC
    assert difference.in_words() == "table public.bids: column order was “id, amount, note”, is now “id, note, amount”"


def test_attributes_of_a_type_in_another_order_are_different():
    before, after = (
        Schema.of([SchemaObject.of("type", "public.place", "public", {}), *list(table("public.place", *columns))[1:]])
        for columns in (("street", "city"), ("city", "street"))
    )

    assert diff(before, after).severity is Severity.DIFFERENT


def test_column_that_moves_up_because_another_is_gone_is_not_mentioned():
    before = Schema.of(table("public.bids", "id", "amount", "note"))
    after = Schema.of(table("public.bids", "id", "note"))

    difference = diff(before, after)

    assert difference.severity is Severity.DIFFERENT
    assert difference.in_words() == "column public.bids.amount is gone"


def test_columns_of_a_new_table_are_entries_but_not_words():
    before, after = Schema.of(()), Schema.of(table("public.bids", "id", "amount"))

    difference = diff(before, after)

    assert [entry.name for entry in difference.entries] == ["public.bids.amount", "public.bids.id", "public.bids"]
    assert difference.in_words() == "table public.bids is new"


def test_changed_attribute_is_shown_before_and_after():
    before = Schema.of([SchemaObject.of("column", "public.bids.amount", "public.bids", {"type": "integer", "position": "1"})])
    after = Schema.of(
        [SchemaObject.of("column", "public.bids.amount", "public.bids", {"type": "text", "not null": "yes", "position": "1"})]
    )

    words = diff(before, after).in_words().splitlines()

    assert words == [
        "column public.bids.amount: not null was absent, is now “yes”",
        "column public.bids.amount: type was “integer”, is now “text”",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("BEGIN RETURN 1; END", "\nBEGIN\n  RETURN 1;\nEND\n"),
        ("-- one\nSELECT 'a  b'", "  -- one  \n\nSELECT   'a  b'"),
        ("x := $q$a  b$q$;  y := 1;", "x := $q$a  b$q$;\ny := 1;"),
    ],
)
def test_white_space_between_the_words_of_a_function_is_cosmetic(before, after):
    assert diff(function(before), function(after)).severity is Severity.COSMETIC


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SELECT 'a  b'", "SELECT 'a b'"),
        ('SELECT "a  b"', 'SELECT "a b"'),
        ("x := $q$a  b$q$;", "x := $q$a b$q$;"),
        ("x:=$$a  b$$;", "x:=$$a b$$;"),
        ("-- one\nSELECT 1", "-- one SELECT 1"),
        ("BEGIN RETURN 1; END", "BEGIN RETURN 2; END"),
    ],
)
def test_white_space_that_means_something_is_different(before, after):
    assert diff(function(before), function(after)).severity is Severity.DIFFERENT


def test_white_space_in_a_language_that_counts_it_is_different():
    before, after = (function(body, "plpython3u") for body in ("if a:\n  b()\nc()", "if a:\n  b()\n  c()"))

    assert diff(before, after).severity is Severity.DIFFERENT
