"""The directive `-- lockgate: batched`, and statements taken apart so that ranges of keys fit in."""

import pytest

from governance.backfill import backfill_of
from governance.batched import Batched, is_batched, options_of
from governance.errors import BadDirective, MixedScript
from governance.versions import read_script

NAME = "V20261122_0900__fill.sql"
UPDATE = "UPDATE bids SET cents = amount * 100;"
INSERT = "INSERT INTO archive SELECT * FROM bids AS b WHERE b.old ON CONFLICT DO NOTHING;"


def statement(text, options=""):
    [found] = read_script(NAME, f"-- Purpose: a test\n\n-- lockgate: batched {options}\n{text}").statements
    return found


def backfill(text, options=""):
    return backfill_of(NAME, statement(text, options))


def test_directive_is_a_part_of_its_statement_which_no_transaction_can_hold():
    found = statement(UPDATE, "max_rows=10")

    assert found.text == "-- lockgate: batched max_rows=10\nUPDATE bids SET cents = amount * 100"
    assert not found.transactional
    assert is_batched(found.text)


def test_options_of_the_directive():
    found = options_of(statement(UPDATE, "key=tenant,id target=200ms max_rows=9 workers=3 before-images").text)

    assert found == Batched(("tenant", "id"), 0.2, 9, 3, before_images=True)
    assert options_of(statement(UPDATE).text) == Batched()


@pytest.mark.parametrize("word", ["max_rows=0", "workers=9", "workers=many", "target=50", "guard=none", "key=", "before-images=no", "fast"])
def test_word_that_nobody_understands_is_refused_at_its_line(word):
    with pytest.raises(BadDirective, match=rf"line 4: {word} is no option of the directive. Its form is: -- lockgate: batched \["):
        statement(UPDATE, word)


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE bids SET a = '-- lockgate: batched';",
        "SELECT 1; /* -- lockgates: batched */ UPDATE bids SET a = 1;",
        "-- lockgate: allow whole-table-update because it is small\nUPDATE bids SET a = 1;",
    ],
)
def test_other_texts_are_not_batched(text):
    assert not any(is_batched(each.text) for each in read_script(NAME, text).statements)


@pytest.mark.parametrize("text", ["UPDATE bids SET a = 1; -- lockgate: batched", "UPDATE bids -- lockgate: batched\nSET a = 1;"])
def test_directive_that_stands_before_no_statement_is_refused(text):
    with pytest.raises(BadDirective, match="does not stand before a statement of its own"):
        read_script(NAME, text)


def test_script_that_mixes_batches_with_statements_for_one_transaction_is_refused():
    with pytest.raises(MixedScript):
        read_script(NAME, f"ALTER TABLE bids ADD cents int;\n-- lockgate: batched\n{UPDATE}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("DELETE FROM bids;", "only an UPDATE or an INSERT"),
        ("UPDATE bids SET a = 1 RETURNING id;", "RETURNING"),
        ("WITH x AS (SELECT 1) UPDATE bids SET a = 1;", "WITH"),
        ("UPDATE bids SET a = DEFAULT;", "what is assigned to a cannot be compared"),
        ("UPDATE bids SET (a, b) = (SELECT 1, 2);", "what is assigned to a cannot be compared"),
        ("UPDATE bids SET a[1] = 2;", "what is assigned to a cannot be compared"),
        ("INSERT INTO archive SELECT * FROM bids;", "needs ON CONFLICT DO NOTHING"),
        ("INSERT INTO archive VALUES (1) ON CONFLICT DO NOTHING;", "takes each row from one of a table"),
        ("INSERT INTO archive SELECT count(*) FROM bids ON CONFLICT DO NOTHING;", "takes each row from one of a table"),
        ("INSERT INTO archive SELECT a FROM bids GROUP BY a ON CONFLICT DO NOTHING;", "takes each row from one of a table"),
        ("INSERT INTO archive SELECT a FROM bids UNION SELECT 1 ON CONFLICT DO NOTHING;", "takes each row from one of a table"),
        ("INSERT INTO archive (SELECT a FROM bids) ON CONFLICT DO NOTHING;", "without parentheses"),
        ("INSERT INTO archive SELECT a FROM (SELECT 1 AS a) AS x ON CONFLICT DO NOTHING;", "is no table"),
    ],
)
def test_statement_that_cannot_be_cut_into_ranges_is_refused(text, why):
    with pytest.raises(BadDirective, match=why):
        statement(text)


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        (UPDATE, "guard=where", "guard=where needs a WHERE"),
        ("UPDATE bids SET a = 1 FROM users WHERE users.id = bids.owner;", "before-images", "UPDATE with FROM"),
        (INSERT, "before-images", "cannot run in batches"),
    ],
)
def test_options_that_do_not_fit_the_statement_are_refused(text, options, why):
    with pytest.raises(BadDirective, match=why):
        statement(text, options)


def test_update_is_cut_at_its_own_where_and_commas():
    text = """
        UPDATE ONLY app.bids AS b
        SET é = f('WHERE', ARRAY[1, 2]), "A" = b.x IS DISTINCT FROM 3 -- , WHERE
        FROM users u WHERE (u.id = b.owner);
    """

    found = backfill(text)

    assert (found.table, found.only, found.alias) == (("app", "bids"), True, "b")
    assert [(each.column, each.value.split("--")[0].strip()) for each in found.assigned] == [
        ("é", "f('WHERE', ARRAY[1, 2])"),
        ("A", "b.x IS DISTINCT FROM 3"),
    ]
    assert found.head.endswith("FROM users u ")
    assert found.where == " (u.id = b.owner)"


def test_insert_is_cut_at_its_where_and_at_the_conflict():
    found = backfill("INSERT INTO n SELECT p.a FROM o AS p JOIN q ON p.x = q.x WHERE (p.c) ON CONFLICT (a) WHERE d DO NOTHING;")

    assert (found.table, found.alias, found.where) == (("o",), "p", " (p.c) ")
    assert found.tail == "ON CONFLICT (a) WHERE d DO NOTHING"
    assert found.inserts
