"""What the triggers and rules of a target do, out of the definitions of the functions that they call."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from governance.analysis.catalogue import Catalogue
from governance.analysis.routines import Doing, Routines, called_in, rule_doing
from governance.facts import Facts, FunctionFacts, TableFacts

Rows = Callable[..., list[dict[str, Any]]]  # of a reading, with its parameters
Definitions = dict[str, list[str]]  # of all functions of one name


def with_doings(facts: Facts, rows: Rows) -> Facts:
    catalogue = Catalogue.of(facts)
    triggers = _definitions(rows("routine", names=None))
    routines = Routines(_with_called(triggers, facts, rows), _steady(facts), catalogue)
    doings = {name: routines.doing(name) if all(texts) else Doing(opaque=True) for name, texts in triggers.items()}
    rules = {(row["on"], row["name"]): rule_doing(row["definition"], catalogue) for row in rows("rule")}
    return replace(
        facts,
        functions=tuple(_function(found, doings) for found in facts.functions),
        tables=tuple(_table(table, rules) for table in facts.tables) if rules else facts.tables,
    )


def _definitions(rows: list[dict[str, Any]]) -> Definitions:
    found: Definitions = defaultdict(list)
    for row in rows:
        found[row["name"]].append(row["definition"] or "")
    return dict(found)


def _with_called(triggers: Definitions, facts: Facts, rows: Rows) -> Mapping[str, Sequence[str]]:
    """And those that they call, and so on; of which only such are wanted that may write."""
    writing = {found.name.rpartition(".")[2] for found in facts.functions if found.volatility == "v"}
    found, wanted = dict(triggers), _called(triggers) & writing
    while wanted:
        new = {name: texts for name, texts in _definitions(rows("routine", names=sorted(wanted))).items() if name not in found}
        found |= new
        wanted = _called(new) & writing
    return {name: texts for name, texts in found.items() if all(texts)}


def _called(definitions: Definitions) -> frozenset[str]:
    return called_in(text for texts in definitions.values() for text in texts)


def _steady(facts: Facts) -> frozenset[str]:
    return frozenset(found.name.rpartition(".")[2] for found in facts.functions if found.volatility != "v")


def _function(found: FunctionFacts, doings: Mapping[str, Doing]) -> FunctionFacts:
    doing = doings.get(found.name)
    return replace(found, uses=doing.uses, opaque=doing.opaque) if doing else found


def _table(table: TableFacts, rules: Mapping[tuple[str, str], Doing]) -> TableFacts:
    if all(found.kind != "rule" for found in table.dependants):
        return table
    dependants = (
        replace(found, uses=rules[found.on, found.name].uses) if (found.on, found.name) in rules and found.kind == "rule" else found
        for found in table.dependants
    )
    return replace(table, dependants=tuple(dependants))
