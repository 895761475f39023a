"""What is missing to go on: one function for page, API and command."""

import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from governance import workflow
from tests import factories
from tests.governance.api.caller import Caller
from tests.governance.behaviours.ways import browser


def told(*arguments: str) -> tuple[str, int]:
    output = StringIO()
    try:
        call_command("missing", *arguments, stdout=output)
    except SystemExit as ended:
        return output.getvalue(), int(ended.code or 0)
    return output.getvalue(), 0


@pytest.mark.at("submission")
def test_command_says_what_is_missing_and_ends_with_1(spec):
    text, code = told(spec.number)

    assert "✗ Analysis on today's facts of every target: missing (staging_db, production_db)" in text
    assert code == 1


@pytest.mark.at("approval")
def test_command_tells_all_thirteen_stages(spec):
    text, _ = told(spec.number, "--all")

    assert [line for line in text.splitlines() if line[:2].strip().isdigit()][-1] == "13 Closure"
    assert "✓ Rehearsal of these scripts: done (passed)" in text


@pytest.mark.at("staging")
def test_page_api_and_command_answer_alike(cast, spec):
    api = Caller().get(cast.auditor, f"/changes/{spec.number}/stages").json()
    command = json.loads(told(spec.number, "--all", "--json")[0])["stages"]
    page = browser(cast.auditor).get(f"/governance/spec/{spec.pk}/change/?tab=stages").content.decode()

    assert [(each["stage"], each["evidence"]) for each in api] == [(each["stage"], each["evidence"]) for each in command]
    assert all(piece["text"].replace("'", "&#x27;") in page for stage in api for piece in stage["evidence"])
    assert [each["stage"] for each in api if each["here"]] == [7]


@pytest.mark.at("staging")
def test_page_shows_what_later_stages_need_quietly_and_in_red_only_what_is_missing_now(cast, spec):
    address = f"/governance/spec/{spec.pk}/change/?tab=stages"
    quiet = browser(cast.auditor).get(address).content.decode()
    workflow.add_evidence(actor=cast.engineer, phase=factories.phase_of(spec), suite="end to end", service="bids", passed=False)

    loud = browser(cast.auditor).get(address).content.decode()

    assert re.findall(r'class="bad">([^<]*)', quiet.partition("Thirteen stages")[2].partition("</section>")[0]) == ["staging_db"]
    assert "end to end of bids: failed" in loud
    assert quiet.count("not yet") > 5


@pytest.mark.at("submission")
def test_command_without_such_a_change_says_so_and_ends_with_2(spec):
    with pytest.raises(CommandError) as refused:
        call_command("missing", "CHG-999999")

    assert refused.value.returncode == 2


@pytest.mark.at("closure")
def test_nothing_is_missing_of_a_closed_change(cast, spec):
    factories.review(cast, factories.phase_of(spec))

    assert told(spec.number)[1] == 0
