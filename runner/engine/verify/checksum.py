"""Every value of every row, before and after, and of what differs: which rows, and whether it was this change that wrote them."""

from dataclasses import asdict, replace
from typing import Any

from governance.orders import Check, Moment, Verdict
from governance.validation.alignment import Differing, align
from governance.validation.answers import Answer, Judgement, some
from governance.validation.hashing import checksum_query
from governance.validation.proposal import FREE_TO_ADD, FREE_TO_REMOVE
from governance.validation.shapes import Shape
from governance.validation.strength import of_checksum
from runner.engine.verify.asking import SHOWN, WITHHELD, Asked
from runner.engine.verify.blame import Known, Triggers, triggers_of
from runner.engine.verify.chunks import Chunk, InMemory, Table, bounds_of, keys_of, split_hashes, store_of
from runner.engine.verify.reading import Reading
from runner.engine.verify.shapes import NUMBERS, read_shape


def before(asked: Asked, check: Check) -> Answer:
    shape = read_shape(asked.connection, check.table).only(check.columns, check.without)
    store = store_of(asked, check.name)
    table = Table(shape, keys_of(asked.connection, shape), bounds_of(asked.connection, shape))
    chunks = Reading(asked, table).sweep(store)
    rows = sum(chunk.rows for chunk in chunks)
    total = sum(int(chunk.total) for chunk in chunks)
    detail: dict[str, Any] = {"columns": [column.name for column in shape.columns], "storage": shape.storage}
    detail["triggers"] = asdict(triggers_of(asked.connection))
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
    for shared, was, now in Reading(asked, table).again(chunks):
        if was.same(now):
            store.agree(was)
            continue
        ranges.append(was)
        if table.keys and (hashes := store.hashes(was)) is not None:
            found += align(split_hashes(hashes), table.rows(shared.leader, was))
    if ranges and not found:
        return Judgement(Verdict.FAILED, _in_ranges(ranges, shape), of_checksum(kept.rows)), checksum_query(shape)
    known = Known.of(asked, rewritten, Triggers(**kept.detail["triggers"]))
    return _judge(known, check, shape, found, kept.rows), checksum_query(shape)


def _judge(known: Known, check: Check, shape: Shape, found: Differing, rows: int) -> Judgement:
    proof, wrong = of_checksum(rows), found
    if not found:
        return Judgement(Verdict.PASSED, f"{some(rows, 'row')}, none differs", proof)
    if FREE_TO_ADD in check.detail:
        wrong = replace(wrong, added=())
    if FREE_TO_REMOVE in check.detail:
        wrong = replace(wrong, lost=())
    blame, lost = known.blame((*wrong.changed, *wrong.added)), () if known.removes_nothing else wrong.lost
    shown = _keys(shape, [row.key for row in (*blame.ours, *blame.unclear)] + list(lost))
    evidence = f"{some(rows, 'row')} before; {_counted(wrong)}"
    if blame.ours or lost:
        return Judgement(Verdict.FAILED, f"{evidence}, written by this change" if blame.ours else evidence, proof, shown)
    if blame.unclear:
        return Judgement(Verdict.UNKNOWN, f"{evidence}; {known.why_unclear}, so who wrote them cannot be told", proof, shown)
    said = f"{_counted(wrong)}, written by others meanwhile" if wrong else f"{_counted(found)}, as the change is free to"
    return Judgement(Verdict.PASSED, f"{some(rows, 'row')} before; {said}", proof)


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
