"""Which checks of the catalogue fit a change, and why: from what its analysis found and what the target says about itself."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from governance.batched import is_batched
from governance.facts import ConstraintFacts, Facts, TableFacts
from governance.orders import Check, Moment, Question, Script, Severity
from governance.validation.catalogue import Builtin
from governance.validation.questions import (
    DISABLED_FOREIGN_KEYS,
    DISABLED_TRIGGERS,
    INVALID_INDEXES,
    OWN_INSERTS_AND_DELETES,
    OWN_UPDATES,
    PRIVILEGES,
    UNVALIDATED,
    on,
)
from governance.validation.touched import Touched, touched
from governance.validation.uses import SAMPLED, make

READ_IN_FULL = 20_000_000  # rows; of a larger table a sample is compared
FREE_TO_ADD, FREE_TO_REMOVE = "rows may be added", "rows may be removed"
WORD = re.compile(r"[a-z_][\w$]*")


@dataclass(frozen=True, slots=True)
class Proposal:
    check: Check
    why: str


def propose(scripts: Iterable[Script], report: Mapping[str, Any], facts: Facts | None = None) -> tuple[Proposal, ...]:
    """`report`: of the analysis of these scripts. Without facts what only they can tell is not proposed."""
    scripts = tuple(scripts)
    fitting = {name: report[name] for name in ("created", "removed", "written", "secured", "constraints")}
    general = [Proposal(check, WHY[check.name]) for check in builtin_checks(report["tables"], **fitting)]
    gone = {*report["created"], *report["removed"]}
    found = touched(scripts, [table for table in report["tables"] if table not in gone])
    opaque = any(statement.tag in ("DO", "CALL") for script in scripts for statement in script.statements)
    batched = " ".join(statement.text for script in scripts for statement in script.statements if is_batched(statement.text))
    for table in found:
        known = facts.table(table.table) if facts else None
        if table.rebuilt or (known and known.kind not in ("r", "p")):
            continue
        table.writes |= table.table in report["written"]
        general += _of_rows(table, known, facts, opaque, batched)
        if not (table.writes or opaque):
            general += _of_coming_constraints(table, known)
    return tuple({proposal.check.name: proposal for proposal in general}.values())


def _of_rows(table: Touched, known: TableFacts | None, facts: Facts | None, opaque: bool, batched: str) -> Iterator[Proposal]:
    """What the change leaves alone, and what it leaves behind."""
    computed = {column.name for column in known.columns if column.generated} if known and table.columns else set()
    without = tuple(sorted(table.columns | computed))
    free = ", ".join(said for said, holds in ((FREE_TO_ADD, table.adds), (FREE_TO_REMOVE, table.removes)) if holds or opaque)
    left = f", apart from {', '.join(without)}," if without else ""
    triggers = table.writes and known is not None and any(each.kind == "trigger" for each in known.dependants)
    severity = Severity.WARNING if triggers else Severity.BLOCKING
    if known and known.rows and known.rows > READ_IN_FULL:
        check, why = (
            make(Builtin.SAMPLE, table.table, without=without, detail=str(SAMPLED)),
            f"its {known.rows:,} rows are too many to read twice",
        )
    else:
        check, why = make(Builtin.CHECKSUM, table.table, without=without, detail=free), f"its rows{left} stay as they are"
    hint = "; a warning only, because its triggers may write more" if triggers else ""
    yield Proposal(replace(check, severity=severity), f"The change touches {table.table}; {why}{hint}.")
    if without and table.table.partition(".")[2] in batched:
        yield Proposal(make(Builtin.BATCHES, table.table, without=without), f"{table.table} is written in batches while others write too.")
    for column, _type in table.types:
        yield Proposal(make(Builtin.NULLS, table.table, (column,)), f"{column} gets another type; what was NULL or empty stays so.")
    if known and facts and table.adds and any(each.owner == table.table for each in facts.sequences):
        yield Proposal(make(Builtin.SEQUENCES, table.table), f"The change adds rows to {table.table}, whose keys come from a sequence.")
    if known and table.writes:
        for constraint in known.constraints:
            if constraint.kind == "f" and constraint.references and constraint.columns:
                yield Proposal(
                    _orphans(table.table, constraint), f"The change writes {table.table}, which points to {constraint.references}."
                )


def _of_coming_constraints(table: Touched, known: TableFacts | None) -> Iterator[Proposal]:
    """What would stop the change half-way, asked before it begins."""
    there = {column.name for column in known.columns} if known else set()
    for columns in table.nulls:
        yield from _before(Builtin.REFUSED_NULL, table, there, columns, why=f"{', '.join(columns)} will refuse NULL.")
    for columns in table.uniques:
        yield from _before(Builtin.DUPLICATES, table, there, columns, why=f"A unique key over {', '.join(columns)} is coming.")
    for expression, unproven in table.checks:
        used = tuple({word for word in WORD.findall(expression.lower())} & (there | table.added))
        yield from _before(Builtin.REFUSED_CHECK, table, there, used, expression, f"A CHECK is coming: {expression}.", table.asks(unproven))
    for column, type_ in table.types:
        yield from _before(Builtin.REFUSED_TYPE, table, there, (column,), f"{column} as {type_}", f"{column} becomes {type_}.")
    for columns, partner, theirs, unproven in table.partners:
        why = f"A foreign key from {', '.join(columns)} to {partner} is coming."
        yield from _before(Builtin.ORPHANS, table, there, columns, f"{partner} ({', '.join(theirs)})", why, table.asks(unproven))
    for constraint in known.constraints if known else ():
        if constraint.name in table.validates and constraint.kind == "f":
            check = replace(_orphans(table.table, constraint), moment=Moment.BEFORE)
            yield Proposal(check, f"{constraint.name} is to be validated.")
        elif constraint.name in table.validates and (condition := _condition(constraint)):
            yield Proposal(make(Builtin.REFUSED_CHECK, table.table, detail=condition), f"{constraint.name} is to be validated.")


def _before(
    builtin: Builtin,
    table: Touched,
    there: Collection[str],
    columns: tuple[str, ...],
    detail: str = "",
    why: str = "",
    validated: bool = True,
) -> Iterator[Proposal]:
    """Where all columns are there already. A constraint that is not validated refuses no row that is there."""
    if columns and set(columns) <= set(there):
        named = () if builtin in (Builtin.REFUSED_CHECK, Builtin.REFUSED_TYPE) else columns
        check = make(builtin, table.table, named, detail=detail)
        severity = Severity.BLOCKING if validated else Severity.WARNING
        yield Proposal(replace(check, moment=Moment.BEFORE, severity=severity), why)


def _orphans(table: str, constraint: ConstraintFacts) -> Check:
    detail = f"{constraint.references} ({', '.join(constraint.referenced_columns)})"
    return make(Builtin.ORPHANS, table, constraint.columns, detail=detail)


def _condition(constraint: ConstraintFacts) -> str:
    found = re.fullmatch(r"CHECK \((?P<condition>.*)\)(?: NO INHERIT)?(?: NOT VALID)?", constraint.definition, re.DOTALL)
    return found["condition"] if found else ""


def builtin_checks(
    tables: Iterable[str],
    *,
    created: Collection[str] = (),
    removed: Collection[str] = (),
    written: Collection[str] = (),
    secured: Collection[str] = (),
    constraints: Collection[str] = (),
) -> tuple[Check, ...]:
    """Those that need to know no table, given as "schema.table", from the inside.

    The collections are those of `Analysis`: without them a change is taken to write no rows and to leave security alone.
    """
    existing = tuple(table for table in dict.fromkeys(tables) if table not in removed and table not in created)
    guarded = tuple(table for table in existing if table not in secured)
    kept = tuple(table for table in existing if table not in written)
    q, after, inside = Question, Moment.AFTER, Moment.IN_TRANSACTION
    found = (
        (True, Check(INDEXES, q.PERFORMANCE, after, INVALID_INDEXES, "no rows")),
        (constraints, Check(CONSTRAINTS, q.REFERENTIAL_INTEGRITY, after, on(UNVALIDATED, constraints), "no rows")),
        (existing, Check(FOREIGN_KEYS, q.REFERENTIAL_INTEGRITY, after, on(DISABLED_FOREIGN_KEYS, existing), "unchanged")),
        (existing, Check(TRIGGERS, q.BUSINESS_RULES, after, on(DISABLED_TRIGGERS, existing), "unchanged")),
        (guarded, Check(SECURITY, q.SECURITY, after, on(PRIVILEGES, guarded), "unchanged")),
        (kept, Check(ROWS, q.COMPLETENESS, inside, on(OWN_INSERTS_AND_DELETES, kept), "no rows")),
        (kept, Check(VALUES, q.ACCURACY, inside, on(OWN_UPDATES, kept), "no rows")),
    )
    return tuple(check for fits, check in found if fits)


INDEXES, CONSTRAINTS, FOREIGN_KEYS = "no invalid indexes", "constraints of this change are valid", "foreign keys are enforced"
TRIGGERS, SECURITY, ROWS, VALUES = "triggers stay enabled", "owners, grants and policies", "no row added or lost", "no row altered"
WHY = {
    INDEXES: "An index that failed to build costs every write and helps no query.",
    CONSTRAINTS: "The change adds or validates them.",
    FOREIGN_KEYS: "A trigger that was switched off lets rows point nowhere.",
    TRIGGERS: "A trigger that was switched off for the change and stays so changes what the application does.",
    SECURITY: "The change does not say that it changes them.",
    ROWS: "The change does not say that it writes these tables: its own transaction is asked.",
    VALUES: "The change does not say that it writes these tables: its own transaction is asked.",
}
