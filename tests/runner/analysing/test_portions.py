"""Files are read some at a time, by their size."""

import pytest

from runner.analysing.report import PORTION, reports
from runner.analysing.sources import Source


@pytest.mark.parametrize("length", [0, PORTION // 3, PORTION + 1])
def test_files_of_any_size_are_judged_and_told_in_the_order_in_which_they_came(length):
    tables = [f"t{number}" for number in range(7)]
    found = [Source(f"{table}.sql", f"-- {'x' * length}\nDROP TABLE {table};".encode()) for table in reversed(tables)]

    told = reports(found, None, guarded=False)

    assert [report.path for report in told] == [source.path for source in found]
    assert [report.statements[0].report.statement for report in told] == [f"DROP TABLE {table}" for table in reversed(tables)]
