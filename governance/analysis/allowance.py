"""Findings that an author lets stand, each with a reason in the script, where whoever approves reads it.

    -- lockgate: allow require-concurrent-index-creation because the table is locked by the deployment anyway
    CREATE INDEX …

The comment stands before its statement, in it, or behind it on its last line. The finding stays, as a notice with the reason.
"""

import re
from collections.abc import Iterator

from governance.analysis.psql import LEXEME
from governance.analysis.rule import Finding, Level
from governance.batched import is_batched
from governance.orders import Script, Statement
from governance.values import dataclass, replace

WORD = "lockgate:"
ALLOWING = re.compile(r"--\s*lockgate:\s*allow\s+(?P<codes>[\w-]+(?:\s*,\s*[\w-]+)*)(?:\s+because\s+(?P<reason>\S.*?))?\s*$")
WITHOUT_REASON, WITHOUT_EFFECT = "suppression-without-reason", "suppression-without-effect"
CODES = (WITHOUT_REASON, WITHOUT_EFFECT)
FORM = "-- lockgate: allow {codes} because it is why this is right here"


@dataclass(frozen=True, slots=True)
class Allowance:
    script: Script
    line: int
    column: int
    codes: tuple[str, ...]
    reason: str
    statement: Statement | None

    def covers(self, finding: Finding) -> bool:
        where = self.statement
        return (
            where is not None
            and bool(self.reason)
            and finding.code in self.codes
            and (finding.script, finding.line, finding.column) == (self.script.name, where.line, where.column)
        )


def allowed(findings: list[Finding], scripts: tuple[Script, ...]) -> list[Finding]:
    """The findings, those that are allowed as notices; and what is wrong with the allowances themselves."""
    allowances = [found for script in scripts if WORD in script.text for found in _allowances(script)]
    if not allowances:
        return findings
    useless = (found for found in allowances if not any(found.covers(finding) for finding in findings))
    return [*(_judged(finding, allowances) for finding in findings), *map(_complaint, useless)]


def _judged(finding: Finding, allowances: list[Allowance]) -> Finding:
    found = next((each for each in allowances if each.covers(finding)), None)
    if found is None:
        return finding
    return replace(finding, level=Level.NOTICE, allowed=found.reason, why=f"{finding.why} The author lets it stand: {found.reason}")


def _allowances(script: Script) -> Iterator[Allowance]:
    for comment in LEXEME.finditer(script.text):
        if comment.lastgroup != "comment" or WORD not in comment[0] or is_batched(comment[0]):
            continue
        line = script.text.count("\n", 0, comment.start()) + 1
        column = comment.start() - script.text.rfind("\n", 0, comment.start())
        found = ALLOWING.match(comment[0])
        codes = tuple(code.strip() for code in found["codes"].split(",")) if found else ()
        reason = (found["reason"] or "") if found else ""
        yield Allowance(script, line, column, codes, reason, _statement_at(script, line, column))


def _statement_at(script: Script, line: int, column: int) -> Statement | None:
    here = [each for each in script.statements if (each.line, each.column) < (line, column) and line <= _last_line(each)]
    return here[-1] if here else next((each for each in script.statements if (each.line, each.column) > (line, column)), None)


def _last_line(statement: Statement) -> int:
    return statement.line + statement.text.count("\n")


def _complaint(found: Allowance) -> Finding:
    form = FORM.format(codes=", ".join(found.codes) or "code-of-the-finding")
    if not found.reason:
        message = "This comment allows nothing: it has no reason."
        why = "A finding stands only with a reason, which whoever approves the change reads."
        return _finding(found, WITHOUT_REASON, Level.WARNING, message, why, form)
    message = f"This comment allows {', '.join(found.codes)}, which its statement does not have."
    why = "Either the code is another, or the reason for the comment is gone; leave it out then."
    return _finding(found, WITHOUT_EFFECT, Level.NOTICE, message, why, "")


def _finding(found: Allowance, code: str, level: Level, message: str, why: str, form: str) -> Finding:
    return Finding(code, level, found.script.name, found.line, found.column, "", message, why, form)
