"""What was changed in targets past the portal, and two schemas side by side."""

from typing import Any

from django.urls import reverse

from governance.drifts import revert_script
from governance.errors import NotReady
from governance.models import Drift, DriftState, SchemaSnapshot
from governance.pages.values import address_of, person_name
from governance.schema.alteration import alter
from governance.schema.diff import compare
from governance.schema.model import Schema

SHOWN, OFFERED = 200, 60


def drift_page(drift: Drift, *, may_accept: bool, may_link: bool) -> dict[str, Any]:
    is_open = drift.state == DriftState.OPEN
    return {
        "drift": drift,
        "target_url": reverse("admin:schema_target", args=[drift.target.name]),
        "open": is_open,
        "word": drift.get_state_display(),
        "entries": drift.entries,
        "may_accept": is_open and may_accept,
        "may_link": is_open and may_link,
        "decided_by": person_name(drift.decided_by) if drift.decided_by else "",
        "change": {"number": drift.change.number, "url": address_of(drift.change)} if drift.change else None,
        "revert": _revert(drift) if is_open else None,
    }


def _revert(drift: Drift) -> dict[str, Any]:
    try:
        script = revert_script(drift)
    except NotReady as refusal:
        return {"why_not": refusal.message}
    return {"text": script.text, "unsupported": script.unsupported, "loses": script.loses}


def comparison_page(left: SchemaSnapshot | None, right: SchemaSnapshot | None) -> dict[str, Any]:
    """Two moments of one target, or two targets: each object that differs, and the script from the left to the right."""
    rows = SchemaSnapshot.objects.select_related("target").defer("content").order_by("target__name", "-valid_from")[:OFFERED]
    offered = list(rows)
    if left is None or right is None:
        newest, earlier = next(iter(offered), None), next(iter(offered[1:]), None)  # which people most often ask for
        return {"left": left or earlier, "right": right or newest, "offered": offered, "entries": None}
    before, after = Schema.from_json(left.content), Schema.from_json(right.content)
    entries, script = compare(before, after), alter(before, after)
    return {
        "left": left,
        "right": right,
        "offered": offered,
        "entries": [entry.as_json() for entry in entries[:SHOWN]],
        "more": max(0, len(entries) - SHOWN),
        "script": {"text": script.text, "unsupported": script.unsupported, "loses": script.loses},
    }
