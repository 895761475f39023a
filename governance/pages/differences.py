"""What became of a change's scripts since a person knew them, as a unified diff."""

from collections.abc import Iterable
from difflib import unified_diff
from typing import Any

from governance.models import Script

LOOKS = {"+": "ins", "-": "del", "@": "place"}


def since_known(scripts: Iterable[Script]) -> list[dict[str, Any]]:
    """Only of scripts whose text is another than their `known`: name, lines (each look and text), and how many lines differ."""
    return [_diff(script, script.known or "") for script in scripts if script.known != script.text]  # type: ignore[attr-defined]


def _diff(script: Script, before: str) -> dict[str, Any]:
    lines = list(unified_diff(before.splitlines(), script.text.splitlines(), lineterm="", n=2))[2:]
    shown = [{"look": LOOKS.get(line[:1], ""), "text": line} for line in lines]
    return {"name": script.name, "lines": shown, "count": sum(line["look"] in ("ins", "del") for line in shown)}
