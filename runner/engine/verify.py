"""Checks: questions put to the target as read-only queries, before, inside and after a change."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import psycopg
from psycopg import sql

from governance.orders import Check, CheckResult, Moment, Order, Question, RunKind, Verdict
from runner.engine.session import Session

UNCHANGED = "unchanged"
KEEP = "INSERT INTO lockgate.baseline (run, name, rows, first, digest) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
KEPT = "SELECT name, rows, first, digest FROM lockgate.baseline WHERE run = %s"


class Asked(Protocol):
    """Whoever has a connection to put the questions through: a session, or the trial of a rehearsal."""

    @property
    def connection(self) -> psycopg.Connection: ...


@dataclass(frozen=True, slots=True)
class Answer:
    rows: int
    first: str | None  # the first row's first column, as PostgreSQL writes it
    digest: str  # of all rows, in their order

    def __str__(self) -> str:
        if self.rows == 1 and self.first is not None:
            return f"{int(self.first):,}" if self.first.isdecimal() else self.first
        return f"{self.rows:,} row{'' if self.rows == 1 else 's'}"


Baseline = Mapping[str, Answer]


def counts(order: Order) -> tuple[Check, ...]:
    """One check for each table whose rows have to stay as many as they are."""
    return tuple(
        Check(
            name=f"rows of {table}",
            question=Question.COMPLETENESS,
            moment=Moment.AFTER,
            sql=sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table.split("."))).as_string(None),
            expect=UNCHANGED,
        )
        for table in order.counted
    )


def of(order: Order) -> tuple[Check, ...]:
    """All checks of a run. A rollback answers for the rows only: the others ask for what it takes back."""
    return counts(order) if order.kind is RunKind.ROLLBACK else (*order.checks, *counts(order))


def at(moment: Moment, order: Order) -> tuple[Check, ...]:
    return tuple(check for check in of(order) if check.moment is moment)


def baseline(session: Asked, checks: Iterable[Check]) -> Baseline:
    """The answers to be compared with later; a check without an answer is left out."""
    answers = {check.name: _try(session, check) for check in checks if check.expect == UNCHANGED}
    return {name: answer for name, answer in answers.items() if isinstance(answer, Answer)}


def keep_baseline(session: Session) -> Baseline:
    """The baseline, written down in the target: an attempt that resumes the run compares with the first one's."""
    kept = kept_baseline(session)
    for name, answer in baseline(session, (check for check in of(session.order) if check.name not in kept)).items():
        session.connection.execute(KEEP, [session.order.run, name, answer.rows, answer.first, answer.digest])
    return kept_baseline(session)


def kept_baseline(session: Session) -> Baseline:
    rows = session.connection.execute(KEPT, [session.order.run])
    return {name: Answer(number, first, digest) for name, number, first, digest in rows}


def first_wrong(results: Iterable[CheckResult]) -> CheckResult | None:
    """Unknown is never good enough."""
    return next((result for result in results if result.verdict is not Verdict.PASSED), None)


def verify(session: Asked, checks: Iterable[Check], before: Baseline) -> tuple[CheckResult, ...]:
    """Works inside an open transaction too."""
    return tuple(_result(check, _try(session, check), before.get(check.name)) for check in checks)


def _try(session: Asked, check: Check) -> Answer | str:
    """The answer, or why there is none."""
    try:
        return _ask(session, check)
    except psycopg.Error as error:
        if session.connection.closed:
            raise
        return f"{error.diag.message_primary or error} ({error.sqlstate})"


def _ask(session: Asked, check: Check) -> Answer:
    # A savepoint when a transaction is open. Only a subtransaction's end takes read-only mode back, so it is always rolled back.
    with session.connection.transaction(force_rollback=True):
        session.connection.execute("SET LOCAL transaction_read_only = on")
        result = session.connection.execute(check.sql.encode()).pgresult
        assert result
        rows = [[result.get_value(row, column) for column in range(result.nfields)] for row in range(result.ntuples)]
    first = rows[0][0].decode() if rows and rows[0] and rows[0][0] is not None else None
    return Answer(len(rows), first, hashlib.sha256(repr(rows).encode()).hexdigest())


def _result(check: Check, answer: Answer | str, before: Answer | None) -> CheckResult:
    verdict, evidence = _judge(check.expect, answer, before)
    return CheckResult(check.name, check.question, check.moment, verdict, evidence)


def _judge(expect: str, answer: Answer | str, before: Answer | None) -> tuple[Verdict, str]:
    if isinstance(answer, str):
        return Verdict.UNKNOWN, answer
    if expect == UNCHANGED:
        return _compare(answer, before)
    if expect in ("no rows", "rows"):
        return _verdict((answer.rows > 0) == (expect == "rows")), f"{answer.rows:,} row{'' if answer.rows == 1 else 's'}"
    wanted = expect.removeprefix("value ")
    return _verdict(answer.first == wanted), f"{answer.first}" if answer.first == wanted else f"{answer.first} instead of {wanted}"


def _compare(answer: Answer, before: Answer | None) -> tuple[Verdict, str]:
    if before is None:
        return Verdict.UNKNOWN, f"{answer} now; the answer before the change is not known"
    differs = ", other content" if answer.digest != before.digest and str(answer) == str(before) else ""
    return _verdict(answer.digest == before.digest), f"{before} before, {answer} after{differs}"


def _verdict(holds: bool) -> Verdict:
    return Verdict.PASSED if holds else Verdict.FAILED
