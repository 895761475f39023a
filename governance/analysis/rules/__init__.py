"""All rules, in the order in which their findings are listed for one statement."""

from functools import lru_cache

from governance.analysis.rule import Read, Rule
from governance.analysis.rules import (
    changes,
    columns,
    constraints,
    data,
    indexes,
    nulls,
    objects,
    scripts,
    security,
    styles,
    tables,
    transactions,
    uses,
)
from governance.orders import ScriptKind

ROOMS = (indexes, nulls, columns, constraints, tables, objects, uses, transactions, changes, data, security, scripts, styles)
RULES: tuple[Rule, ...] = tuple(found for room in ROOMS for found in vars(room).values() if isinstance(found, Rule))


def rules_for(read: Read, kind: ScriptKind) -> tuple[Rule, ...]:
    """Those that may have something to say."""
    return _rules(read.vocabulary, kind) if read.scripts else ()


@lru_cache(maxsize=1024)  # scripts of a folder have much in common
def _rules(vocabulary: frozenset[str], kind: ScriptKind) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES if kind in rule.kinds and (not rule.on or not rule.on.isdisjoint(vocabulary)))
