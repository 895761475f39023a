"""Whether two tables hold the same rows: sums of hashes by ranges of the key, each range that differs cut until its rows can be named."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from governance.orders import Check, Verdict
from governance.validation.alignment import Differing, by_key
from governance.validation.answers import Answer, Judgement, some
from governance.validation.hashing import checksum_query
from governance.validation.shapes import Shape
from governance.validation.strength import of_checksum
from runner.engine.keys import Key
from runner.engine.verify.asking import SHOWN, WITHHELD, Asked
from runner.engine.verify.chunks import Chunk, Table, keys_of
from runner.engine.verify.shapes import NUMBERS, read_shape
from runner.engine.verify.workers import NUMBER, Readers, readers

WIDE = 250_000  # rows in a range at first
NARROW = 20_000  # rows whose hashes are fetched
PARTS = 16


@dataclass(frozen=True, slots=True)
class Compared:
    rows: tuple[int, int]
    found: Differing

    @property
    def wrong(self) -> int:
        return len(self.found.changed) + len(self.found.added) + len(self.found.lost)


def before(_asked: Asked, _check: Check) -> Answer:
    return Answer(0, None, "")


def after(asked: Asked, check: Check, _kept: Answer | None) -> tuple[Judgement, str]:
    one, other = read_shape(asked.connection, check.table), read_shape(asked.connection, check.detail)
    columns = [
        column.name for column in one.columns if column.name not in check.without and column.name in {each.name for each in other.columns}
    ]
    one, other = one.only(columns, ()), other.only(columns, ())
    with readers(asked.connection) as shared:
        compared = compare(shared, shared, one, other)
    sql = f"{checksum_query(one)}\nUNION ALL\n{checksum_query(other)}"
    proof = of_checksum(compared.rows[0])
    if not compared.wrong:
        return Judgement(Verdict.PASSED, f"{some(compared.rows[0], 'row')} in both, none differs", proof), sql
    found = compared.found
    keys = [row.key for row in (*found.changed, *found.added)] + list(found.lost)
    shown = tuple(keys[:SHOWN]) if all(column.type in NUMBERS for column in one.key_columns) else (WITHHELD,)
    evidence = (
        f"{some(compared.rows[0], 'row')} in {one.table}, {compared.rows[1]:,} in {other.table}: {len(found.changed):,} differ, "
        f"{len(found.lost):,} only in {one.table}, {len(found.added):,} only in {other.table}"
    )
    return Judgement(Verdict.FAILED, evidence, proof, shown), sql


def compare(ours: Readers, theirs: Readers, one: Shape, other: Shape) -> Compared:
    """Of the same columns under the same names; the tables may be in two databases of one server's version.

    Raises:
        LookupError: the rows of one cannot be told apart.
    """
    for shape in (one, other):
        if not shape.key:
            raise LookupError(f"{shape.table} has no unique key whose columns are all NOT NULL")
    left, right = _table(ours, one), _table(theirs, other)
    counted, found = [0, 0], Differing()
    with ThreadPoolExecutor(NUMBER) as pool:
        for both in pool.map(lambda chunk: _read(ours, theirs, left, right, chunk), _ranges(left, ours, None, None, WIDE)):
            was, now = both
            counted = [counted[0] + was.rows, counted[1] + now.rows]
            if not was.same(now):
                found += _narrowed(ours, theirs, left, right, was, now)
    return Compared((counted[0], counted[1]), found)


def _table(shared: Readers, shape: Shape) -> Table:
    return Table(shape, keys_of(shared.leader, shape))


def _ranges(table: Table, shared: Readers, low: Key | None, high: Key | None, size: int) -> Iterator[Chunk]:
    assert table.keys
    while (end := table.keys.nth(shared.leader, size, low, high)) and end != high:
        yield Chunk(0, low, end)
        low = end
    yield Chunk(0, low, high)


def _read(ours: Readers, theirs: Readers, left: Table, right: Table, chunk: Chunk) -> tuple[Chunk, Chunk]:
    with ours.one() as connection:
        was = left.read(connection, chunk, located=False)
    with theirs.one() as connection:
        return was, right.read(connection, chunk, located=False)


def _narrowed(ours: Readers, theirs: Readers, left: Table, right: Table, was: Chunk, now: Chunk) -> Differing:
    """Depth first, so that at most the rows of one narrow range are held at a time."""
    rows = max(was.rows, now.rows)
    cut = (left, ours) if was.rows >= now.rows else (right, theirs)
    parts = list(_ranges(*cut, was.low, was.high, max(NARROW // 2, rows // PARTS))) if rows > NARROW else []
    if len(parts) < 2:
        return by_key(left.rows(ours.leader, was), right.rows(theirs.leader, was))
    found = Differing()
    for part in parts:
        old, new = _read(ours, theirs, left, right, part)
        if not old.same(new):
            found += _narrowed(ours, theirs, left, right, old, new)
    return found
