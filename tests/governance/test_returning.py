"""Sending a change back: what depends on the stage is void or stale, and it stays there until somebody deals with it."""

import pytest

from governance import workflow
from governance.errors import BadInput, MissingEvidence, MissingRole, NeedsReason, NotReady
from governance.lifecycle import SENT_BACK, Stage
from governance.models import AuditEvent, Booking, SentBack
from governance.policy import ApprovalKind
from tests import factories
from tests.governance.api.caller import Caller
from tests.governance.behaviours.ways import WAYS, by_api, by_form, by_function


def back(cast, spec, stage, **given):
    usual = {"actor": cast.reviewer, "phase": factories.phase_of(spec), "stage": stage, "reason": "The checks forget bids."}
    return workflow.go_back(**{**usual, **given})


def lacking(spec) -> list[str]:
    return [piece.text for piece in factories.lacking(factories.phase_of(spec))]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("production")
def test_change_is_sent_back_by_every_way(cast, spec, way):
    phase, said = factories.phase_of(spec), {"stage": 4, "reason": "The checks forget bids."}
    ways = {
        "function": lambda: by_function(back, cast=cast, spec=spec, stage=Stage.SCRIPT_DEVELOPMENT),
        "page": lambda: by_form(cast.reviewer, phase, "go_back", **said),
        "api": lambda: by_api(Caller(), cast.reviewer, "POST", f"/changes/{spec.number}/back", said),
    }

    refused = ways[way]()

    assert (refused, factories.phase_of(spec).at) == ("", Stage.SCRIPT_DEVELOPMENT)
    assert SentBack.objects.get().reason == "The checks forget bids."
    assert AuditEvent.objects.filter(kind="phase.back", actor="rosa").count() == 1


@pytest.mark.at("production")
def test_what_depends_on_the_stage_is_void(cast, spec):
    back(cast, spec, Stage.SCRIPT_DEVELOPMENT)

    dossier = factories.dossier(factories.phase_of(spec))
    assert (dossier.technical.given, dossier.business.given, dossier.rehearsal) == (0, 0, "stale")
    assert {target.dry_run for target in dossier.targets if target.production} == {"stale"}
    assert Booking.objects.get().cancelled_at


@pytest.mark.at("production")
def test_technical_approval_survives_what_comes_after_it(cast, spec):
    back(cast, spec, Stage.PRODUCTION_DRY_RUN)

    dossier = factories.dossier(factories.phase_of(spec))
    assert (dossier.technical.given, dossier.business.given, dossier.rehearsal) == (1, 0, "done")


@pytest.mark.at("approval")
def test_it_stays_until_somebody_says_that_it_is_dealt_with(cast, spec):
    back(cast, spec, Stage.SCRIPT_DEVELOPMENT)
    factories.observe(factories.phase_of(spec))
    before = lacking(spec)

    with pytest.raises(MissingEvidence):
        _twice(cast, spec)

    assert before == [SENT_BACK]
    assert SentBack.objects.get().settled_by == cast.engineer
    assert factories.phase_of(spec).at is Stage.LOCAL_TESTING


def _twice(cast, spec):
    """Once it is dealt with, the rehearsal is what is missing."""
    workflow.advance(actor=cast.engineer, phase=factories.phase_of(spec))
    workflow.advance(actor=cast.engineer, phase=factories.phase_of(spec))


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"reason": " "}, NeedsReason),
        ({"stage": Stage.STAGING_DEPLOYMENT}, BadInput),
        ({"stage": Stage.CLOSURE}, BadInput),
    ],
)
@pytest.mark.at("approval")
def test_sending_back_takes_a_reason_and_an_earlier_stage(cast, spec, given, refusal):
    with pytest.raises(refusal):
        back(cast, spec, **{"stage": Stage.DESIGN, **given})

    assert not SentBack.objects.exists()


@pytest.mark.parametrize("name", ["stakeholder", "auditor"])
@pytest.mark.at("approval")
def test_sending_back_takes_its_role(cast, spec, name):
    with pytest.raises(MissingRole):
        back(cast, spec, Stage.DESIGN, actor=getattr(cast, name))


@pytest.mark.at("closure")
def test_change_that_is_applied_in_production_is_rolled_back_first(cast, spec):
    with pytest.raises(NotReady, match="Roll it back there first"):
        back(cast, spec, Stage.SCRIPT_DEVELOPMENT)
    back(cast, spec, Stage.MONITORING_PERIOD)

    assert factories.phase_of(spec).at is Stage.MONITORING_PERIOD


@pytest.mark.at("staging")
def test_approval_before_it_was_sent_back_stays_as_history(cast, spec):
    back(cast, spec, Stage.DESIGN)

    approval = factories.phase_of(spec).approvals.get(kind=ApprovalKind.TECHNICAL)
    assert approval.voided_because == "rosa sent it back to design: The checks forget bids."
