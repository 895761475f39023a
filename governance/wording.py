"""Numbers and names as sentences have them. Pure."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL's text holds neither NUL nor half a character

# What a terminal would obey, or show in another order than it is written: control characters, and those of both directions of writing.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
COMMAND = re.compile(r"(?:^|(?<=\s)):(?=:)|#(?=#\[)")  # what a CI that reads our output would obey


def span(seconds: float) -> str:
    """How long, as roughly as people say it: "under 0.1 s", "2.4 s", "25 min", "3 h 58", "2 days"."""
    if math.isinf(seconds):
        return "nobody knows how long"
    if seconds < 0.1:
        return "under 0.1 s"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    if hours:
        return f"{hours} h {minutes:02}" if minutes else f"{hours} h"
    return f"{minutes} min"


def age(passed: timedelta) -> str:
    """Since when something waits: "just now", "12 min", "4 hours", "2 days"."""
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min"
    return counted(minutes // 60, "hour") if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def counted(number: int, noun: str) -> str:
    """ "1 client", "2 clients"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def some(names: Sequence[str], most: int = 2) -> str:
    """ "a and b", "a, b and 3 more"."""
    shown, rest = names[:most], len(names) - most
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def unstorable(value: object) -> bool:
    """Whether some text in it cannot be kept; of lists and mappings, any of theirs."""
    if isinstance(value, Mapping):
        return any(unstorable(part) for item in value.items() for part in item)
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(map(unstorable, value))
    return bool(UNSTORABLE.search(str(value)))


def harmless(text: str) -> str:
    """What a script's author may have written, as it is seen by people and obeyed by nobody."""
    return COMMAND.sub(_escaped, OBEYED.sub(_escaped, text))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
