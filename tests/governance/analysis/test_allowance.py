"""Findings that an author lets stand."""

import pytest

from governance.analysis.rule import Level
from tests.governance.analysis.samples import analysed

INDEX, CODE = "CREATE INDEX ON bids (status);", "require-concurrent-index-creation"
ALLOW = f"-- lockgate: allow {CODE} because nobody writes at night"


@pytest.mark.parametrize(
    "text",
    [
        f"{ALLOW}\n{INDEX}",
        f"SELECT 1;\n\n{ALLOW}\n\n{INDEX}",
        f"CREATE INDEX\n  {ALLOW}\n  ON bids (status);",
        f"SELECT 1; {INDEX} {ALLOW}",
        f"-- lockgate: allow other-code, {CODE} because nobody writes at night\n{INDEX}",
    ],
)
def test_finding_with_a_reason_stays_as_a_notice(text):
    analysis = analysed(text)

    (finding,) = [found for found in analysis.findings if found.code == CODE]
    assert (finding.level, finding.allowed) == (Level.NOTICE, "nobody writes at night")
    assert finding.why.endswith("The author lets it stand: nobody writes at night")
    assert analysis.blocking == frozenset()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"-- lockgate: allow {CODE}\n{INDEX}", "suppression-without-reason"),
        (f"-- lockgate: allow {CODE} because \n{INDEX}", "suppression-without-reason"),
        (f"-- lockgate: be quiet\n{INDEX}", "suppression-without-reason"),
        (f"{ALLOW}\nSELECT 1;\n{INDEX}", "suppression-without-effect"),
        (f"{INDEX}\n{ALLOW}", "suppression-without-effect"),
    ],
)
def test_comment_that_does_nothing_is_itself_a_finding(text, complaint):
    analysis = analysed(text)

    assert complaint in [finding.code for finding in analysis.findings]
    assert analysis.blocking == {CODE}


@pytest.mark.parametrize("text", [f"SELECT '{ALLOW}\n';", f"SELECT $$\n{ALLOW}\n$$;"])
def test_what_stands_in_a_string_allows_nothing(text):
    assert analysed(text + INDEX).blocking == {CODE}


def test_allowed_finding_still_counts_as_risk():
    allowed = analysed("-- lockgate: allow weakens-security because the rows are public\nGRANT SELECT ON bids TO PUBLIC;")

    assert any("PUBLIC" in point.reason for point in allowed.risk.points)


def test_reason_is_kept_in_the_report():
    (finding, *_) = analysed(f"{ALLOW}\n{INDEX}").as_json()["findings"]

    assert finding["allowed"] == "nobody writes at night"
