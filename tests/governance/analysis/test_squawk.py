"""What squawk reports on our cases after its documentation, we report too. Its answers stand at the head of each file."""

from pathlib import Path

import pytest

from governance.analysis import Change, analyse
from governance.analysis.reading import read_any
from governance.analysis.rules import RULES

CASES = sorted((Path(__file__).resolve().parents[3] / "fixtures" / "squawk").glob("*.sql"))
# Where our answer is another one: docs/analyse.md says why.
INSTEAD = {
    ("disallowed-unique-constraint", "constraint-missing-not-valid"): "disallowed-unique-constraint",
    ("adding-serial-primary-key-field-3", "constraint-missing-not-valid"): "adding-serial-primary-key-field",
    ("exclude", "constraint-missing-not-valid"): "adding-exclusion-constraint",
}
NO_HAZARD = {("generated-virtual", "adding-field-with-default")}
# Of each statement that squawk thinks of; we say it where it matters, and once per script.
ADVICE = {"prefer-robust-stmts", "require-lock-timeout", "require-statement-timeout"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_no_hazard_that_squawk_reports_is_missed(case):
    text = case.read_text()
    head = text.splitlines()[0]
    reading = read_any(case.name, text)

    analysis = analyse(Change((reading.script,), guarded=False), None)
    ours = {finding.code for finding in (*reading.findings, *analysis.findings)}

    theirs = set(head.partition(": ")[2].split(", "))
    wanted = {INSTEAD.get((case.stem, code), code) for code in theirs if (case.stem, code) not in NO_HAZARD}
    assert wanted - ours <= ADVICE - {case.stem}


def test_cases_cover_squawks_default_rules_that_we_share():
    reported = {code for case in CASES for code in case.read_text().splitlines()[0].partition(": ")[2].split(", ")}

    assert len(reported) == 50
    assert reported - {rule.code for rule in RULES} == {"syntax-error"}
