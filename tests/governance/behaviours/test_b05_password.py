"""B5: high risk is approved after the password; the event says how the person was recognised, in which session, from where."""

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from governance.case import load
from governance.models import Approval, AuditEvent
from tests import factories
from tests.governance.behaviours.approving import PASSWORD, TECHNICAL, approve, bring_risky_to_approval
from tests.governance.behaviours.ways import WAYS


@pytest.mark.parametrize("way", WAYS)
def test_b5_high_risk_is_approved_by_who_gives_the_password_again(cast, api, way):
    factories.make_targets()
    phase = bring_risky_to_approval(cast)

    without = approve(way, api, cast.reviewer, phase)
    wrong = approve(way, api, cast.reviewer, phase, password="not this one")
    right = approve(way, api, cast.reviewer, phase, password=PASSWORD)

    told = AuditEvent.objects.get(kind="approval.approved").data
    assert (without, right) == ("PasswordNeeded", "")
    assert wrong in ("PasswordNeeded", "WrongPassword")
    assert told["method"] in ("password", "confirmed_token")
    assert told["session"]
    assert told["address"] in ("127.0.0.1", "192.0.2.7")
    assert Approval.objects.get().confirmed_at


@pytest.mark.parametrize("way", ["page", "api"])
def test_b5_after_five_wrong_passwords_the_right_one_waits(cast, api, way):
    factories.make_targets()
    phase = bring_risky_to_approval(cast)
    for _ in range(5):
        approve(way, api, cast.reviewer, phase, password="not this one")

    refused = approve(way, api, cast.reviewer, phase, password=PASSWORD)

    assert refused in ("WrongPassword", "PasswordNeeded")
    assert AuditEvent.objects.filter(kind="refused.sign", actor="rosa").count() == 6
    assert not Approval.objects.exists()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("approval")
def test_b5_low_risk_is_approved_without_and_the_event_says_by_what(cast, spec, api, way):
    assert approve(way, api, cast.reviewer, factories.phase_of(spec)) == ""

    expected = {"function": "", "page": "session", "api": "token"}
    assert AuditEvent.objects.get(kind="approval.approved").data["method"] == expected[way]


def test_b5_the_database_takes_no_approval_of_high_risk_without_it(cast, db):
    factories.make_targets()
    phase = bring_risky_to_approval(cast)
    given = {"kind": TECHNICAL, "digest": load(phase.pk).digests[0], "policy": "1", "expires_at": timezone.now()}

    with pytest.raises(DatabaseError, match="after the password"), transaction.atomic():
        Approval.objects.create(phase=phase, person=cast.reviewer, **given)
