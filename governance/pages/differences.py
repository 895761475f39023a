"""What became of a change's scripts since a person knew them, as a unified diff."""

from datetime import datetime
from difflib import unified_diff
from typing import Any

from django.db.models import DateTimeField, OuterRef, Subquery, Value
from django.db.models.expressions import Combinable

from governance.models import Analysis, Phase, Script

LOOKS = {"+": "ins", "-": "del", "@": "place"}


def changed_since(moment: datetime, phase: Phase) -> list[dict[str, Any]]:
    """Only of scripts whose text was another then: name, lines (each look and text), and how many lines differ."""
    return _changed_since(Value(moment, output_field=DateTimeField()), phase)


def since_last_analysis(phase: Phase, content: str) -> list[dict[str, Any]]:
    """`content`: digest of the scripts as they are. Nothing where they were never analysed as something else."""
    earlier = Analysis.objects.filter(phase=phase).exclude(digest=content).order_by("-at")
    return _changed_since(Subquery(earlier.values("at")[:1]), phase)


def _changed_since(moment: Combinable, phase: Phase) -> list[dict[str, Any]]:
    then = Script.history.filter(id=OuterRef("pk"), history_date__lte=moment).order_by("-history_date")
    scripts = Script.objects.filter(phase=phase).annotate(known=Subquery(then.values("text")[:1]), moment=moment)
    return [_diff(script, script.known or "") for script in scripts if script.moment and script.known != script.text]


def _diff(script: Script, before: str) -> dict[str, Any]:
    lines = list(unified_diff(before.splitlines(), script.text.splitlines(), lineterm="", n=2))[2:]
    shown = [{"look": LOOKS.get(line[:1], ""), "text": line} for line in lines]
    return {"name": script.name, "lines": shown, "count": sum(line["look"] in ("ins", "del") for line in shown)}
