"""Scripts and facts to analyse without a database."""

from dataclasses import replace
from datetime import UTC, datetime

from governance.analysis import Analysis, Change, analyse
from governance.analysis.statements import split
from governance.facts import ColumnFacts, ConstraintFacts, DependantFacts, Facts, IndexFacts, TableFacts
from governance.orders import Script, ScriptKind

NAMES = {ScriptKind.FORWARD: "V20260101_0900__x.sql", ScriptKind.ROLLBACK: "R20260101_0900__rollback_x.sql"}
HEADER = "-- Purpose: x\n-- Impact: nobody\n"


def column(name: str, written: str, not_null: bool = False) -> ColumnFacts:
    return ColumnFacts(name, written, not_null, "")


USERS = TableFacts(
    schema="public",
    name="users",
    kind="r",
    rows=50_000,
    bytes=20 * 2**20,
    columns=(
        column("id", "bigint", True),
        column("email", "character varying(100)", True),
        column("phone", "text"),
        column("code", "integer"),
        column("legacy_flag", "boolean"),
    ),
    constraints=(
        ConstraintFacts("users_pkey", "p", "PRIMARY KEY (id)", True),
        ConstraintFacts("phone_is_there", "c", "CHECK ((phone IS NOT NULL))", True),
    ),
    indexes=(IndexFacts("users_email", "CREATE UNIQUE INDEX users_email ON users (email)", True, True, 2**20, ("email",)),),
    referenced_by=("public.bids",),
    dependants=(
        DependantFacts("view", "public.user_codes", columns=("code",)),
        DependantFacts("function", "public.greet", columns=("email",)),
    ),
)
BIDS = TableFacts(
    schema="public",
    name="bids",
    kind="r",
    rows=300_000,
    bytes=60 * 2**20,
    columns=(column("id", "bigint", True), column("user_id", "bigint"), column("amount", "integer"), column("status", "text")),
    indexes=(IndexFacts("bids_users", "CREATE UNIQUE INDEX bids_users ON bids (user_id)", True, True, 2**20, ("user_id",)),),
    constraints=(ConstraintFacts("bids_user_fk", "f", "FOREIGN KEY (user_id) REFERENCES users(id)", True, "public.users"),),
)
SETTINGS = TableFacts("public", "settings", "r", 40, 16384, (column("key", "text", True), column("value", "text")))
EVENTS = TableFacts("public", "events", "p", 0, 0, (column("id", "bigint"), column("at", "date", True)))
FACTS = Facts("sample", datetime(2026, 1, 1, tzinfo=UTC), 180006, "sample", 100 * 2**20, (USERS, BIDS, SETTINGS, EVENTS))


def script(text: str, kind: ScriptKind = ScriptKind.FORWARD, name: str = "") -> Script:
    name = name or NAMES[kind]
    return Script(kind, name, "20260101_0900", "x", text, 0, split(name, text))


def analysed(text: str, facts: Facts | None = FACTS, rollback: str = "", **change: object) -> Analysis:
    scripts = [script(HEADER + text)]
    if rollback:
        scripts.append(script(rollback, ScriptKind.ROLLBACK))
    return analyse(Change(tuple(scripts), **change), facts)


def facts_with_rows(rows: int | None, table: TableFacts = BIDS) -> Facts:
    changed = replace(table, rows=rows)
    return replace(FACTS, tables=tuple(changed if found is table else found for found in FACTS.tables))


def codes(analysis: Analysis) -> list[str]:
    return [finding.code for finding in analysis.findings]
