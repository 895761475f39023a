"""The stable format for programs. What is in it stays; docs/analyse.md describes it."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from governance.analysis.locks import Lock
from governance.analysis.rule import Finding
from governance.forecast import Interval
from runner.analysing.report import FileReport, Form, StatementRow


def _file(report: FileReport) -> bytes:
    found = {
        "path": report.path,
        "statements": [_statement(row) for row in report.statements],
        "findings": [_finding(finding) for finding in report.findings],
    }
    return orjson.dumps(found)


def _files(parts: Sequence[bytes]) -> Iterator[bytes]:
    yield b'{"files": ['
    for number, part in enumerate(parts):
        yield b", " if number else b""
        yield part
    yield b"]}\n"


def _statement(row: StatementRow) -> dict[str, Any]:
    report = row.report
    return {
        "line": report.line,
        "column": report.column,
        "sql": report.statement,
        "change_class": report.change_class,
        "category": report.category,
        "locks": [_lock(lock) for lock in report.locks],
        "duration": _duration(row.duration),
    }


def _lock(lock: Lock) -> dict[str, Any]:
    """What it blocks is what it stops others from doing: nobody waits for a table that the change itself makes."""
    return {
        "relation": lock.relation,
        "mode": lock.mode,
        "blocks_reads": lock.blocks_reads,
        "blocks_writes": lock.blocks_writes,
        "rewrite": lock.rewrite,
        "scan": lock.scan,
    }


def _duration(found: Interval | None) -> dict[str, float | None]:
    """Seconds; null where nobody can know."""
    return {"p50": _seconds(found.likely), "p90": _seconds(found.p90)} if found else {"p50": None, "p90": None}


def _seconds(value: float) -> float | None:
    return None if math.isinf(value) else round(value, 3)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "level": finding.level.word,
        "line": finding.line,
        "column": finding.column,
        "message": f"{finding.message} Allowed: {finding.allowed}" if finding.allowed else finding.message,
        "rewrite": finding.safe_form,
    }


AS_JSON = Form(_file, _files)
