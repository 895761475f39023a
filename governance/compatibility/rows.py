"""Values of the matrix as what a JSON field holds."""

from dataclasses import asdict
from typing import Any

from governance.matrix import Answer, Cell, Row


def rulings_as_json(cell: Cell) -> list[dict[str, Any]]:
    return [{**asdict(ruling), "verdict": str(ruling.verdict)} for ruling in cell.rulings]


def answer_as_json(answer: Answer) -> dict[str, Any]:
    """As the command and the API have it."""
    return {
        "deployable": answer.deployable,
        "verdict": str(answer.verdict),
        "rows": [row_as_json(row) for row in answer.rows],
        "reasons": [{**asdict(reason), "verdict": str(reason.verdict)} for reason in answer.reasons],
        "fixes": list(answer.fixes),
    }


def row_as_json(row: Row) -> dict[str, Any]:
    cell, presence = row.cell, row.presence
    return {
        "client": row.client,
        "backend": row.backend,
        "verdict": str(cell.verdict),
        "reason": cell.reason,
        "source": str(cell.source),
        "rulings": rulings_as_json(cell),
        "observed": bool(presence and presence.observed),
        "last_seen": presence.last_seen.isoformat() if presence and presence.last_seen else None,
    }
