"""All rules, in the order in which their findings are listed for one statement."""

from governance.analysis.rule import Rule
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

ROOMS = (indexes, nulls, columns, constraints, tables, objects, uses, transactions, changes, data, security, scripts, styles)
RULES: tuple[Rule, ...] = tuple(found for room in ROOMS for found in vars(room).values() if isinstance(found, Rule))
