"""What a change still needs: `manage.py missing CHG-12`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance import lifecycle
from governance.compatibility.names import UnknownChange
from governance.deployability import phase_named
from governance.dossier import gather
from governance.lifecycle import Evidence, PhaseStatus, Stage
from governance.models import Phase

MARKS = {"done": "✓", "missing": "✗", "stale": "~"}


class Command(BaseCommand):
    help = "Prints what a change's stage needs, done, missing or stale. Ends with 0 when nothing is missing, else with 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("change", help="Its number, for example CHG-12.")
        parser.add_argument("--phase", default="", help="By name; without it the first that is open.")
        parser.add_argument("--all", action="store_true", help="All thirteen stages.")
        parser.add_argument("--json", action="store_true", help="For programs.")

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            phase = phase_named(given["change"], given["phase"])
        except UnknownChange as refusal:
            raise CommandError(refusal.message, returncode=2) from refusal
        found = lifecycle.evidence_of_all(gather(phase))
        shown = found if given["all"] else {phase.at: found[phase.at]}
        self.stdout.write(_as_json(phase, shown) if given["json"] else _as_text(phase, shown))
        if phase.status == PhaseStatus.OPEN and any(piece.lacking for piece in found[phase.at]):
            raise SystemExit(1)


def _as_text(phase: Phase, found: dict[Stage, tuple[Evidence, ...]] | Any) -> str:
    lines = [f"{phase.spec.number} {phase}: stage {phase.stage} of {len(Stage)}, {phase.status}"]
    for stage, pieces in found.items():
        lines += ["", f"{stage.value:>2} {stage.title}"] + [_line(piece) for piece in pieces]
    return "\n".join(lines)


def _line(piece: Evidence) -> str:
    detail = f"skipped by {piece.skipped}" if piece.skipped else piece.detail
    return f"   {MARKS[piece.state]} {piece.text}: {piece.state}{f' ({detail})' if detail else ''}"


def _as_json(phase: Phase, found: Any) -> str:
    stages = [
        {
            "stage": stage.value,
            "title": stage.title,
            "evidence": [{"text": each.text, "state": each.state, "detail": each.detail, "skipped": each.skipped} for each in pieces],
        }
        for stage, pieces in found.items()
    ]
    return json.dumps({"change": phase.spec.number, "phase": phase.name, "stage": phase.stage, "status": phase.status, "stages": stages})
