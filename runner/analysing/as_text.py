"""For people at a terminal: the line, a caret under the place, what happens there, and what to write instead."""

import math
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from governance.analysis.rule import Finding, Level
from governance.forecast import Interval
from governance.prediction import fit
from governance.values import dataclass
from governance.wording import counted, harmless, span
from runner.analysing.report import FileReport, Form

COLOURS = {Level.BLOCKING: "31", Level.WARNING: "33", Level.NOTICE: "36"}
BOLD, QUIET, GREEN = "1", "2", "32"
TAB, WIDTH = "    ", 110
MINUTE = 60


class Pen:
    """Writes with colours, or without."""

    def __init__(self, colours: bool) -> None:
        self.colours = colours

    def __call__(self, text: str, *codes: str) -> str:
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self.colours and text else text


@dataclass(frozen=True, slots=True)
class _Part:
    blocks: list[str]  # a finding each
    forecasts: list[str]  # lines
    statements: int
    counts: Counter[Level]


def as_text(colours: bool, window: float | None = None) -> Form:
    """`window`: minutes that each file has."""
    pen = Pen(colours)
    return Form(partial(_part, pen=pen, window=window), partial(_whole, pen=pen))


def _part(report: FileReport, pen: Pen, window: float | None) -> _Part:
    return _Part(
        ["\n".join(_finding(report, finding, pen)) for finding in report.findings],
        list(_forecast(report, window)),
        len(report.statements),
        Counter(finding.level for finding in report.findings),
    )


def _whole(parts: Sequence[_Part], pen: Pen) -> Iterator[str]:
    blocks = [block for part in parts for block in part.blocks]
    forecasts = [line for part in parts for line in part.forecasts]
    yield "\n\n".join([*blocks, *(["\n".join(forecasts)] if forecasts else []), _summary(parts, pen)]) + "\n"


def _finding(report: FileReport, finding: Finding, pen: Pen) -> Iterator[str]:
    word = pen(finding.level.word, COLOURS[finding.level], BOLD)
    path = harmless(report.path).replace("\n", "\\n")
    yield f"{pen(f'{path}:{finding.line}:{finding.column}', BOLD)}: {word}: {finding.code}"
    yield from _source_line(report.text, finding, pen)
    yield from _wrapped(finding.message)
    yield from _wrapped(finding.why, pen)
    if finding.safe_form:
        yield "  Write instead:"
        yield from (pen(f"    {line}", GREEN) for line in harmless(finding.safe_form).split("\n"))


def _source_line(text: str, finding: Finding, pen: Pen) -> Iterator[str]:
    """The line with tabs as blanks, so that the caret stands where it belongs."""
    lines = text.removeprefix("\ufeff").split("\n")
    if not text or finding.line > len(lines):
        return
    line, margin = lines[finding.line - 1].rstrip("\r"), f"{finding.line:>5}"
    before = harmless(line[: finding.column - 1].replace("\t", TAB))
    yield f"{pen(f'{margin} |', QUIET)} {harmless(line.replace(chr(9), TAB))}"
    yield f"{pen('      |', QUIET)} {' ' * len(before)}{pen('^', COLOURS[finding.level], BOLD)}"


def _wrapped(text: str, pen: Pen | None = None) -> Iterator[str]:
    for line in textwrap.wrap(harmless(text), WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False):
        yield pen(line, QUIET) if pen else line


def _forecast(report: FileReport, window: float | None) -> Iterator[str]:
    if report.prediction and report.statements:
        takes, waits = _interval(report.prediction.duration), _interval(report.prediction.wait)
        yield f"{harmless(report.path)}: takes {takes}, keeps others waiting {waits}"
        yield from (f"  {reason}" for reason in report.prediction.duration.reasons)
        if window is not None:
            yield f"  {fit(report.prediction.duration, window * MINUTE).reason}"


def _interval(found: Interval) -> str:
    if math.isinf(found.p90):
        return "nobody knows how long"
    return f"{span(found.likely)}, at worst {span(found.p90)}" if found.p90 else "not at all"


def _summary(parts: Sequence[_Part], pen: Pen) -> str:
    statements = sum(part.statements for part in parts)
    counts = {level: sum(part.counts[level] for part in parts) for level in Level}
    told = [pen(f"{number} {level.word}", COLOURS[level]) for level, number in counts.items() if number]
    return f"{counted(len(parts), 'file')}, {counted(statements, 'statement')}: {', '.join(told) or pen('nothing to say', GREEN)}"
