"""Every value of every row, before and after, and of what differs: which rows, and whether it was this change that wrote them."""

import re
from dataclasses import dataclass, replace
from typing import Any

from governance.orders import Check, Moment, Order, ScriptKind, Statement, Verdict
from governance.validation.alignment import Differing, Row, align
from governance.validation.answers import Answer, Judgement, some
from governance.validation.hashing import checksum_query
from governance.validation.proposal import FREE_TO_ADD, FREE_TO_REMOVE
from governance.validation.shapes import Shape
from governance.validation.strength import of_checksum
from runner.engine.session import Session
from runner.engine.verify.asking import SHOWN, WITHHELD, Asked
from runner.engine.verify.chunks import Chunk, InMemory, Table, again, keys_of, split_hashes, store_of, sweep
from runner.engine.verify.shapes import read_shape
from runner.engine.verify.workers import readers

NUMBERS = frozenset({"int2", "int4", "int8", "uuid", "oid"})
# A row that a block with EXCEPTION writes carries the number of a subtransaction, which nobody can tell from somebody else's.
HIDING = frozenset({"DO", "CALL", "SELECT"})
REMOVING = re.compile(r"\b(DELETE|TRUNCATE|DROP\s+TABLE|DETACH|RENAME)\b", re.IGNORECASE)
OURS = """
SELECT (xid::text::numeric %% 4294967296)::bigint FROM lockgate.ledger WHERE run = ANY(%s) AND xid IS NOT NULL
"""
OURS_IN_BATCHES = """
SELECT (xid::text::numeric %% 4294967296)::bigint FROM lockgate.batch WHERE run = ANY(%s)
"""


def before(asked: Asked, check: Check) -> Answer:
    shape = read_shape(asked.connection, check.table).only(check.columns, check.without)
    store = store_of(asked, check.name)
    with readers(asked.connection) as shared:
        chunks = sweep(Table(shape, keys_of(asked.connection, shape)), shared, store)
    rows = sum(chunk.rows for chunk in chunks)
    total = sum(int(chunk.total) for chunk in chunks)
    detail: dict[str, Any] = {"columns": [column.name for column in shape.columns], "storage": shape.storage}
    if isinstance(store, InMemory):
        detail["store"] = store  # never written down
    return Answer(rows, str(total), str(total), detail=detail, sql=checksum_query(shape))


def after(asked: Asked, check: Check, kept: Answer | None) -> tuple[Judgement, str]:
    if kept is None:
        return Judgement(Verdict.UNKNOWN, "the checksum before the change is not known"), ""
    shape = read_shape(asked.connection, check.table)
    rewritten = shape.storage != kept.detail["storage"]
    shape = shape.only(kept.detail["columns"], ())
    store = kept.detail.get("store") or store_of(asked, check.name)
    table, found, ranges, chunks = Table(shape, keys_of(asked.connection, shape)), Differing(), [], store.kept()
    if sum(chunk.rows for chunk in chunks) != kept.rows:
        return Judgement(Verdict.UNKNOWN, "what was kept of the rows before the change was forgotten when another run began"), ""
    if check.moment is not Moment.MONITORING:  # which asks the same again and again
        chunks = [chunk for chunk in chunks if not chunk.agreed]
    with readers(asked.connection) as shared:
        for was, now in again(table, shared, chunks):
            if was.same(now):
                store.agree(was)
                continue
            ranges.append(was)
            if table.keys and (hashes := store.hashes(was)) is not None:
                found += align(split_hashes(hashes), table.rows(shared.leader, was))
    judged = _judge(asked, check, shape, found, ranges, rewritten, kept.rows)
    return judged, checksum_query(shape)


@dataclass(frozen=True, slots=True)
class _Blame:
    """Who wrote what differs."""

    ours: tuple[Row, ...]
    others: tuple[Row, ...]
    unclear: tuple[Row, ...]


def _judge(asked: Asked, check: Check, shape: Shape, found: Differing, ranges: list[Chunk], rewritten: bool, rows: int) -> Judgement:
    proof = of_checksum(rows)
    if not ranges:
        return Judgement(Verdict.PASSED, f"{some(rows, 'row')}, none differs", proof)
    if not found:
        return Judgement(Verdict.FAILED, _in_ranges(ranges, shape), proof)
    wrong = found
    if FREE_TO_ADD in check.detail:
        wrong = replace(wrong, added=())
    if FREE_TO_REMOVE in check.detail:
        wrong = replace(wrong, lost=())
    blame = _blame(asked, (*wrong.changed, *wrong.added), rewritten)
    shown = _keys(shape, [row.key for row in (*blame.ours, *blame.unclear)] + ([] if _excused(asked) else list(wrong.lost)))
    evidence = f"{some(rows, 'row')} before; {_counted(wrong)}"
    if blame.ours or (wrong.lost and not _excused(asked)):
        return Judgement(Verdict.FAILED, f"{evidence}, written by this change" if blame.ours else evidence, proof, shown)
    if blame.unclear:
        why = "the table was rewritten" if rewritten else "the change runs code that writes under numbers of its own"
        return Judgement(Verdict.UNKNOWN, f"{evidence}; {why}, so who wrote them cannot be told", proof, shown)
    said = f"{_counted(wrong)}, written by others meanwhile" if wrong else f"{_counted(found)}, as the change is free to"
    return Judgement(Verdict.PASSED, f"{some(rows, 'row')} before; {said}", proof)


def _blame(asked: Asked, rows: tuple[Row, ...], rewritten: bool) -> _Blame:
    if not isinstance(asked, Session):
        return _Blame(rows, (), ())  # nobody else is there in a rehearsal
    ours = _own_transactions(asked)
    mine = tuple(row for row in rows if row.writer in ours)
    theirs = tuple(row for row in rows if row.writer not in ours)
    if rewritten:
        return _Blame((), (), rows)
    return _Blame(mine, (), theirs) if _hides(asked.order) else _Blame(mine, theirs, ())


def _own_transactions(session: Session) -> frozenset[int]:
    runs = [session.order.run, *session.order.earlier]
    found = {number for (number,) in session.connection.execute(OURS, [runs])}
    if session.connection.execute("SELECT to_regclass('lockgate.batch')").fetchone() != (None,):
        found |= {number for (number,) in session.connection.execute(OURS_IN_BATCHES, [runs])}
    return frozenset(found)


def _excused(asked: Asked) -> bool:
    """Whether rows that are gone were removed by others: nothing in this change can have done it."""
    if not isinstance(asked, Session) or _hides(asked.order):
        return False
    return not any(REMOVING.search(f"{each.tag} {each.text}") for each in _statements(asked.order))


def _hides(order: Order) -> bool:
    return any(each.tag in HIDING for each in _statements(order))


def _statements(order: Order) -> list[Statement]:
    return [each for script in order.scripts(ScriptKind.FORWARD) for each in script.statements]


def _keys(shape: Shape, keys: list[str]) -> tuple[str, ...]:
    if not all(column.type in NUMBERS for column in shape.key_columns):
        return (WITHHELD,) if keys else ()
    return tuple(keys[:SHOWN])


def _counted(found: Differing) -> str:
    parts = (
        (len(found.changed), "differs", "differ"),
        (len(found.added), "was added", "were added"),
        (len(found.lost), "is gone", "are gone"),
    )
    return ", ".join(some(number, f"row {one}", f"rows {more}") for number, one, more in parts if number) or "no row differs"


def _in_ranges(ranges: list[Chunk], shape: Shape) -> str:
    if not shape.key:
        return "The table differs. It has no key, so the rows cannot be named."
    ends = [f"{', '.join(chunk.low or ['the first'])} to {', '.join(chunk.high or ['the last'])}" for chunk in ranges[:3]]
    numbers = all(column.type in NUMBERS for column in shape.key_columns)
    return f"Rows differ in {some(len(ranges), 'range')} of the key" + (f": {'; '.join(ends)}" if numbers else "")
