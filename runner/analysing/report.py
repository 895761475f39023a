"""What is said about each file, whichever way it is written out."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from multiprocessing import get_all_start_methods, get_context

from governance.analysis import Change, StatementReport, examine
from governance.analysis.reading import read_any, unreadable
from governance.analysis.rule import Finding, Level
from governance.facts import Facts
from governance.forecast import Interval, forecast_statement
from governance.orders import ScriptKind
from governance.prediction import Prediction, predict
from runner.analysing.sources import NotText, Section, Source, sections, text_of, together

WORTH_PROCESSES = 200  # changes
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

    def count(self, level: Level) -> int:
        return sum(finding.level is level for finding in self.findings)


def reports(found: Iterable[Source], facts: Facts | None, guarded: bool) -> tuple[FileReport, ...]:
    """One for each file, in the order in which they came."""
    found = tuple(found)
    texts = {source.path: text_of(source) for source in found}
    parts = [part for path, text in texts.items() if isinstance(text, str) for part in sections(path, text)]
    judged: dict[str, list[FileReport]] = {}
    for report in _judge_all(together(parts), facts, guarded):
        judged.setdefault(report.path, []).append(report)
    return tuple(_file(path, text, judged.get(path, [])) for path, text in texts.items())


def _file(path: str, text: str | NotText, parts: list[FileReport]) -> FileReport:
    if isinstance(text, NotText):
        return FileReport(path, "", (), (unreadable(path, text.message, SAVE_AS, text.line),), None)
    statements = sorted((row for part in parts for row in part.statements), key=lambda row: (row.report.line, row.report.column))
    findings = sorted((finding for part in parts for finding in part.findings), key=lambda finding: (finding.line, finding.column))
    return FileReport(path, text, tuple(statements), tuple(findings), parts[0].prediction if parts else None)


def _judge_all(groups: tuple[tuple[Section, ...], ...], facts: Facts | None, guarded: bool) -> Iterable[FileReport]:
    """By as many processes as there are processors, where that is worth their start."""
    judge = partial(_judge_some, facts=facts, guarded=guarded)
    processors = os.cpu_count() or 1
    if len(groups) < WORTH_PROCESSES or processors == 1 or "fork" not in get_all_start_methods():
        return judge(groups)
    shares = [groups[start::processors] for start in range(processors)]
    with ProcessPoolExecutor(processors, mp_context=get_context("fork")) as pool:
        return list(chain.from_iterable(pool.map(judge, shares)))


def _judge_some(groups: tuple[tuple[Section, ...], ...], facts: Facts | None, guarded: bool) -> list[FileReport]:
    return [report for group in groups for report in _judge(group, facts, guarded)]


def _judge(group: tuple[Section, ...], facts: Facts | None, guarded: bool) -> Iterator[FileReport]:
    """Scripts that belong together are one change. A check script changes nothing: it only has to be readable."""
    readings = [(section, read_any(section.name, section.text, section.kind)) for section in group]
    change = Change(tuple(reading.script for _, reading in readings if reading.script.kind is not ScriptKind.CHECK), guarded=guarded)
    examined = examine(change, facts)
    for section, reading in readings:
        rows = tuple(row for row in (*examined.statements, *examined.undoing) if row.script == section.name)
        findings = tuple(found for found in examined.findings if found.script == section.name)
        yield FileReport(
            path=section.path,
            text=section.text,
            statements=tuple(StatementRow(row, forecast_statement(row, facts) if facts else None) for row in rows),
            findings=(*reading.findings, *findings),
            prediction=predict(rows, facts, {section.name} if reading.script.transactional else ()) if facts else None,
        )
