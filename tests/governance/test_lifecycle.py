"""The thirteen stages as data: evidence, acts, and the way back."""

from dataclasses import replace

import pytest

from governance.acts import ACTS
from governance.lifecycle import (
    ENDED,
    EXITS,
    STEPS_OF_A_RUN,
    ApprovalEvidence,
    Dossier,
    Stage,
    State,
    TargetEvidence,
    evidence,
    missing,
    reachable,
    stage_after_edit,
    stage_after_failure,
)
from governance.orders import Question, RunStatus, Verdict
from governance.specification import SECTIONS

ANSWERS = {question: Verdict.PASSED for question in Question}
STAGING = TargetEvidence("staging", False, analysis=State.DONE, deployed=State.DONE)
PRODUCTION = replace(STAGING, name="production", production=True, dry_run=State.DONE, booked="5 Dec", monitoring_left=0.0, answers=ANSWERS)
ENOUGH = ApprovalEvidence(needed=1, given=1)
COMPLETE = Dossier(
    written=frozenset({*SECTIONS, "data_class", "privacy_impact", "pattern"}),
    domains=("bidding",),
    unanswered=(),
    forward=1,
    unpaired=(),
    checks=1,
    rehearsal=State.DONE,
    rehearsal_detail="passed",
    tests=State.DONE,
    tests_detail="",
    targets=(STAGING, PRODUCTION),
    technical=ENOUGH,
    business=ENOUGH,
    can_deploy="yes",
    undeployed=(),
    reviewed_by="rosa",
    author="erin",
)


def with_production(**given):
    return replace(COMPLETE, targets=(STAGING, replace(PRODUCTION, **given)))


def test_a_complete_dossier_carries_from_the_first_stage_to_the_end():
    assert reachable(Stage.REQUIREMENT, COMPLETE) == (Stage.CLOSURE, True)


@pytest.mark.parametrize(
    ("stage", "dossier"),
    [
        (Stage.REQUIREMENT, replace(COMPLETE, written=COMPLETE.written - {"purpose"})),
        (Stage.REQUIREMENT, replace(COMPLETE, written=COMPLETE.written - {"privacy_impact"})),
        (Stage.REQUIREMENT, replace(COMPLETE, domains=())),
        (Stage.IMPACT_ANALYSIS, with_production(analysis=State.STALE)),
        (Stage.IMPACT_ANALYSIS, replace(COMPLETE, targets=())),
        (Stage.DESIGN, replace(COMPLETE, written=COMPLETE.written - {"mitigation"})),
        (Stage.DESIGN, replace(COMPLETE, unanswered=("Who is paid?",))),
        (Stage.SCRIPT_DEVELOPMENT, replace(COMPLETE, unpaired=("V1__a.sql",))),
        (Stage.SCRIPT_DEVELOPMENT, replace(COMPLETE, forward=0)),
        (Stage.SCRIPT_DEVELOPMENT, replace(COMPLETE, checks=0)),
        (Stage.SCRIPT_DEVELOPMENT, with_production(blocking=("adding-not-nullable-field",))),
        (Stage.LOCAL_TESTING, replace(COMPLETE, rehearsal=State.MISSING)),
        (Stage.INTEGRATION_TESTING, replace(COMPLETE, tests=State.STALE)),
        (Stage.INTEGRATION_TESTING, replace(COMPLETE, consistency=State.MISSING)),
        (Stage.STAGING_DEPLOYMENT, replace(COMPLETE, technical=ApprovalEvidence(2, 1, unmet=("one more reviewer",)))),
        (Stage.STAGING_DEPLOYMENT, replace(COMPLETE, technical=ApprovalEvidence(1, 1, rejected_by="ravi"))),
        (Stage.STAGING_DEPLOYMENT, replace(COMPLETE, targets=(replace(STAGING, deployed=State.STALE), PRODUCTION))),
        (Stage.PRODUCTION_DRY_RUN, with_production(dry_run=State.MISSING)),
        (Stage.SCHEDULED_WINDOW, with_production(booked="")),
        (Stage.SCHEDULED_WINDOW, with_production(conflict="blackout “sale”")),
        (Stage.SCHEDULED_WINDOW, replace(COMPLETE, business=ApprovalEvidence(1, 0, unmet=("a stakeholder",)))),
        (Stage.SCHEDULED_WINDOW, replace(COMPLETE, can_deploy="unknown: App 1.0")),
        (Stage.SCHEDULED_WINDOW, replace(COMPLETE, undeployed=("CHG-2",))),
        (Stage.PRODUCTION_DEPLOYMENT, with_production(deployed=State.MISSING)),
        (Stage.POST_MIGRATION_VERIFICATION, with_production(answers={**ANSWERS, Question.ACCURACY: Verdict.FAILED})),
        (Stage.POST_MIGRATION_VERIFICATION, with_production(answers={**ANSWERS, Question.SECURITY: Verdict.UNKNOWN})),
        (Stage.POST_MIGRATION_VERIFICATION, with_production(answers={})),
        (Stage.MONITORING_PERIOD, with_production(monitoring_left=0.5)),
        (Stage.MONITORING_PERIOD, with_production(monitoring_left=None)),
        (Stage.CLOSURE, replace(COMPLETE, reviewed_by="")),
        (Stage.CLOSURE, replace(COMPLETE, reviewed_by="erin")),
    ],
)
def test_a_stage_is_not_left_without_its_evidence(stage, dossier):
    assert reachable(Stage.REQUIREMENT, dossier) == (stage, False)
    assert missing(stage, dossier)


def test_every_stage_says_what_it_is_left_with():
    assert list(EXITS) == list(Stage)
    assert all(evidence(stage, COMPLETE) for stage in Stage)


def test_a_stale_approval_is_called_stale():
    dossier = replace(COMPLETE, technical=ApprovalEvidence(1, 0, stale=True, unmet=("a reviewer",)))

    assert missing(Stage.STAGING_DEPLOYMENT, dossier)[0].state is State.STALE


def test_an_edit_leads_back_to_script_development_and_never_forward():
    assert stage_after_edit(Stage.SCHEDULED_WINDOW) is Stage.SCRIPT_DEVELOPMENT
    assert stage_after_edit(Stage.DESIGN) is Stage.DESIGN


def test_a_failure_leads_to_the_stage_before():
    assert stage_after_failure(Stage.PRODUCTION_DEPLOYMENT) is Stage.SCHEDULED_WINDOW
    assert stage_after_failure(Stage.REQUIREMENT) is Stage.REQUIREMENT


def test_every_act_has_a_role_and_a_span_of_stages():
    assert all(act.roles and act.first <= act.last for act in ACTS.values())


def test_what_has_ended_stays_ended():
    assert set(STEPS_OF_A_RUN) == set(RunStatus)
    assert all(not STEPS_OF_A_RUN[status] for status in ENDED - {RunStatus.INDETERMINATE})
