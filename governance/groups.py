"""Scripts that are applied together or not at all: one transaction for all of a group. Pure.

    -- lockgate: group=release-7

stands in the head of each of its forward scripts, and so in their digest. Their rollback scripts are a group too.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from governance.errors.inputs import BadGroup
from governance.orders import Script, ScriptKind

DIRECTIVE = re.compile(r"^--[ \t]*lockgate:[ \t]*group[ \t]*=[ \t]*(?P<name>[^\s]+)[ \t]*$", re.MULTILINE)


def names_of(scripts: Iterable[Script]) -> dict[str, str]:
    """The group of each version that belongs to one."""
    found = ((script.version, DIRECTIVE.search(script.text)) for script in scripts if script.kind is ScriptKind.FORWARD)
    return {version: match["name"] for version, match in found if match}


def units(scripts: Sequence[Script], names: Mapping[str, str]) -> tuple[tuple[Script, ...], ...]:
    """What is committed together: neighbours of one group, and every other script alone."""
    grouped = groupby(scripts, key=lambda script: names.get(script.version) or script.name)
    return tuple(tuple(each) for _, each in grouped)


def refuse_broken(scripts: Sequence[Script]) -> None:
    """`scripts`: all of a change.

    Raises:
        BadGroup: a group has another version between its own, or a statement that no transaction can hold.
    """
    names = names_of(scripts)
    for kind in (ScriptKind.FORWARD, ScriptKind.ROLLBACK):
        own = [script for script in scripts if script.kind is kind]
        for script in own:
            if script.version in names and not script.transactional:
                line = next(statement.line for statement in script.statements if not statement.transactional)
                raise BadGroup(names[script.version], f"{script.name}, line {line}: this statement cannot run inside a transaction")
        _refuse_gaps(own, names)


def _refuse_gaps(scripts: Sequence[Script], names: Mapping[str, str]) -> None:
    seen = [names[unit[0].version] for unit in units(scripts, names) if unit[0].version in names]
    apart = next((name for name in seen if seen.count(name) > 1), "")
    if apart:
        between = [script.name for script in scripts if names.get(script.version) != apart]
        raise BadGroup(apart, f"other scripts stand between its own ({', '.join(between)})")
