"""B2: an approval is bound to exactly what was approved; a change voids what it touches and nothing else, and what was given is kept."""

import pytest

from governance import workflow
from governance.case import load
from governance.errors import DigestChanged
from governance.models import Approval, Notice
from governance.pages.differences import changed_for
from tests import factories
from tests.governance.behaviours.approving import BUSINESS, TECHNICAL, approve
from tests.governance.behaviours.ways import WAYS


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("approval")
def test_b2_approval_of_what_is_no_longer_there_is_refused(cast, spec, api, way):
    phase = factories.phase_of(spec)
    seen = workflow.digest_for(phase, TECHNICAL)
    factories.edit(cast.engineer, phase)
    phase = factories.bring_to_approval(cast, spec)

    refused = approve(way, api, cast.reviewer, phase, digest=seen)

    assert refused == DigestChanged.__name__
    assert not Approval.objects.exists()


@pytest.mark.at("production")
def test_b2_an_edited_byte_voids_both_approvals_keeps_them_and_tells_who_gave_them(cast, spec):
    phase = factories.phase_of(spec)

    factories.edit(cast.engineer, phase, factories.FORWARD + " ")

    rows = {row.kind: row for row in Approval.objects.all()}
    assert {kind: bool(row.voided_at) for kind, row in rows.items()} == {"technical": True, "business": True}
    assert set(Notice.objects.filter(kind="approval_voided").values_list("person__username", flat=True)) >= {"rosa", "stella", "erin"}


@pytest.mark.at("production")
def test_b2_moving_the_window_voids_the_business_approval_alone_and_its_page_shows_what_moved(cast, spec):
    phase = factories.phase_of(spec)
    target = factories.on(phase, production=True).target

    workflow.book(actor=cast.operator, phase=phase, target=target, window=factories.make_window(target, starts_in=30))

    assert dict(Approval.objects.values_list("kind", "voided_because")) == {"technical": "", "business": "the booking changed"}
    changed = changed_for(cast.stakeholder, load(phase.pk), BUSINESS)
    assert changed["word"] == "time"
    assert changed["facts"][0]["before"] != changed["facts"][0]["after"]


@pytest.mark.at("staging")
def test_b2_changed_since_you_approved_is_shown_as_a_diff(cast, spec):
    phase = factories.phase_of(spec)
    factories.edit(cast.engineer, phase)

    changed = changed_for(cast.reviewer, load(phase.pk), TECHNICAL)

    assert changed["word"] == "1 line"
    assert {"look": "ins", "text": "+-- one more thought"} in changed["diffs"][0]["lines"]
