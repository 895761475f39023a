"""The comment directive that makes a statement run in batches, and what it may ask for.

    -- lockgate: batched key=tenant,id target=50ms max_rows=20000 workers=2 before-images
    UPDATE bids SET cents = amount * 100;

It stands among the comments before its statement, and so in the script's digest. `docs/runner.md` says what each option means.
"""

import re
from dataclasses import dataclass, replace

LEADING = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
DIRECTIVE = re.compile(r"--[ \t]*lockgate:[ \t]*batched\b(?P<options>[^\n]*)")
DURATION = re.compile(r"(?P<number>\d+)(?P<unit>ms|s)")
FORM = "-- lockgate: batched [key=a,b] [target=50ms] [max_rows=20000] [workers=2] [guard=where] [before-images]"
MOST_WORKERS = 8


class NoOption(ValueError):
    """The message says which word of the directive nobody understands, and why."""


@dataclass(frozen=True, slots=True)
class Batched:
    key: tuple[str, ...] = ()  # columns of a unique key; () for the primary key, or else the first unique key
    target: float = 0.05  # seconds that a batch shall take
    max_rows: int = 100_000
    workers: int = 1
    before_images: bool = False
    guarded_by_where: bool = False  # only the statement's own WHERE tells which rows are still to do


def is_batched(text: str) -> bool:
    """Whether the text of a statement begins with the directive, whatever that asks for."""
    return _directive(text) is not None


def options_of(text: str) -> Batched | None:
    """
    Raises:
        NoOption
    """
    found = _directive(text)
    if found is None:
        return None
    options = Batched()
    for word in found["options"].split():
        options = _with(options, word)
    return options


def _directive(text: str) -> re.Match[str] | None:
    leading = LEADING.match(text)
    return DIRECTIVE.search(leading[0]) if leading else None


def _with(options: Batched, word: str) -> Batched:
    name, _, value = word.partition("=")
    match name:
        case "key" if re.fullmatch(r"[^,]+(,[^,]+)*", value):
            return replace(options, key=tuple(value.split(",")))
        case "target" if duration := DURATION.fullmatch(value):
            return replace(options, target=int(duration["number"]) / (1000 if duration["unit"] == "ms" else 1))
        case "max_rows" if value.isdecimal() and int(value):
            return replace(options, max_rows=int(value))
        case "workers" if value.isdecimal() and 1 <= int(value) <= MOST_WORKERS:
            return replace(options, workers=int(value))
        case "guard" if value == "where":
            return replace(options, guarded_by_where=True)
        case "before-images" if not value:
            return replace(options, before_images=True)
    raise NoOption(f"{word} is no option of the directive")
