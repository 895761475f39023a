"""All rules, in the order in which their findings are listed for one statement."""

from collections import defaultdict
from collections.abc import Mapping

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
ALWAYS = ""


def _numbers_by_word(kind: ScriptKind) -> Mapping[str, set[int]]:
    found = defaultdict(set)
    for number, rule in enumerate(RULES):
        for word in rule.on or (ALWAYS,):
            if kind in rule.kinds:
                found[word].add(number)
    return dict(found)


NUMBERS = {kind: _numbers_by_word(kind) for kind in (ScriptKind.FORWARD, ScriptKind.ROLLBACK)}


def rules_for(read: Read, kind: ScriptKind) -> list[Rule]:
    """Those that may have something to say."""
    numbers = NUMBERS[kind]
    asked = numbers[ALWAYS].union(*[numbers[word] for word in read.vocabulary if word in numbers])
    return [RULES[number] for number in sorted(asked)]
