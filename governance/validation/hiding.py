"""Which trigger functions may write rows under transaction numbers of their own, so that nobody can tell whose rows they are.

A block of PL/pgSQL with EXCEPTION is a subtransaction: what it writes carries a number of its own. So does whatever is written through the
interfaces of languages that open one for each query, as those of Perl, Python and Tcl do.
https://www.postgresql.org/docs/current/plpgsql-control-structures.html#PLPGSQL-ERROR-TRAPPING
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

PLAIN = frozenset({"internal", "c", "sql"})  # which open none
CATCHES = re.compile(r"\bexception\s+when\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    language: str
    source: str
    triggers: bool = False  # an enabled trigger calls it

    @property
    def hides(self) -> bool:
        return self.language not in PLAIN and (self.language != "plpgsql" or bool(CATCHES.search(self.source)))

    def calls(self, other: "Function") -> bool:
        return bool(re.search(rf"\b{re.escape(other.name)}\b\"?\s*\(", self.source, re.IGNORECASE))


def begun_before(writer: int, other: int) -> bool:
    """Of two transactions' numbers, which go round after 32 bits."""
    return (writer - other) % 2**32 >= 2**31


def reached(functions: Iterable[Function]) -> tuple[Function, ...]:
    """Those that triggers call, directly or through others. One whose name is made when it is called is not seen."""
    functions = list(functions)
    found = [each for each in functions if each.triggers]
    left = [each for each in functions if not each.triggers]
    for caller in found:  # grows while it is gone through
        called = [each for each in left if caller.calls(each)]
        found += called
        left = [each for each in left if each not in called]
    return tuple(found)
