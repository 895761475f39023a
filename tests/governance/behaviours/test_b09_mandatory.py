"""B9: reason, privacy impact, data class and rollback plan are mandatory; what cannot be undone takes a second approval."""

import pytest

from governance import workflow
from governance.lifecycle import Stage, State
from governance.policy import ApprovalKind
from tests import factories
from tests.governance.api.caller import submission
from tests.governance.behaviours.ways import browser

MANDATORY = {
    "purpose": (Stage.REQUIREMENT, "Purpose"),
    "drivers": (Stage.REQUIREMENT, "Business drivers"),
    "data_class": (Stage.REQUIREMENT, "Data class"),
    "privacy_impact": (Stage.REQUIREMENT, "Privacy impact"),
    "rollback_procedure": (Stage.DESIGN, "Rollback procedure"),
}


@pytest.fixture
def targets(cast):
    return factories.make_targets()


@pytest.mark.parametrize("name", MANDATORY)
def test_b9_change_stays_where_what_is_mandatory_is_asked_for(cast, targets, name):
    stage, text = MANDATORY[name]

    phase = factories.phase_of(factories.make_spec(cast, **{name: ""}))
    factories.observe(phase)

    phase = factories.phase_of(phase.spec)
    lacking = [piece.text for piece in factories.lacking(phase)]
    assert (phase.at, lacking) == (stage, [text])


def test_b9_page_and_api_say_what_is_mandatory(api, cast, targets):
    answer = api.post(cast.engineer, "/changes", submission(privacy_impact=""))
    number = answer.json()["number"]

    page = browser(cast.engineer).get(f"/governance/spec/{number.removeprefix('CHG-')}/change/?tab=stages").content.decode()
    missing = api.get(cast.engineer, f"/changes/{number}/stages").json()[0]["evidence"]

    assert "Privacy impact" in page
    assert [piece["text"] for piece in missing if piece["state"] == State.MISSING] == ["Privacy impact"]


def test_b9_what_cannot_be_undone_takes_a_second_approval(cast, targets):
    irreversible = {"irreversible": True, "restore_plan": "From the archive."}
    phase = factories.bring_to_approval(cast, factories.make_spec(cast, factories.script_files(rollback=""), **irreversible))
    digest = workflow.digest_for(phase, ApprovalKind.TECHNICAL)

    workflow.approve(actor=cast.reviewer, phase=phase, kind=ApprovalKind.TECHNICAL, digest=digest)
    first = factories.dossier(phase).technical
    workflow.approve(actor=cast.second_reviewer, phase=phase, kind=ApprovalKind.TECHNICAL, digest=digest)

    assert first.needed - first.given >= 1
    assert factories.dossier(phase).technical.given == 2
