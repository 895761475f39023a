"""Who wrote the rows that differ: the change, others meanwhile, or nobody can tell."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Self

import psycopg

from governance.orders import Order, ScriptKind, Statement
from governance.validation.alignment import Row
from governance.validation.hiding import Function, begun_before, reached
from runner.engine.session import Session
from runner.engine.verify.asking import Asked

# These run code that nobody sees from here, and that may write under numbers of subtransactions.
HIDING = frozenset({"DO", "CALL", "SELECT"})
REMOVING = re.compile(r"\b(DELETE|TRUNCATE|DROP\s+TABLE|DETACH|RENAME)\b", re.IGNORECASE)
OURS = "SELECT (xid::text::numeric %% 4294967296)::bigint FROM lockgate.ledger WHERE run = ANY(%s) AND xid IS NOT NULL"
OURS_IN_BATCHES = "SELECT (xid::text::numeric %% 4294967296)::bigint FROM lockgate.batch WHERE run = ANY(%s)"
FUNCTIONS = """
SELECT proname::text, lanname::text, prosrc,
    EXISTS (SELECT FROM pg_trigger WHERE tgfoid = pg_proc.oid AND NOT tgisinternal AND tgenabled <> 'D')
FROM pg_proc JOIN pg_language ON pg_language.oid = prolang JOIN pg_namespace ON pg_namespace.oid = pronamespace
WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
"""


@dataclass(frozen=True, slots=True)
class Triggers:
    """What those of the whole database do: one on another table may write to this one too."""

    hide: bool  # who wrote a row
    remove: bool  # rows


def triggers_of(connection: psycopg.Connection) -> Triggers:
    functions = reached(Function(*row) for row in connection.execute(FUNCTIONS))
    return Triggers(any(each.hides for each in functions), any(REMOVING.search(each.source) for each in functions))


@dataclass(frozen=True, slots=True)
class Blame:
    ours: tuple[Row, ...]
    others: tuple[Row, ...] = ()
    unclear: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What can be known of the writers."""

    alone: bool  # nobody else is there, as in a rehearsal
    rewritten: bool  # the table, and so every row by us
    code: bool  # the change runs code that nobody sees
    triggers: Triggers
    removes: bool  # a statement of the change may remove rows
    ours: frozenset[int]  # numbers of the change's transactions

    @classmethod
    def of(cls, asked: Asked, rewritten: bool, before: Triggers) -> Self:
        if not isinstance(asked, Session):
            return cls(True, rewritten, False, before, True, frozenset())
        now, statements = triggers_of(asked.connection), _statements(asked.order)
        code = any(each.tag in HIDING for each in statements)
        removes = any(REMOVING.search(f"{each.tag} {each.text}") for each in statements)
        triggers = Triggers(before.hide or now.hide, before.remove or now.remove)
        return cls(False, rewritten, code, triggers, removes, _own_transactions(asked))

    @property
    def removes_nothing(self) -> bool:
        """Rows that are gone were removed by others."""
        return not (self.alone or self.code or self.removes or self.triggers.remove)

    @property
    def why_unclear(self) -> str:
        if self.rewritten:
            return "the table was rewritten"
        code = "the change runs code" if self.code else "a trigger runs code"
        return f"{code} that writes under numbers of its own"

    def blame(self, rows: tuple[Row, ...]) -> Blame:
        if self.alone:
            return Blame(rows)
        if self.rewritten:
            return Blame((), (), rows)
        mine, rest = _parted(rows, lambda row: row.writer in self.ours)
        unclear, theirs = _parted(rest, self._may_be_ours())
        return Blame(mine, theirs, unclear)

    def _may_be_ours(self) -> Callable[[Row], bool]:
        """A subtransaction has a later number than the transaction that it is a part of."""
        if self.code or not self.triggers.hide or not self.ours:
            return lambda row: self.code
        first = reduce(lambda one, other: one if begun_before(one, other) else other, self.ours)
        return lambda row: not begun_before(row.writer, first)


def _parted(rows: Iterable[Row], wanted: Callable[[Row], bool]) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    found, rest = list[Row](), list[Row]()
    for row in rows:
        (found if wanted(row) else rest).append(row)
    return tuple(found), tuple(rest)


def _own_transactions(session: Session) -> frozenset[int]:
    runs = [session.order.run, *session.order.earlier]
    found = {number for (number,) in session.connection.execute(OURS, [runs])}
    if session.connection.execute("SELECT to_regclass('lockgate.batch')").fetchone() != (None,):
        found |= {number for (number,) in session.connection.execute(OURS_IN_BATCHES, [runs])}
    return frozenset(found)


def _statements(order: Order) -> list[Statement]:
    return [each for script in order.scripts(ScriptKind.FORWARD) for each in script.statements]
