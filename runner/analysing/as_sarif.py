"""SARIF 2.1.0, which code scanning services take: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html"""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

import orjson

from governance.analysis.rule import Finding, Level
from runner.analysing.report import FileReport, Form

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HELP = "docs/rules/{code}.md"
LEVELS = {Level.BLOCKING: "error", Level.WARNING: "warning", Level.NOTICE: "note"}


def _found(report: FileReport) -> list[tuple[str, Finding]]:
    return [(report.path, finding) for finding in report.findings]


def _log(parts: Sequence[list[tuple[str, Finding]]]) -> Iterator[bytes]:
    found = [each for part in parts for each in part]
    codes = sorted({finding.code for _, finding in found})
    driver = {"name": "Lockgate", "rules": [_rule(code) for code in codes]}
    results = [_result(path, finding, codes.index(finding.code)) for path, finding in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    yield orjson.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, option=orjson.OPT_APPEND_NEWLINE)


def _rule(code: str) -> dict[str, Any]:
    return {"id": code, "shortDescription": {"text": code.replace("-", " ")}, "help": {"text": f"See {HELP.format(code=code)}."}}


def _result(path: str, finding: Finding, rule: int) -> dict[str, Any]:
    rewrite = f"\nWrite instead:\n{finding.safe_form}" if finding.safe_form else ""
    result = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": LEVELS[finding.level],
        "message": {"text": f"{finding.message} {finding.why}{rewrite}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(PurePath(path).as_posix())},
                    "region": {"startLine": finding.line, "startColumn": finding.column},
                }
            }
        ],
    }
    return {**result, "suppressions": [{"kind": "inSource", "justification": finding.allowed}]} if finding.allowed else result


AS_SARIF = Form(_found, _log)
