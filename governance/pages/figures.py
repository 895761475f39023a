"""The four figures of delivery, and how forecasts are kept, as the home page shows them: a number, what it means, and its course."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from governance.calibration import ENOUGH, PROMISED, Kept
from governance.delivery import PERIOD, Delivery, weekly
from governance.wording import counted, span

WIDTH, HEIGHT, FLOOR = 220, 46, 44.5
WEEKS = PERIOD.days / 7
DOTS, BAND, ABOVE, EDGE = 40, (6, 20), 3, 4  # runs, top and height of what was promised, where longer ones are, and the outermost ones
BAND_WIDTH = 290


def figure_rows(delivery: Delivery, before: Delivery, now: datetime) -> list[dict[str, Any]]:
    """`before`: of the period before this one."""
    return [_deployments(delivery, before, now), _lead_time(delivery), _failures(delivery), _restore(delivery)]


def _deployments(delivery: Delivery, before: Delivery, now: datetime) -> dict[str, Any]:
    number = len(delivery.deployed)
    bars = _bars(weekly(delivery.deployed, now))
    if not number:
        return _unknown("Deployments", "nothing ran in production yet")
    return {
        "name": "Deployments",
        "value": f"{number / WEEKS:.1f}",
        "unit": "a week",
        "note": _course(number, len(before.deployed)),
        "bars": bars,
    }


def _course(number: int, before: int) -> str:
    if not before:
        return f"{number} in {PERIOD.days} days"
    return f"{'up' if number > before else 'down'} from {before / WEEKS:.1f}" if number != before else "as in the period before"


def _lead_time(delivery: Delivery) -> dict[str, Any]:
    if delivery.lead_time is None:
        return _unknown("Lead time", "no change has reached production")
    value, unit = _split(delivery.lead_time)
    return {
        "name": "Lead time",
        "value": value,
        "unit": unit,
        "note": "median, to production",
        "line": _line(delivery.lead_times),
    }


def _failures(delivery: Delivery) -> dict[str, Any]:
    if delivery.failure_share is None:
        return _unknown("Change failure", "no run in production has ended")
    note = f"{delivery.failed} of {counted(delivery.tried, 'change')}"
    value, line = f"{100 * delivery.failure_share:.1f}".removesuffix(".0"), _line(delivery.failure_shares)
    return {"name": "Change failure", "value": value, "unit": "%", "note": note, "line": line}


def _restore(delivery: Delivery) -> dict[str, Any]:
    if delivery.time_to_restore is None:
        return _unknown("Time to restore", "one failure is not made good yet" if delivery.unrestored else "nothing had to be restored")
    value, unit = _split(delivery.time_to_restore)
    note = f"slowest {span(max(delivery.restored))}"
    return {"name": "Time to restore", "value": value, "unit": unit, "note": note, "line": _line(delivery.restored)}


def forecasts_kept(found: Kept) -> dict[str, Any]:
    """The latest runs are dots, within what was promised or above it."""
    ended, lacking = len(found.ratios), ENOUGH - len(found.ratios)
    dots = found.ratios[-DOTS:]
    step = (BAND_WIDTH - 2 * EDGE) / max(len(dots) - 1, 1)
    return {
        "percent": None if found.share is None else round(100 * found.share),
        "promised": round(100 * PROMISED),
        "holds": found.holds,
        "ended": counted(ended, "run"),
        "lacking": counted(lacking, "more run"),
        "outside": sum(ratio > 1 for ratio in dots),
        "dots": [{"x": round(EDGE + position * step, 1), **_dot(ratio)} for position, ratio in enumerate(dots)],
    }


def _dot(ratio: float) -> dict[str, Any]:
    top, height = BAND
    return {"y": round(top + height * (1 - ratio), 1) if ratio <= 1 else ABOVE, "late": ratio > 1}


def _unknown(name: str, note: str) -> dict[str, Any]:
    return {"name": name, "value": "", "unit": "unknown", "note": note}


def _split(seconds: float) -> tuple[str, str]:
    """The number and its unit."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0"), unit
    return f"{seconds:.1f}".removesuffix(".0"), "s"


def _bars(numbers: Sequence[int]) -> list[dict[str, float]]:
    step, most = WIDTH / len(numbers), max(*numbers, 1)
    heights = [round(number / most * (FLOOR - 4), 1) for number in numbers]
    return [
        {"x": round(position * step + 1.5, 1), "y": FLOOR - height, "width": round(step - 3, 1), "height": height}
        for position, height in enumerate(heights)
    ]


def _line(values: Sequence[float]) -> dict[str, Any]:
    """Points of a line from left to right; one value alone has no course."""
    if len(values) < 2:
        return {}
    most, step = max(values) or 1.0, (WIDTH - 6) / (len(values) - 1)
    points = [(round(3 + position * step, 1), round(FLOOR - value / most * (FLOOR - 6), 1)) for position, value in enumerate(values)]
    return {"points": " ".join(f"{x},{y}" for x, y in points), "x": str(points[-1][0]), "y": str(points[-1][1])}
