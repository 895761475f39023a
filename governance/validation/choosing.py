"""The checks of a change: those of its check files, those that its analysis proposes, and what people added or took out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from governance.facts import Facts
from governance.orders import Check, Manifest, ScriptKind
from governance.validation.catalogue import Builtin
from governance.validation.files import parse_checks
from governance.validation.proposal import propose


class Origin(StrEnum):
    FILE = "file"
    PROPOSED = "proposed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Listed:
    check: Check
    origin: Origin
    why: str  # where it comes from: a file's name, what the analysis found, or the reason of whoever added it
    taken_out: str = ""  # the reason


def listed(manifest: Manifest, report: Mapping[str, Any] | None, facts: Facts | None = None) -> tuple[Listed, ...]:
    """Of one name the author's comes before the catalogue's. `report`: None before there is an analysis."""
    forward = [script for script in manifest.scripts if script.kind is ScriptKind.FORWARD]
    out = {choice.name: choice.reason for choice in manifest.choices if not choice.text}
    found: list[Listed] = [Listed(check, Origin.FILE, script) for script, check in _of_files(manifest)]
    for choice in manifest.choices:
        if choice.text:
            found += [Listed(check, Origin.ADDED, choice.reason) for check in parse_checks(choice.name, choice.text)]
    for proposal in propose(forward, report, facts) if report else ():
        found.append(Listed(proposal.check, Origin.PROPOSED, proposal.why, out.get(proposal.check.name, "")))
    return tuple({each.check.name: each for each in reversed(found)}.values())[::-1]


def chosen(everything: Iterable[Listed]) -> tuple[Check, ...]:
    return tuple(each.check for each in everything if not each.taken_out)


def rehearsable(manifest: Manifest) -> tuple[Check, ...]:
    """Those that its author and others wrote, but for what only a target with its service and its batches can answer."""
    return tuple(check for check in chosen(listed(manifest, None)) if check.builtin not in (Builtin.HTTP, Builtin.BATCHES))


def _of_files(manifest: Manifest) -> Iterable[tuple[str, Check]]:
    for script in manifest.scripts:
        if script.kind is ScriptKind.CHECK:
            yield from ((script.name, check) for check in parse_checks(script.name, script.text))
