"""The checks of an order: which are asked when, and what each came to."""

import time
from collections.abc import Iterable

import psycopg

from governance.orders import Check, CheckResult, Moment, Order, RunKind, Severity, Verdict
from governance.validation.answers import Answer, Baseline, Judgement
from governance.validation.catalogue import Builtin
from governance.validation.expectation import NO_ROWS, compares, judge
from governance.validation.tables import QUERIES, query
from governance.validation.uses import make
from runner.engine.verify.asking import Asked, ask
from runner.engine.verify.deep import DEEP
from runner.engine.verify.shapes import read_shape

NOT_ANSWERED = "why"


def counts(order: Order) -> tuple[Check, ...]:
    """One check for each table whose rows have to stay as many as they are."""
    return tuple(make(Builtin.ROWS, table) for table in order.counted)


def of(order: Order) -> tuple[Check, ...]:
    """All checks of a run. A rollback answers for the rows only: the others ask for what it takes back."""
    return counts(order) if order.kind is RunKind.ROLLBACK else (*order.checks, *counts(order))


def at(moment: Moment, order: Order) -> tuple[Check, ...]:
    return tuple(check for check in of(order) if check.moment is moment)


def first_wrong(results: Iterable[CheckResult]) -> CheckResult | None:
    """Unknown is never good enough. A warning stops nothing."""
    return next((result for result in results if result.verdict is not Verdict.PASSED and result.severity is Severity.BLOCKING), None)


def baseline(asked: Asked, checks: Iterable[Check]) -> Baseline:
    """The answers to be compared with later, or why there are none."""
    return {check.name: _before(asked, check) for check in checks if compares(check.expect)}


def verify(asked: Asked, checks: Iterable[Check], before: Baseline) -> tuple[CheckResult, ...]:
    """Works inside an open transaction too, but for those that need sessions of their own."""
    return tuple(_result(asked, check, before.get(check.name)) for check in checks)


def _before(asked: Asked, check: Check) -> Answer:
    try:
        if deep := DEEP.get(check.builtin):
            return deep.before(asked, check)
        return _asked(asked, check, None)
    except (psycopg.Error, LookupError) as error:
        return Answer(0, None, "", detail={NOT_ANSWERED: _why(asked, error)})


def _result(asked: Asked, check: Check, before: Answer | None) -> CheckResult:
    began = time.monotonic()
    sql = ""
    try:
        if before and NOT_ANSWERED in before.detail:
            judgement = Judgement(Verdict.UNKNOWN, f"before the change: {before.detail[NOT_ANSWERED]}")
        elif deep := DEEP.get(check.builtin):
            judgement, sql = deep.after(asked, check, before)
        else:
            answer = _asked(asked, check, before)
            judgement, sql = judge(check, answer, before), answer.sql
    except (psycopg.Error, LookupError) as error:
        judgement, sql = Judgement(Verdict.UNKNOWN, _why(asked, error)), check.sql
    return CheckResult(
        name=check.name,
        question=check.question,
        moment=check.moment,
        verdict=judgement.verdict,
        evidence=judgement.evidence,
        severity=check.severity,
        strength=judgement.strength,
        sample=judgement.sample,
        seconds=time.monotonic() - began,
        sql=sql,
    )


def _asked(asked: Asked, check: Check, before: Answer | None) -> Answer:
    """A built-in check is asked afterwards as it was asked before, whatever columns the change has added."""
    sql = before.sql if before and before.sql else check.sql
    if not sql and check.builtin in QUERIES:
        sql = query(check, read_shape(asked.connection, check.table))
    return ask(asked.connection, sql, offending=check.expect == NO_ROWS)


def _why(asked: Asked, error: Exception) -> str:
    if asked.connection.closed:
        raise error
    if isinstance(error, psycopg.Error):
        return f"{error.diag.message_primary or error} ({error.sqlstate})"
    return str(error.args[0] if error.args else error)
