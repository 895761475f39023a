"""How values are spread over rows, after the target's statistics: shares and frequencies, never a value.

https://www.postgresql.org/docs/current/view-pg-stats.html: most_common_vals and histogram_bounds hold values, and are not read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

import psycopg

NULL = "\\N"
POOL = 8192  # values from which rows are sampled
USUAL_NULLS = 0.1

_STATISTICS = """
SELECT schemaname || '.' || tablename || '.' || attname, null_frac, n_distinct, most_common_freqs
FROM pg_stats WHERE NOT inherited AND schemaname !~ '^pg_' AND schemaname <> 'information_schema'
"""
_ROWS = """
SELECT n.nspname || '.' || c.relname, greatest(c.reltuples, 0)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
"""


@dataclass(frozen=True, slots=True)
class Shape:
    nulls: float = USUAL_NULLS
    distinct: float = 0.0  # a number of values; below 0 the share of rows, negated; 0 when unknown
    frequencies: tuple[float, ...] = ()  # shares of the most frequent values, whichever they are

    def values(self, rows: int) -> int | None:
        if not self.distinct:
            return None
        return max(1, round(self.distinct if self.distinct > 0 else -self.distinct * rows))


@dataclass(frozen=True, slots=True)
class Shapes:
    columns: Mapping[str, Shape]  # by schema.table.column
    rows: Mapping[str, int]  # by schema.table, as the planner of the source believes

    def of(self, table: str, column: str) -> Shape:
        return self.columns.get(f"{table}.{column}", Shape())


UNKNOWN = Shapes({}, {})


def read_shapes(source: psycopg.Connection) -> Shapes:
    columns = {
        name: Shape(float(nulls), float(distinct), tuple(float(share) for share in frequencies or ()))
        for name, nulls, distinct, frequencies in source.execute(_STATISTICS).fetchall()
    }
    return Shapes(columns, dict(source.execute(_ROWS).fetchall()))


def pool(values: Sequence[str], shape: Shape, rows: int, random: Random, *, nullable: bool) -> list[str]:
    """Values as often as the shape says, to be sampled evenly."""
    distinct = shape.values(rows)
    chosen = random.sample(values, min(len(values), distinct)) if distinct else list(values)
    size = min(POOL, max(2 * rows, 64))
    common = list(shape.frequencies[: len(chosen)])
    rest = max(0.0, 1.0 - shape.nulls - sum(common))
    others = len(chosen) - len(common)
    weights = common + ([rest / others] * others if others else [])
    found = random.choices(chosen, cum_weights=list(accumulate(weights)), k=size) if sum(weights) > 0 else random.choices(chosen, k=size)
    empty = round(size * shape.nulls) if nullable else 0
    found[:empty] = [NULL] * empty
    random.shuffle(found)
    return found
