"""How the values of some columns lie, before and after, in the bins that fitted them before."""

from typing import Any

from governance.orders import Check, Verdict
from governance.validation.answers import Answer, Judgement, some
from governance.validation.distribution import LARGE, NULL, OTHER, movement
from governance.validation.shapes import Shape, ShapeColumn, identifier, literal
from governance.validation.tables import ORDERED
from runner.engine.verify.asking import Asked
from runner.engine.verify.shapes import read_shape
from runner.engine.verify.workers import readers

BINS = 20
PROOF = (
    "A hint, never a proof: the index is the sum of (q - p) ln(q / p) over {bins} bins, from shares of {before:,} rows before and "
    "{after:,} after; below 0.1 is called none, below 0.25 small, whatever the number of rows."
)


def before(asked: Asked, check: Check) -> Answer:
    shape = read_shape(asked.connection, check.table).only(check.columns, ())
    with readers(asked.connection, 1) as shared, shared.one() as connection:
        found: dict[str, dict[str, Any]] = {}
        for name in check.columns:
            bounds = [each for (each,) in connection.execute(_bounds(shape, shape.column(name)).encode())]
            bins = dict(connection.execute(_counted(shape, shape.column(name), bounds).encode()).fetchall())
            found[name] = {"bounds": bounds, "bins": bins}
    return Answer(
        len(found), None, "", detail=found, sql="\n".join(_counted(shape, shape.column(name), found[name]["bounds"]) for name in found)
    )


def after(asked: Asked, check: Check, kept: Answer | None) -> tuple[Judgement, str]:
    if kept is None:
        return Judgement(Verdict.UNKNOWN, "the distribution before the change is not known"), ""
    shape = read_shape(asked.connection, check.table).only(check.columns, ())
    told, worst, proof = [], 0.0, ""
    with readers(asked.connection, 1) as shared, shared.one() as connection:
        for name, was in kept.detail.items():
            now = dict(connection.execute(_counted(shape, shape.column(name), was["bounds"]).encode()).fetchall())
            moved = movement(was["bins"], now)
            worst = max(worst, moved.index)
            told.append(
                f"{name}: effect {moved.size} (index {moved.index:.3f}), {moved.moved:.2%} of the rows moved"
                + (f", most at {moved.bin}" if moved.moved else "")
            )
            proof = PROOF.format(bins=len({*was["bins"], *now}), before=moved.before, after=moved.after)
    verdict = Verdict.FAILED if worst >= LARGE else Verdict.PASSED
    return Judgement(verdict, f"{some(len(told), 'column')}. {'; '.join(told)}", proof), kept.sql


def _bounds(shape: Shape, column: ShapeColumn) -> str:
    """Of numbers and times the ends of equally full bins; of anything else the most frequent values, hashed: they may be personal."""
    name = identifier(column.name)
    if column.type in ORDERED:
        shares = ", ".join(f"{place / BINS:.4f}" for place in range(1, BINS))
        found = f"SELECT unnest(percentile_disc(ARRAY[{shares}]) WITHIN GROUP (ORDER BY {name}))::text AS bound FROM {shape.sql}"
        return f"SELECT DISTINCT bound FROM ({found}) AS found WHERE bound IS NOT NULL"
    return f"SELECT md5({name}::text) FROM {shape.sql} WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {BINS}"


def _counted(shape: Shape, column: ShapeColumn, bounds: list[str]) -> str:
    name, listed = identifier(column.name), ", ".join(map(literal, bounds))
    if column.type in ORDERED:
        ordered = f"(SELECT array_agg(bound ORDER BY bound) FROM unnest(ARRAY[{listed}]::{column.type}[]) AS bound)"
        bin_ = f"'bin ' || width_bucket({name}::{column.type}, {ordered})" if bounds else literal(OTHER)
    else:
        known = f"md5({name}::text) = ANY(ARRAY[{listed}]::text[])"
        bin_ = f"CASE WHEN {known} THEN 'value ' || left(md5({name}::text), 8) ELSE {literal(OTHER)} END"
    return f"SELECT CASE WHEN {name} IS NULL THEN {literal(NULL)} ELSE {bin_} END, count(*) FROM {shape.sql} GROUP BY 1"
