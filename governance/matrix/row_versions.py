"""A version column for tables whose rows have to be told apart by the form they are in, and the check that they are where code expects.

The column has a constant default, so adding it and raising the version of new rows rewrites nothing; old rows are raised by an UPDATE of
the author's, in batches, and the check counts those that are left behind.
https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

import re
from dataclasses import dataclass

from governance.errors import BadInput
from governance.orders import Check, Moment, Question

COLUMN = "row_version"
TABLE = re.compile(r"[a-z_][a-z0-9_$]*\.[a-z_][a-z0-9_$]*")
LAST = 2**15 - 1  # of a smallint


@dataclass(frozen=True, slots=True)
class VersionColumn:
    """`oldest` to `newest`: the forms that the code which is deployed now understands."""

    table: str  # "public.bids"
    newest: int
    oldest: int = 0  # 0: the newest alone
    column: str = COLUMN

    def __post_init__(self) -> None:
        if not TABLE.fullmatch(self.table):
            raise BadInput(f"“{self.table}” is not a schema and a table. Write for example public.bids.")
        if not 1 <= (self.oldest or self.newest) <= self.newest <= LAST:
            raise BadInput(f"Row versions go from 1 to {LAST}, and the oldest is not newer than the newest.")

    @property
    def forward(self) -> str:
        """The first version adds the column; a later one is what new rows get from then on."""
        if self.newest == 1:
            return f"ALTER TABLE {self.table} ADD COLUMN {self.column} smallint NOT NULL DEFAULT 1;\n"
        return f"ALTER TABLE {self.table} ALTER COLUMN {self.column} SET DEFAULT {self.newest};\n"

    @property
    def rollback(self) -> str:
        if self.newest == 1:
            return f"ALTER TABLE {self.table} DROP COLUMN {self.column};\n"
        return f"ALTER TABLE {self.table} ALTER COLUMN {self.column} SET DEFAULT {self.newest - 1};\n"

    @property
    def check(self) -> Check:
        """That no row is in a form that the code does not understand."""
        return Check(f"rows of {self.table} are at {self.expected}", Question.COMPLETENESS, Moment.AFTER, self._query, "no rows")

    @property
    def expected(self) -> str:
        oldest = self.oldest or self.newest
        return f"version {self.newest}" if oldest == self.newest else f"versions {oldest} to {self.newest}"

    @property
    def _query(self) -> str:
        """What stands elsewhere, and how often."""
        oldest = self.oldest or self.newest
        outside = f"{self.column} NOT BETWEEN {oldest} AND {self.newest}"
        return f"SELECT {self.column}, count(*) FROM {self.table} WHERE {outside} OR {self.column} IS NULL GROUP BY {self.column}"

    @property
    def check_script(self) -> str:
        check = self.check
        return f"-- check: {check.name}\n-- question: {check.question}\n-- expect: {check.expect}\n{check.sql};\n"
