"""A change and a run as the pages are given them."""

from datetime import UTC, datetime
from typing import Any

AT = datetime(2026, 11, 28, 10, 12, tzinfo=UTC)
NAMES = ("Requirement", "Impact analysis", "Design")


def act(name: str, **values: Any) -> dict[str, Any]:
    usual = {"name": name, "label": name.capitalize(), "url": f"/act/{name}/", "primary": False, "danger": False}
    return usual | {"enabled": True, "why": "", "reason": False} | values


def finding() -> dict[str, Any]:
    return {
        "level": "blocking",
        "message": "Blocks every write",
        "why": "It takes a SHARE lock.",
        "safe_form": "CREATE INDEX CONCURRENTLY",
        "code": "index",
    }


def phase(**values: Any) -> dict[str, Any]:
    run = {"url": "/run/1/", "kind": "dry_run", "status": "failed_clean", "started_at": AT, "seconds": 131.0}
    usual = {
        "pk": 1,
        "kind": "expand",
        "title": "Expand",
        "current": True,
        "url": "/phase/1/",
        "stage_number": 2,
        "stages": [{"number": number, "name": name, "state": "todo", "title": "not reached"} for number, name in enumerate(NAMES, 1)],
        "note": {"level": "warn", "text": "The dry run is stale."},
        "missing": [{"state": "missing", "text": "No blocking finding", "detail": "1 open", "url": ""}],
        "acts": [act("analyse", primary=True), act("reject", reason=True), act("book", enabled=False, why="Nothing is approved yet.")],
        "scripts": [
            {
                "kind": "forward",
                "name": "V1__a.sql",
                "category": "structural",
                "checksum": 7,
                "lines": [{"number": 1, "text": "CREATE INDEX a", "findings": [finding()], "hit": "bad"}],
            }
        ],
        "approvals": [
            {
                "kind": "technical",
                "decision": "approved",
                "person": "Rahul",
                "at": AT,
                "digest": "9f3c71e0d42b88",
                "void": True,
                "why": "edited",
            }
        ],
        "rehearsals": [{"url": "", "verdict": "failed", "seconds": 2.5, "message": "", "difference": "column a is missing", "at": AT}],
        "deployments": [
            {"target": "shop", "environment": "production", "booked": {"starts": AT, "ends": AT}, "status": "scheduled", "runs": [run]}
        ],
        "checks": {
            "asked": [
                {"name": "rows kept", "why": "No row may be lost.", "question": "completeness", "moment": "after", "expect": "no rows"}
            ]
        },
        "tables": [{"name": "bids", "lock": "SHARE", "detail": "18 million rows", "state": "blocking"}],
        "versions": "1.0.0 → 1.1.0",
    }
    return usual | values


def change(**values: Any) -> dict[str, Any]:
    usual = {
        "pk": 12,
        "number": "CHG-12",
        "title": "Bids get pricing models",
        "sentence": "Nothing is removed.",
        "author": "Tomasz",
        "risk": {"level": "medium", "word": "Medium risk", "reasons": ["Every bid is written twice"]},
        "change_class": "Structural",
        "status": {"state": "open", "word": "Open"},
        "open": True,
        "phases": [phase()],
        "specification": [{"title": "Purpose", "text": "One total hides both parts."}],
        "facts": [{"name": "Data class", "value": "internal"}],
        "requires": [{"title": "CHG-9", "url": "/9/", "state": "done"}],
        "history": [{"at": AT, "actor": "Runner", "text": "refused to start", "refused": True}],
        "tabs": [{"name": "Scripts", "url": "?tab=scripts", "current": True, "count": 1}],
        "tab": "scripts",
    }
    return usual | values


def run(**values: Any) -> dict[str, Any]:
    step = {
        "position": 1,
        "state": "now",
        "glyph": "",
        "statement": "UPDATE bids",
        "script": "V1__a.sql",
        "seconds": 131.0,
        "attempts": 3,
        "note": "waited",
    }
    usual = {
        "title": "Bids get pricing models",
        "status": {"slug": "running", "word": "Running", "glyph": "", "kind": "run"},
        "target": "shop",
        "environment": "production",
        "kind": "Deployment",
        "actor": "Ingrid",
        "started_at": AT,
        "finished_at": None,
        "seconds": 131.0,
        "progress_percent": 50,
        "steps_done": 1,
        "steps_total": 2,
        "longest_wait": 0.12,
        "lock_limit": 0.3,
        "message": "",
        "steps": [step],
        "checks": [],
        "acts": [act("pause"), act("stop", reason=True)],
        "live": True,
        "polls": True,
        "poll_url": "/run/1/body/",
        "digest": "9f3c71e0d42b88",
        "applied": [],
        "spec": {"title": "CHG-12", "url": "/12/"},
    }
    return usual | values
