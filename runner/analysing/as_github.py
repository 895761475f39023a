"""Workflow commands that GitHub shows beside the lines of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Iterator, Sequence

from governance.analysis.rule import Finding, Level
from runner.analysing.report import FileReport, Form

WORDS = {Level.BLOCKING: "error", Level.WARNING: "warning", Level.NOTICE: "notice"}


def _commands(report: FileReport) -> list[str]:
    return [_command(report.path, finding) for finding in report.findings]


def _lines(parts: Sequence[list[str]]) -> Iterator[bytes]:
    return (f"{command}\n".encode() for commands in parts for command in commands)


def _command(path: str, finding: Finding) -> str:
    told = [finding.message, finding.why, *([f"Write instead:\n{finding.safe_form}"] if finding.safe_form else [])]
    where = f"file={_property(path)},line={finding.line},col={finding.column},title={_property(finding.code)}"
    return f"::{WORDS[finding.level]} {where}::{_data(' '.join(told[:2]) + ''.join(chr(10) + part for part in told[2:]))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


AS_GITHUB = Form(_commands, _lines)
