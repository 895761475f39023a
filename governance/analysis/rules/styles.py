"""Rules about choices that cost nothing now and much later: types of new columns, names, order. All of them only advise."""

import re
from collections.abc import Callable, Iterator

from governance.analysis.actions import Column, Kind
from governance.analysis.psql import LEXEME
from governance.analysis.rule import Hit, Level, Place, Read, Rule, hit, rule, safe

LONGEST_NAME = 63  # bytes: NAMEDATALEN - 1
MANY_COLUMNS = 4
LONG_WORD = re.compile(r'"([^"]{16,})"|[^\W\d][\w$]{15,}')  # in characters, of up to four bytes
LONG_STRETCH = re.compile(r"[^ ]{64}")
LONG_ASCII_WORD = re.compile(r'"([^"]{64,})"|[^\W\d][\w$]{63,}')


def _about_type(code: str, types: list[str], fits: Callable[[Column], bool], says: str, why: str, better: str) -> Rule:
    """`types` are those that may fit, without what may stand in parentheses."""

    def check(read: Read) -> Iterator[Hit]:
        for place, column in read.new_columns:
            if fits(column):
                instead = safe(f"ALTER TABLE {{table}} ADD COLUMN {{column}} {better};", table=place.table, column=column.name)
                yield hit(place, f"{column.name} of {place.table} {says}", why, instead)

    return rule(code, Level.NOTICE, on=types)(check)


prefer_bigint_over_int = _about_type(
    "prefer-bigint-over-int",
    ["integer"],
    lambda column: column.type == "integer",
    "is a 32-bit integer, which ends at 2,147,483,647.",
    "Widening it later copies the whole table while nobody can read or write it; 64 bits cost four bytes a row.",
    "bigint",
)
prefer_bigint_over_smallint = _about_type(
    "prefer-bigint-over-smallint",
    ["smallint"],
    lambda column: column.type == "smallint",
    "is a 16-bit integer, which ends at 32,767.",
    "Widening it later copies the whole table while nobody can read or write it; 64 bits cost six bytes a row.",
    "bigint",
)
prefer_identity = _about_type(
    "prefer-identity",
    ["smallint", "integer", "bigint"],
    lambda column: column.serial,
    "is a serial: its sequence has an owner and grants of its own, and anybody may overwrite its numbers.",
    "Whoever may insert needs a right on the sequence besides the one on the table; an identity column needs none.",
    "bigint GENERATED ALWAYS AS IDENTITY",
)
prefer_text_field = _about_type(
    "prefer-text-field",
    ["character varying"],
    lambda column: column.type.startswith("character varying("),
    "has a length limit, and lowering it later checks or copies every row.",
    "A CHECK constraint can be changed without stopping anybody: added NOT VALID, then validated.",
    "text",
)
prefer_timestamp_tz = _about_type(
    "prefer-timestamp-tz",
    ["timestamp", "timestamp without time zone"],
    lambda column: column.type.startswith("timestamp") and column.type.endswith("without time zone"),
    "does not say in which time zone its times are.",
    "Clients in different zones write and read different moments; timestamptz keeps the moment, at the same size.",
    "timestamptz",
)
prefer_jsonb = _about_type(
    "prefer-jsonb",
    ["json"],
    lambda column: column.type == "json",
    "is json, which has no equality: SELECT DISTINCT, GROUP BY and UNION over it fail.",
    "Queries that worked on the table stop working as soon as they meet the column; jsonb can be compared and indexed.",
    "jsonb",
)
ban_char_field = _about_type(
    "ban-char-field",
    ["character"],
    lambda column: column.type == "character" or column.type.startswith("character("),
    "is char(n), which pads with blanks that comparisons then ignore.",
    "It is neither smaller nor faster than text, and its blanks surprise clients.",
    "text",
)


@rule("identifier-too-long", Level.WARNING, rollback=True)
def identifier_too_long(read: Read) -> Iterator[Hit]:
    for places in read.by_statement:
        text = places[0].statement.text
        if len(text) > LONGEST_NAME:
            for name in _long_words(text):
                yield hit(
                    places[0],
                    f"The name {name[:20]}… has {len(name.encode())} bytes; PostgreSQL keeps the first {LONGEST_NAME}.",
                    "It cuts silently, so that two long names can become one, and scripts and clients call it by another name.",
                    f"-- call it, for example: {name.encode()[: LONGEST_NAME - 3].decode(errors='ignore').rstrip('_')}",
                )


def _long_words(text: str) -> Iterator[str]:
    if text.isascii() and '"' not in text and not LONG_STRETCH.search(text):
        return  # most texts have a blank that early everywhere
    found = dict.fromkeys(_words(text))
    if any(map(_is_too_long, found)):
        # it may be a word of a string or comment
        yield from filter(_is_too_long, dict.fromkeys(_words(LEXEME.sub(_without_literals, text))))


def _words(text: str) -> Iterator[str]:
    words = LONG_ASCII_WORD if text.isascii() else LONG_WORD
    return (match[1] or match[0] for match in words.finditer(text))


def _without_literals(lexeme: re.Match[str]) -> str:
    return lexeme[0] if lexeme[0].startswith(('"', ";")) else " "


def _is_too_long(name: str) -> bool:
    return len(name.encode()) > LONGEST_NAME


@rule("ban-duplicate-column-assignments", Level.BLOCKING, rollback=True, on=["UpdateStmt"])
def ban_duplicate_column_assignments(read: Read) -> Iterator[Hit]:
    for place in read.statements("UpdateStmt"):
        names = [target.name for target in place.node.target_list if not target.indirection]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            yield hit(
                place,
                f"{name} is assigned twice in one UPDATE of {place.table}, which PostgreSQL refuses.",
                "It stops with “multiple assignments to same column” (42601) when it is executed.",
                "-- keep one of the two assignments",
            )


@rule("require-enum-value-ordering", Level.NOTICE, on=["AlterEnumStmt"])
def require_enum_value_ordering(read: Read) -> Iterator[Hit]:
    for place in read.statements("AlterEnumStmt"):
        node = place.node
        if not node.old_val and not node.new_val_neighbor:
            yield hit(
                place,
                f"{node.new_val} comes last in {place.action.name}, wherever it belongs.",
                "Values are ordered as they were added, and the order cannot be changed; say it with BEFORE or AFTER.",
                f"{place.statement.text} AFTER 'the value before it';",
            )


@rule("index-of-many-columns", Level.NOTICE, on=["IndexStmt"])
def index_of_many_columns(read: Read) -> Iterator[Hit]:
    for place in read.statements("IndexStmt"):
        if len(place.node.index_params) >= MANY_COLUMNS and not place.node.unique:
            columns = [part.name for part in place.node.index_params]
            yield hit(
                place,
                f"An index of {len(columns)} columns on {place.table} is large and is written at every change.",
                "It rarely serves more than its first columns; one of the two or three most selective is smaller, and nearly as quick.",
                safe("CREATE INDEX CONCURRENTLY ON {table} ({first}, {second});", table=place.table, first=columns[0], second=columns[1])
                if columns[0] and columns[1]
                else "",
            )


@rule("foreign-key-without-index", Level.NOTICE, on=[Kind.ADD_FOREIGN_KEY])
def foreign_key_without_index(read: Read) -> Iterator[Hit]:
    found = [(place, first) for place in read.of(Kind.ADD_FOREIGN_KEY) if (first := _unindexed(place))]
    indexes = read.statements("IndexStmt") if found else ()
    indexed = {(place.identity, place.node.index_params[0].name) for place in indexes}
    for place, first in found:
        if (place.identity, first) not in indexed:
            partner = place.action.constraint.references if place.action.constraint else ""
            yield hit(
                place,
                f"No index of {place.table} begins with {first}: each DELETE in {partner} reads all of {place.table}.",
                "PostgreSQL looks for rows that refer to the deleted one, and makes no index for that by itself.",
                safe("CREATE INDEX CONCURRENTLY ON {table} ({column});  -- in a script of its own", table=place.table, column=first),
            )


def _unindexed(place: Place) -> str:
    """The first column of a foreign key with which no index of the table begins before the change; "" if that is not known."""
    table, constraint = place.facts, place.action.constraint
    if table is None or table.partial or place.is_new or constraint is None or not constraint.columns:
        return ""
    first = constraint.columns[0]
    known = any(index.columns[:1] == (first,) or f"({first}" in index.definition for index in table.indexes)
    return "" if known else first
