"""What would run: a phase's scripts as the values that digests are made of."""

from collections.abc import Iterable

from governance.digest import script_digest
from governance.models import Phase, Script
from governance.orders import CheckChoice, Limits, Manifest, ScriptKind
from governance.versions import read_script, version_key

ORDER = (ScriptKind.FORWARD, ScriptKind.ROLLBACK, ScriptKind.CHECK)


def manifest_of(rows: Iterable[Script], choices: Iterable[CheckChoice] = ()) -> Manifest:
    """As it is before a rehearsal has come to a verdict."""
    values = (read_script(row.name, row.text) for row in rows)
    scripts = tuple(sorted(values, key=lambda script: (ORDER.index(script.kind), version_key(script.version))))
    return Manifest(scripts, Limits(), "", tuple(sorted(choices, key=lambda choice: choice.name)))


def unrehearsed(phase: Phase) -> Manifest:
    return manifest_of(phase.scripts.all(), (CheckChoice(row.name, row.text, row.reason) for row in phase.check_choices.all()))


def content_digest(phase: Phase) -> str:
    """Of the scripts alone: what analyses and rehearsals are made for."""
    return script_digest(unrehearsed(phase))
