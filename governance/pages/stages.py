"""The evidence of each stage as pages show it, and the emergencies of a change."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from governance import lifecycle
from governance.case import Case
from governance.emergency import Emergency
from governance.lifecycle import Dossier, Evidence, Stage, State
from governance.models import Phase


def shown_evidence(piece: Evidence) -> dict[str, str]:
    """Done, missing or stale; what an emergency does without says who skipped it."""
    if piece.skipped:
        return {"state": "skipped", "text": piece.text, "detail": f"skipped by {piece.skipped}"}
    return {"state": piece.state, "text": piece.text, "detail": piece.detail}


def evidence_by_stage(phase: Phase, dossier: Dossier) -> list[dict[str, Any]]:
    """All thirteen, each with what leaving it needs."""
    return [_stage(phase, stage, pieces) for stage, pieces in lifecycle.evidence_of_all(dossier).items()]


def _stage(phase: Phase, stage: Stage, pieces: tuple[Evidence, ...]) -> dict[str, Any]:
    """What a stage that is not reached lacks is not missed yet: it says so quietly."""
    lacking, ahead, is_open = sum(piece.lacking for piece in pieces), stage > phase.at, phase.status == lifecycle.PhaseStatus.OPEN
    here = stage == phase.at and is_open
    yet = "not yet" if is_open else "not reached"
    behind = "stale" if all(piece.state is State.STALE for piece in pieces if piece.lacking) else "missing"
    return {
        "number": stage.value,
        "title": stage.title,
        "here": here,
        "word": (yet if ahead else f"{lacking} {behind}") if lacking else "complete",
        "state": "now" if here else ("wait" if ahead else behind) if lacking else "done",
        "evidence": [_ahead(piece, yet) if ahead else shown_evidence(piece) for piece in pieces],
    }


def _ahead(piece: Evidence, yet: str) -> dict[str, str]:
    shown = shown_evidence(piece)
    return {**shown, "state": "wait", "detail": yet} if piece.lacking and piece.state is State.MISSING else shown


def emergency_notes(case: Case) -> list[dict[str, Any]]:
    """Those that last, and those that wait for somebody to look back at them."""
    return [_note(case, each) for each in case.emergencies if each.live or not each.reviewed]


def _note(case: Case, emergency: Emergency) -> dict[str, Any]:
    overdue = not emergency.reviewed and emergency.review_due <= timezone.now()
    url = reverse("admin:governance_spec_form", args=[case.phase.spec_id, case.phase.pk, "review_emergency"])
    return {
        "incident": emergency.incident,
        "reason": emergency.reason,
        "by": emergency.opened_by,
        "live": emergency.live,
        "until": emergency.expires_at,
        "due": emergency.review_due,
        "overdue": overdue,
        "skips": ", ".join(skip.label.partition(":")[0].lower() for skip in sorted(emergency.skips)) or "nothing",
        "url": "" if emergency.live else url,
    }
