"""Adding checks and taking proposed ones out: with a reason, and bound to what is approved."""

import pytest

from governance import workflow
from governance.case import load
from governance.errors import BadCheck, BadInput, MissingRole, NeedsReason, NotReady
from governance.lifecycle import Stage
from governance.manifest import content_digest
from governance.models import AuditEvent, CheckChoice
from governance.validation.choosing import Origin
from tests import factories

TEXT = "-- check: bids are counted\n-- use: rows of public.bids\n"
INDEXES = "no invalid indexes"


def asked(phase):
    return {each.check.name: each for each in workflow.checks_of(load(phase.pk))}


@pytest.mark.at("approval")
def test_an_added_check_is_asked_and_voids_what_was_approved(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    before = content_digest(phase)

    workflow.add_check(actor=cast.engineer, phase=phase, text=TEXT, reason="The old form lost bids.")

    phase = factories.phase_of(spec)
    assert asked(phase)["bids are counted"].origin is Origin.ADDED
    assert content_digest(phase) != before
    assert phase.at is Stage.SCRIPT_DEVELOPMENT
    assert not phase.approvals.filter(voided_at=None).exists()
    assert CheckChoice.history.get().reason == "The old form lost bids."
    assert AuditEvent.objects.filter(text__contains="added the check “bids are counted”: The old form lost bids.").exists()


@pytest.mark.at("approval")
def test_a_proposed_check_is_taken_out_and_put_back(cast, spec):
    phase = factories.phase_of(spec)
    digest = content_digest(phase)

    workflow.take_out_check(actor=cast.engineer, phase=phase, name=INDEXES, reason="One is being rebuilt.")
    out = asked(phase)[INDEXES].taken_out
    workflow.put_back_check(actor=cast.operator, phase=phase, name=INDEXES, reason="It is built.")

    assert out == "One is being rebuilt."
    assert not asked(phase)[INDEXES].taken_out
    assert content_digest(phase) == digest


@pytest.mark.at("approval")
@pytest.mark.parametrize(
    ("person", "text", "reason", "refusal"),
    [
        ("reviewer", TEXT, "so", MissingRole),
        ("engineer", TEXT, " ", NeedsReason),
        ("engineer", "-- use: rows", "so", BadCheck),
        ("engineer", f"{TEXT}\n-- use: keys of public.bids", "so", BadInput),
        ("engineer", TEXT.replace("bids are counted", INDEXES), "so", BadInput),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(cast, spec, person, text, reason, refusal):
    phase = factories.phase_of(spec)

    with pytest.raises(refusal):
        workflow.add_check(actor=getattr(cast, person), phase=phase, text=text, reason=reason)

    assert not CheckChoice.objects.exists()


@pytest.mark.at("approval")
def test_what_cannot_be_taken_out_or_put_back_says_why(cast, spec):
    phase, given = factories.phase_of(spec), {"actor": cast.engineer, "reason": "so"}
    written = next(each for each in asked(phase).values() if each.origin is Origin.FILE)

    for name, refusal in ((written.check.name, BadInput), ("nothing of the sort", BadInput)):
        with pytest.raises(refusal):
            workflow.take_out_check(phase=phase, name=name, **given)
    with pytest.raises(NotReady):
        workflow.put_back_check(phase=phase, name=INDEXES, **given)
