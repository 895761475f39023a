"""B14: the emergency way takes its role, a reason and an incident, is over by itself, tells everybody, and skips by name only."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from governance.emergency import LONGEST, Skip
from governance.lifecycle import Stage
from governance.models import AuditEvent, BreakGlass, Notice
from governance.policy import ApprovalKind
from governance.specification import ChangeKind
from governance.workflow import break_glass
from tests import factories
from tests.governance.behaviours.approving import rules, start
from tests.governance.behaviours.ways import WAYS, browser, by_api, by_form, by_function
from tests.governance.exceptional import open_emergency

INCIDENT, REASON = "INC-4711", "Nobody can bid."


def opened(way, api, person, phase, **given) -> str:
    usual = {"incident": INCIDENT, "reason": REASON, "skips": ["window", "dry_run"], **given}
    if way == "function":
        return by_function(break_glass, actor=person, phase=phase, **usual)
    if way == "page":
        return by_form(person, phase, "break_glass", minutes=60, **usual)
    return by_api(api, person, "POST", f"/changes/{phase.spec.number}/emergencies", {**usual, "minutes": 60})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("submission")
def test_b14_operator_breaks_the_glass_for_a_time_and_everybody_is_told_at_once(api, cast, spec, way):
    assert opened(way, api, cast.operator, factories.phase_of(spec)) == ""

    row, everybody = BreakGlass.objects.get(), User.objects.filter(groups__isnull=False).distinct().count()
    spec.refresh_from_db()
    assert (row.incident, row.reason, row.skips, row.opened_by) == (INCIDENT, REASON, ["dry_run", "window"], cast.operator)
    assert timezone.now() < row.expires_at <= timezone.now() + LONGEST
    assert Notice.objects.filter(kind="emergency").count() == everybody
    assert spec.kind == ChangeKind.EMERGENCY


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["engineer", "reviewer", "stakeholder", "auditor"])
@pytest.mark.at("submission")
def test_b14_nobody_else_breaks_the_glass(api, cast, spec, way, name):
    assert opened(way, api, getattr(cast, name), factories.phase_of(spec)) in ("MissingRole", "")

    assert not BreakGlass.objects.exists()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lacking", ["reason", "incident"])
@pytest.mark.at("submission")
def test_b14_reason_and_incident_are_asked_for(api, cast, spec, way, lacking):
    opened(way, api, cast.operator, factories.phase_of(spec), **{lacking: ""})

    assert not BreakGlass.objects.exists()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("submission")
def test_b14_what_protects_data_has_no_name_to_be_skipped_by(api, cast, spec, way):
    opened(way, api, cast.operator, factories.phase_of(spec), skips=["technical_approval"])

    assert not BreakGlass.objects.exists()
    assert not {"technical_approval", "digest", "rollback", "analysis", "blocking_findings"} & set(Skip)


@pytest.mark.at("submission")
def test_b14_pages_tell_that_an_emergency_lasts_and_what_is_skipped(cast, spec):
    phase = factories.phase_of(spec)
    open_emergency(cast, phase, skips=["rehearsal"])
    factories.observe(phase)

    home = browser(cast.stakeholder).get("/").content.decode()
    change = browser(cast.stakeholder).get(f"/governance/spec/{spec.pk}/change/?tab=stages").content.decode()

    assert "INC-4711" in home
    assert "declared this emergency" in home
    assert "skipped by otto, INC-4711" in change
    assert factories.phase_of(spec).at is Stage.STAGING_DEPLOYMENT


@pytest.mark.at("submission")
def test_b14_each_skipped_name_is_in_the_history(cast, spec):
    open_emergency(cast, factories.phase_of(spec), skips=["rehearsal", "window"])

    event = AuditEvent.objects.get(kind="emergency.open")
    assert (event.actor, event.data["incident"], event.data["skips"]) == ("otto", INCIDENT, ["rehearsal", "window"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("submission")
def test_b14_business_that_is_skipped_leaves_what_policy_asks_of_others_in_production(api, cast, spec, way):
    rules({"kind": "dba", "people": 1, "why": "the DBA looks at production", "when": {"production": True}})
    cast.auditor.groups.set(cast.operator.groups.all())
    phase = factories.phase_of(spec)
    open_emergency(cast, phase, skips=list(Skip))
    factories.observe(phase)
    factories.approve(cast, factories.phase_of(spec), ApprovalKind.TECHNICAL)

    refused = start(way, api, cast.operator, factories.phase_of(spec), production=True)

    assert (refused, factories.phase_of(spec).at) == ("MissingEvidence", Stage.PRODUCTION_DEPLOYMENT)


@pytest.mark.at("submission")
def test_b14_command_breaks_the_glass_and_is_refused_as_everything_else(cast, spec):
    said = {"incident": INCIDENT, "reason": REASON, "skip": ["window"], "minutes": 30}

    with pytest.raises(CommandError, match="may not break the glass"):
        call_command("break_glass", spec.number, operator="erin", **said)
    call_command("break_glass", spec.number, operator="otto", **said)

    assert (BreakGlass.objects.get().opened_by, BreakGlass.objects.get().skips) == (cast.operator, ["window"])
