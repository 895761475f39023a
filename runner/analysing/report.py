"""What is said about each file, whichever way it is written out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

from governance.analysis import Change, Examined, StatementReport, examine
from governance.analysis.reading import Reading, read_any, unreadable
from governance.analysis.rule import Finding, Level
from governance.facts import Facts
from governance.forecast import Interval, forecast_statement
from governance.orders import ScriptKind
from governance.prediction import Prediction, predict
from governance.values import dataclass
from runner.analysing.ordering import InOrder, by_version
from runner.analysing.sharing import shared_out
from runner.analysing.sources import NotText, Section, Source, by_change, sections, text_of, together

T = TypeVar("T")
Texts = dict[str, str | NotText]  # by path
Group = list[tuple[Section, Reading]]
PORTION = 20_000  # characters, so that few trees wait
Judge = Callable[[Change], Examined]
SAVE_AS = "PostgreSQL's clients send UTF-8; save the file as UTF-8 and analyse again."


@dataclass(frozen=True, slots=True)
class StatementRow:
    report: StatementReport
    duration: Interval | None  # None: not known, because nothing is known about the target


@dataclass(frozen=True, slots=True)
class FileReport:
    path: str
    text: str
    statements: tuple[StatementRow, ...]
    findings: tuple[Finding, ...]
    prediction: Prediction | None

    @property
    def levels(self) -> frozenset[Level]:
        return frozenset([finding.level for finding in self.findings])


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write reports out: `part` where a file is judged, `whole` where all parts have come together: in pieces, since they may be
    many megabytes, and for programs in UTF-8."""

    part: Callable[[FileReport], Any]
    whole: Callable[[Sequence[Any]], Iterable[str | bytes]]


def reports(found: Iterable[Source], facts: Facts | None, guarded: bool) -> tuple[FileReport, ...]:
    """One for each file, in the order in which they came."""
    return told(found, facts, guarded, lambda report: report)


def told(
    found: Iterable[Source], facts: Facts | None, guarded: bool, tell: Callable[[FileReport], T], in_order: bool = False
) -> tuple[T, ...]:
    """What `tell` makes of each report, in the order in which the files came.

    `in_order`: each change meets what those before it have left, not the target alone.
    """
    sources = {source.path: source for source in found}
    judge: Judge = InOrder(facts) if in_order else partial(examine, facts=facts)

    def of_some(changes: Sequence[Texts]) -> list[tuple[str, T]]:
        read = [(texts, _readings(texts)) for texts in changes]
        return [(report.path, tell(report)) for texts, groups in read for report in _reports(texts, groups, facts, guarded, judge)]

    def of_all(changes: Sequence[tuple[Source, ...]]) -> list[tuple[str, T]]:
        return [each for some in _portions(map(_texts, changes)) for each in of_some(some)]

    changes = by_change(sources.values())
    by_path = dict(of_all(by_version(changes)) if in_order else shared_out(of_all, changes))
    return tuple(by_path[path] for path in sources)


def _texts(sources: Iterable[Source]) -> Texts:
    """Of files that may belong together."""
    return {source.path: text_of(source) for source in sources}


def _portions(changes: Iterable[Texts]) -> Iterator[list[Texts]]:
    """Changes that are read before the first of them is judged: with nothing else between two texts, the parser is twice as quick."""
    portion, size = [], 0
    for texts in changes:
        portion.append(texts)
        size += sum([len(text) for text in texts.values() if isinstance(text, str)])
        if size > PORTION:
            yield portion
            portion, size = [], 0
    yield portion


def _readings(texts: Texts) -> list[Group]:
    parts = [part for path, text in texts.items() if isinstance(text, str) for part in sections(path, text)]
    return [[(section, read_any(section.name, section.text, section.kind)) for section in group] for group in together(parts)]


def _reports(texts: Texts, groups: list[Group], facts: Facts | None, guarded: bool, judge: Judge) -> Iterator[FileReport]:
    judged: dict[str, list[FileReport]] = {}
    for group in groups:
        for report in _judge(group, facts, guarded, judge):
            judged.setdefault(report.path, []).append(report)
    return (_file(path, text, judged.get(path, [])) for path, text in texts.items())


def _file(path: str, text: str | NotText, parts: list[FileReport]) -> FileReport:
    if isinstance(text, NotText):
        return FileReport(path, "", (), (unreadable(path, text.message, SAVE_AS, text.line),), None)
    statements = sorted([row for part in parts for row in part.statements], key=attrgetter("report.line", "report.column"))
    findings = sorted([finding for part in parts for finding in part.findings], key=attrgetter("line", "column"))
    return FileReport(path, text, tuple(statements), tuple(findings), parts[0].prediction if parts else None)


def _judge(readings: Group, facts: Facts | None, guarded: bool, judge: Judge) -> Iterator[FileReport]:
    """Scripts that belong together are one change. A check script changes nothing: it only has to be readable."""
    scripts = tuple([reading.script for _, reading in readings if reading.script.kind is not ScriptKind.CHECK])
    trees = {reading.script.name: reading.trees for _, reading in readings}
    examined = judge(Change(scripts, guarded=guarded, trees=trees))
    for section, reading in readings:
        rows = tuple([row for row in (*examined.statements, *examined.undoing) if row.script == section.name])
        findings = [found for found in examined.findings if found.script == section.name]
        yield FileReport(
            path=section.path,
            text=section.text,
            statements=tuple([StatementRow(row, forecast_statement(row, facts) if facts else None) for row in rows]),
            findings=(*reading.findings, *findings),
            prediction=predict(rows, facts, {section.name} if reading.script.transactional else ()) if facts else None,
        )
