"""What a change's evidence is loaded by, when the threads of a web server do it at once."""

import pytest

from governance import case
from tests.governance.claiming import at_the_same_moment

THREADS = 4


@pytest.mark.parametrize(("describe", "name"), [(case.phases, "clients"), (case._runs, "answers")])
def test_no_two_threads_make_sql_of_the_same_queries(db, describe, name):
    """While it is made the queries within are written to: a page of another thread would name tables that are not in its own."""
    describe()  # kept by now

    queries = at_the_same_moment(THREADS, lambda _: describe().query.annotations[name].query)

    assert len(set(map(id, queries))) == THREADS
