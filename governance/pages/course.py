"""What was measured around a run, as figures and lines."""

from collections.abc import Sequence
from typing import Any

from governance.models import Sample
from governance.monitoring import ABOUT, Action, Metric, Period, Threshold, baseline, beyond, in_force, in_words, sentence
from governance.pages.latency import chart, thinned

SHOWN = 1500  # samples: a day of monitoring
SMALL_WIDTH, SMALL_HEIGHT = 120, 22
ACTS = {
    Action.WARN: "says so here",
    Action.PAGE: "tells people",
    Action.PAUSE: "pauses",
    Action.STOP: "stops",
    Action.ROLL_BACK: "rolls back",
}


def course(run: Any) -> dict[str, Any]:
    """`run`: one of `shown_runs()`. `samples` is 0 when nothing was measured."""
    samples = list(run.samples.order_by("-pk")[:SHOWN])[::-1]
    before = baseline(sample.measurement for sample in samples if sample.period == Period.BEFORE)
    thresholds = in_force(Threshold(Metric(own["metric"]), Action(own["action"]), *own["edge"]) for own in run.own_thresholds)
    return {
        "samples": len(samples),
        "last": samples[-1].pk if samples else 0,
        "chart": chart(samples, before, thresholds),
        "figures": [_figure(metric, samples, before) for metric in Metric] if samples else [],
        "tables": _tables(samples),
        "triggers": [_trigger(each, samples, before) for each in thresholds],
    }


def _figure(metric: Metric, samples: Sequence[Sample], before: dict[str, float]) -> dict[str, Any]:
    known = [sample.values[metric] for sample in samples if metric in sample.values]
    since = [sample.values[metric] for sample in samples if metric in sample.values and sample.period != Period.BEFORE]
    about = ABOUT[metric]
    if not known:
        return {"name": about.title, "unknown": about.unknown}
    worst = (min if about.less_is_worse else max)(since) if since else None
    return {
        "name": about.title,
        "before": in_words(metric, before[metric]) if metric in before else "",
        "now": in_words(metric, since[-1]) if since else "",
        "worst": in_words(metric, worst) if worst is not None else "",
        "line": _small(known),
    }


def _trigger(threshold: Threshold, samples: Sequence[Sample], before: dict[str, float]) -> dict[str, Any]:
    value = samples[-1].values.get(threshold.metric) if samples else None
    state = "unknown" if value is None else "warning" if beyond(threshold, value, before) else "passed"
    now = in_words(threshold.metric, value) if value is not None else "unknown"
    when = sentence(threshold, before)
    return {"text": f"{ACTS[threshold.action].capitalize()}: {when[0].lower()}{when[1:]}", "state": state, "now": now}


def _tables(samples: Sequence[Sample]) -> list[dict[str, str]]:
    """The latest latency of each table that the change touches."""
    latest: dict[str, float] = next((sample.latencies for sample in reversed(samples) if sample.latencies), {})
    return [{"name": name, "now": in_words(Metric.LATENCY, seconds)} for name, seconds in sorted(latest.items())]


def _small(values: Sequence[float]) -> str:
    """Points of a line; "" for fewer than two."""
    shown = thinned(values)
    if len(shown) < 2:
        return ""
    low, high, step = min(shown), max(shown), (SMALL_WIDTH - 4) / (len(shown) - 1)
    rise = (SMALL_HEIGHT - 6) / (high - low) if high > low else 0.0
    return " ".join(f"{2 + place * step:.1f},{SMALL_HEIGHT - 3 - (value - low) * rise:.1f}" for place, value in enumerate(shown))
