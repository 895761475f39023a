"""What a script says; that it works is proved on PostgreSQL, in tests/runner/engine."""

from governance.schema.alteration import alter
from governance.schema.creation import create
from governance.schema.model import Schema, SchemaObject
from governance.schema.undoing import undone

PUBLIC = SchemaObject.of("schema", "public", "", {"owner": "postgres"})


def table(name, *columns, **constraints):
    yield SchemaObject.of("table", name, "public", {"owner": "postgres"})
    for position, column in enumerate(columns, 1):
        yield SchemaObject.of("column", f"{name}.{column}", name, {"type": "integer", "position": str(position)})
    for constraint, (definition, needs) in constraints.items():
        yield SchemaObject.of("constraint", f"{name}.{constraint}", name, {"definition": definition}, needs)


def schema(*parts):
    return Schema.of([PUBLIC, *(item for part in parts for item in part)])


def index_of(start, statements):
    return next(number for number, text in enumerate(statements) if text.startswith(start))


def test_script_between_equal_schemas_is_empty():
    same = schema(table("public.bids", "id"))

    assert (alter(same, same).statements, alter(same, same).text) == ((), "")


def test_column_with_another_name_is_renamed_and_loses_nothing():
    script = alter(schema(table("public.bids", "id", "amount")), schema(table("public.bids", "id", "total")))

    assert script.statements == ("ALTER TABLE public.bids RENAME COLUMN amount TO total",)
    assert script.loses == ()


def test_script_says_what_it_loses_and_what_it_cannot_do():
    before, after = schema(table("public.bids", "id", "amount", "note")), schema(table("public.bids", "new", "id", "amount"))

    script = alter(before, after)

    assert script.loses == ("public.bids.note",)
    assert [item.in_words() for item in script.unsupported] == ["table public.bids: columns cannot be put in another order"]
    assert script.text == (
        "-- NOT DONE: table public.bids: columns cannot be put in another order\n-- LOSES DATA: public.bids.note\n"
        "ALTER TABLE public.bids DROP COLUMN note;\nALTER TABLE public.bids ADD COLUMN new integer;\n"
    )


def test_foreign_keys_come_last_and_go_first_even_in_a_circle():
    def key(other):
        return "FOREIGN KEY (id) REFERENCES " + other, [("column", f"{other}.id"), ("constraint", f"{other}.pk")]

    circle = schema(
        table("public.a", "id", pk=("PRIMARY KEY (id)", []), fk=key("public.b")),
        table("public.b", "id", pk=("PRIMARY KEY (id)", []), fk=key("public.a")),
    )

    made, dropped = create(circle), alter(circle, schema()).statements

    assert [text.split(" FOREIGN")[0] for text in made[-2:]] == [
        "ALTER TABLE public.a ADD CONSTRAINT fk",
        "ALTER TABLE public.b ADD CONSTRAINT fk",
    ]
    assert sorted(dropped[:2]) == ["ALTER TABLE public.a DROP CONSTRAINT fk", "ALTER TABLE public.b DROP CONSTRAINT fk"]
    assert sorted(dropped[2:]) == ["DROP TABLE public.a", "DROP TABLE public.b"]


def test_view_is_made_again_when_a_column_under_it_gets_another_type():
    view = SchemaObject.of("view", "public.v", "public", {"definition": "SELECT id FROM public.bids"}, [("column", "public.bids.id")])
    wide = SchemaObject.of("column", "public.bids.id", "public.bids", {"type": "bigint", "position": "1"})
    [bids, _] = table("public.bids", "id")

    statements = alter(schema(table("public.bids", "id"), [view]), schema([bids, wide, view])).statements

    order = [index_of(start, statements) for start in ("DROP VIEW", "ALTER TABLE public.bids ALTER COLUMN id TYPE", "CREATE VIEW")]
    assert order == sorted(order)


def test_undoing_takes_back_one_difference_and_keeps_others():
    before, after = schema(table("public.bids", "id")), schema(table("public.bids", "id", "hotfix"))
    present = schema(table("public.bids", "id", "hotfix"), table("public.other", "id"))

    assert undone(present, before, after) == schema(table("public.bids", "id"), table("public.other", "id"))
