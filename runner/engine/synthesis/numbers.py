"""Numbers, dates and times by the name of their column, within the bounds of type and checks."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from runner.engine.synthesis.checks import NOW, Limits
from runner.engine.synthesis.tables import Type

NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8", "money", "oid"})
_WIDEST = {"int2": 2**15 - 1, "int4": 2**31 - 1, "int8": 2**63 - 1, "oid": 2**32 - 1}
Draw = Callable[[Random], str]

# Low, high: the first expression that is found in the column's name decides.
_USUAL: tuple[tuple[re.Pattern[str], float, float], ...] = tuple(
    (re.compile(pattern), low, high)
    for pattern, low, high in (
        (r"cents", 500, 500_000),
        (r"price|amount|total|cost|fee|budget|salary|balance|revenue|value", 5, 5_000),
        (r"percent|pct", 0, 100),
        (r"share|ratio|rate|probability|confidence|score", 0, 1),
        (r"stars|rating", 1, 5),
        (r"\bage$|^age|_age$", 18, 90),
        (r"year", 2015, 2026),
        (r"month", 1, 12),
        (r"hour", 0, 23),
        (r"day", 1, 28),
        (r"lat(itude)?$", -60, 70),
        (r"lon(gitude)?$|lng$", -180, 180),
        (r"quantity|qty|count|seats|attempts|retries|position|priority|level|size_?class|number_of", 1, 50),
        (r"bytes|size|length|width|height|weight|duration|seconds|minutes", 1, 20_000),
    )
)
_ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)  # fixed: the same seed gives the same rows on every day
_PAST, _FUTURE, _BIRTH = (
    (timedelta(days=-1095), timedelta()),
    (timedelta(days=1), timedelta(days=730)),
    (timedelta(days=-29_000), timedelta(days=-6_600)),
)
_LATER = re.compile(r"expir|until|valid_to|ends?_|_end|due|deadline|scheduled|next_|finish")


def drawer(kind: Type, name: str, limits: Limits) -> Draw:
    low, high = _bounds(kind, name, limits)
    places = _places(kind)
    if places == 0:
        return partial(_whole, int(low), int(high))
    return partial(_broken, low, high, places)


def serial(kind: Type, limits: Limits, first: int, count: int) -> list[str]:
    start, end = first, _limit(kind)
    if limits.low or limits.spans:
        start = max(start, int(_bounds(kind, "", limits)[0]))
    if limits.high:
        end = min(end, _bounds(kind, "", limits)[1])
        start = start if start + count - 1 <= end else max(1, int(end) - count + 1)
    if kind.precision is not None and start + count > end:
        step = 10 ** -(kind.scale or 0)
        return [f"{number * step:.{kind.scale or 0}f}" for number in range(1, count + 1)]
    return [str(number) for number in range(start, min(start + count, int(end) + 1))]


def serial_times(kind: Type, limits: Limits, first: int, count: int) -> list[str]:
    low, _high = _span(kind, "", limits)
    step = timedelta(days=1) if kind.base == "date" else timedelta(minutes=1)
    return [_written(kind, low + number * step) for number in range(first, first + count)]


def times(kind: Type, name: str, limits: Limits) -> Draw:
    spans = [_clipped(kind, name, limits, span) for span in limits.spans] or [_span(kind, name, limits)]
    return partial(_moment, kind, spans)


def interval(kind: Type, name: str, random: Random) -> tuple[str, str]:
    """Two values of which the first is the smaller."""
    if kind.base in NUMBERS:
        low = random.randint(1, 10_000)
        return str(low), str(low + random.randint(1, 100))
    begin, end = _span(kind, name, Limits())
    low_moment = begin + (end - begin) * random.random()
    return _written(kind, low_moment), _written(kind, low_moment + timedelta(days=random.randint(1, 30)))


def _whole(low: int, high: int, random: Random) -> str:
    return str(random.randint(low, max(low, high)))


def _broken(low: float, high: float, places: int, random: Random) -> str:
    return f"{random.uniform(low, high):.{places}f}"


def _moment(kind: Type, spans: list[tuple[datetime, datetime]], random: Random) -> str:
    low, high = random.choice(spans)
    return _written(kind, low + (high - low) * random.random())


def _written(kind: Type, moment: datetime) -> str:
    if kind.base == "date":
        return moment.date().isoformat()
    return moment.strftime("%Y-%m-%d %H:%M:%S") + ("+00" if kind.base == "timestamptz" else "")


def _places(kind: Type) -> int:
    """Digits behind the point."""
    if kind.base in ("numeric", "money"):
        return max(kind.scale if kind.scale is not None else 2, 0)
    return 4 if kind.base in ("float4", "float8") else 0


def _limit(kind: Type) -> float:
    if kind.precision is not None:
        return float(10 ** (kind.precision - (kind.scale or 0)) - 1)
    return float(_WIDEST.get(kind.base, 10**9))


def _bounds(kind: Type, name: str, limits: Limits) -> tuple[float, float]:
    """As the name suggests, moved as far as the checks ask."""
    low, high = next(((low, high) for pattern, low, high in _USUAL if pattern.search(name.lower())), (1.0, 10_000.0))
    step = 10.0 ** -_places(kind)
    allowed_low = [float(value) + (0 if included else step) for value, included in limits.low if _is_number(value)]
    allowed_high = [float(value) - (0 if included else step) for value, included in limits.high if _is_number(value)]
    begins, ends = zip(*limits.spans, strict=True) if limits.spans else ((), ())
    if begins and all(begin and _is_number(begin) for begin in begins):
        allowed_low.append(min(map(float, begins)))
    if ends and all(end and _is_number(end) for end in ends):
        allowed_high.append(max(map(float, ends)) - step)
    width = high - low
    top = min([_limit(kind), *allowed_high])
    bottom = max(allowed_low, default=min(low, top))
    if allowed_low and not bottom <= low <= top:
        low = bottom
    low = min(max(low, bottom), top)
    return low, max(low, min(top, max(high, low + width) if high <= low else high))


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?([eE]-?\d+)?", text))


def _span(kind: Type, name: str, limits: Limits) -> tuple[datetime, datetime]:
    near = _BIRTH if "birth" in name else _FUTURE if _LATER.search(name) else _PAST
    span = (_ANCHOR + near[0], _ANCHOR + near[1])
    first = limits.spans[0] if limits.spans else (None, None)
    return _clipped(kind, name, limits, first, span)


def _clipped(
    kind: Type, name: str, limits: Limits, within: tuple[str | None, str | None], span: tuple[datetime, datetime] | None = None
) -> tuple[datetime, datetime]:
    low, high = span or (_ANCHOR + _PAST[0], _ANCHOR + _PAST[1])
    width, step = high - low, timedelta(days=1) if kind.base == "date" else timedelta(seconds=1)
    lows = [moment + (timedelta() if included else step) for text, included in limits.low if (moment := _moment_of(text))]
    highs = [moment - (timedelta() if included else step) for text, included in limits.high if (moment := _moment_of(text))]
    lows += [moment] if within[0] and (moment := _moment_of(within[0])) else []
    highs += [moment - step] if within[1] and (moment := _moment_of(within[1])) else []
    bottom, top = max(lows, default=None), min(highs, default=None)
    low = max(low, bottom) if bottom else low
    if top and low >= top:
        low = bottom or top - width
    return low, max(low, min(max(high, low + width) if high <= low else high, top) if top else (high if high > low else low + width))


def _moment_of(text: str) -> datetime | None:
    if text == NOW:
        return datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
