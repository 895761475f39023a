"""A change on its whole way over HTTP, each act by the token of whoever does it; and the records along it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance import audit, handoff
from governance.audit import System, save
from governance.models import AuditEvent, MatrixEntry, Rehearsal, Release, Run, Spec, Window
from governance.orders import Rehearsed, Verdict
from tests import factories
from tests.governance.api.caller import submission
from tests.governance.conftest import STAGES, wanted_of


@pytest.fixture
def targets(db):
    return factories.make_targets()


def finish_rehearsal():
    claim = handoff.claim("rehearse", Rehearsal.objects.get().pk)
    handoff.finish_rehearsal(claim, Rehearsed(Verdict.PASSED, (), message="as a test says"))


def test_a_change_goes_from_submission_to_closed_over_http(api, cast, targets):
    window = factories.make_window(targets[1])

    def post(person, path, status, **body):
        answer = api.post(person, path, body or None)
        assert answer.status_code == status, answer.content
        return answer.json()

    def phase():
        return api.get(cast.auditor, change).json()["phases"][0]

    def approve(person, kind, digest):
        post(person, f"{change}/approvals", 201, kind=kind, decision="approved", digest=digest)

    def run(**given):
        key = post(cast.operator, f"{change}/runs", 202, **given)["id"]
        factories.finish(Run.objects.get(pk=key))
        return api.get(cast.auditor, f"/runs/{key}").json()

    change = f"/changes/{post(cast.engineer, '/changes', 201, **submission())['number']}"
    spec = Spec.objects.get()
    post(cast.engineer, f"{change}/analysis", 202)
    factories.observe(factories.phase_of(spec))
    post(cast.engineer, f"{change}/rehearsals", 202)
    finish_rehearsal()
    post(cast.engineer, f"{change}/evidence", 201, suite="end to end", service="bids-api", passed=True, address="https://ci.example.com/7")
    approve(cast.reviewer, "technical", phase()["script_digest"])
    staging = run(target="staging_db")
    rehearsal_in_production = run(target="production_db", kind="dry_run")
    post(cast.operator, f"{change}/bookings", 201, target="production_db", window=window.pk)
    approve(cast.stakeholder, "business", phase()["release_digest"])
    production = run(target="production_db")
    results = [{"criterion": "Worst wait", "result": "0.1 s", "met": True}]
    debts = [{"title": "Name the levels", "owner": "erin", "due": "2027-01-31"}]
    post(cast.reviewer, f"{change}/review", 201, performance_impact="None.", lessons="None.", results=results, follow_ups=debts)

    assert phase()["status"] == "closed"
    assert [each["status"] for each in (staging, rehearsal_in_production, production)] == ["succeeded"] * 3
    assert {check["question"] for check in production["checks"]} == {
        "completeness", "accuracy", "referential_integrity", "business_rules", "performance", "security",
    }  # fmt: skip
    assert api.get(cast.auditor, f"{change}/rehearsals").json()[0]["verdict"] == "passed"
    assert api.get(cast.auditor, f"{change}/evidence").json()[0]["suite"] == "end to end"
    assert [each["kind"] for each in api.get(cast.auditor, f"{change}/approvals").json()] == ["business", "technical"]
    assert [each["kind"] for each in api.get(cast.auditor, f"{change}/runs").json()] == ["deploy", "dry_run", "deploy"]
    assert api.get(cast.auditor, f"{change}/bookings").json()[0]["booked_by"] == "otto"
    assert api.get(cast.auditor, f"{change}/review").json()["follow_ups"][0]["owner"] == "erin"
    assert {"kind": "backend", "name": "production_db", "version": "1.1.0", "live": True} in api.get(cast.auditor, "/releases").json()
    assert [each["version"] for each in api.get(cast.auditor, "/targets").json()] == ["1.1.0", "1.1.0"]


@pytest.fixture
def beginning(request):
    return wanted_of(request, {"staged": STAGES["staging"]})


@pytest.fixture
def staged(spec):
    return factories.phase_of(spec)


def test_a_run_is_watched_by_its_etag(api, cast, staged):
    key = api.post(cast.operator, f"/changes/{staged.spec.number}/runs", {"target": "staging_db"}).json()["id"]
    first = api.get(cast.engineer, f"/runs/{key}")

    unchanged = api.get(cast.engineer, f"/runs/{key}", If_None_Match=first["ETag"])
    factories.finish(Run.objects.get(pk=key))
    changed = api.get(cast.engineer, f"/runs/{key}", If_None_Match=first["ETag"])

    assert first.json()["status"] == "queued"
    assert (unchanged.status_code, unchanged.content, unchanged["ETag"]) == (304, b"", first["ETag"])
    assert (changed.status_code, changed.json()["status"]) == (200, "succeeded")
    assert changed["ETag"] != first["ETag"]


def test_a_run_is_paused_and_stopped(api, cast, staged):
    key = api.post(cast.operator, f"/changes/{staged.spec.number}/runs", {"target": "staging_db"}).json()["id"]

    paused = api.post(cast.operator, f"/runs/{key}/pause")
    stopped = api.post(cast.operator, f"/runs/{key}/stop")
    resumed = api.post(cast.operator, f"/runs/{key}/resume")

    assert (paused.json()["wish"], stopped.json()["wish"]) == ("pause", "stop")
    assert (resumed.status_code, resumed.json()["code"]) == (409, "NotReady")


def test_what_was_applied_is_rolled_back_with_a_reason(api, cast, staged):
    path = f"/changes/{staged.spec.number}/runs"
    key = api.post(cast.operator, path, {"target": "staging_db"}).json()["id"]
    factories.finish(Run.objects.get(pk=key))

    without = api.post(cast.operator, path, {"target": "staging_db", "kind": "rollback"})
    with_reason = api.post(cast.operator, path, {"target": "staging_db", "kind": "rollback", "reason": "Wrong levels."})

    assert (without.status_code, without.json()["code"]) == (403, "NeedsReason")
    assert (with_reason.status_code, with_reason.json()["reason"]) == (202, "Wrong levels.")


def test_the_discussion_holds_an_approval_up(api, cast, staged):
    change = f"/changes/{staged.spec.number}"
    script = staged.scripts.get(kind="forward").name
    wish = {"text": "Name the levels.", "kind": "changes", "script": script, "line": 3}
    decision = {"kind": "technical", "decision": "approved", "digest": api.get(cast.auditor, change).json()["phases"][0]["script_digest"]}

    said = api.post(cast.reviewer, f"{change}/comments", wish)
    answered = api.post(cast.engineer, f"{change}/comments", {"text": "Why?", "answers": said.json()["id"]})
    held_up = api.post(cast.second_reviewer, f"{change}/approvals", decision)
    others = api.post(cast.engineer, f"/comments/{said.json()['id']}/resolve")
    resolved = api.post(cast.reviewer, f"/comments/{said.json()['id']}/resolve")
    approved = api.post(cast.second_reviewer, f"{change}/approvals", decision)

    assert (said.status_code, said.json()["script"], said.json()["line"], said.json()["open"]) == (201, script, 3, True)
    assert answered.json()["answers"] == said.json()["id"]
    assert (held_up.status_code, held_up.json()["code"]) == (409, "MissingEvidence")
    assert others.status_code == 403
    assert (resolved.json()["open"], resolved.json()["resolved_by"]) == (False, "rosa")
    assert approved.status_code == 201
    assert len(api.get(cast.auditor, f"{change}/comments").json()) == 2
    assert api.get(cast.auditor, f"{change}/comments?only_open=true").json() == []


def test_the_calendar_says_whether_a_target_is_open_and_when_that_changes(api, cast, targets):
    window = factories.make_window(targets[1])
    audit.append(System.FIXTURES, "test.set_up", "", "A blackout for a test.")
    starts = timezone.now() + timedelta(hours=1)
    sale = save(
        System.FIXTURES,
        Window(environment=targets[1].environment, kind="blackout", name="sale", starts=starts, ends=starts + timedelta(hours=1)),
    )
    later = (starts + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")

    now = api.get(cast.operator, "/targets/production_db/calendar").json()
    then = api.get(cast.operator, f"/targets/production_db/calendar?at={later}").json()
    shut = api.get(cast.operator, "/targets/staging_db/calendar").json()
    windows = api.get(cast.operator, "/windows?environment=production").json()

    assert (now["open"], now["changes_at"][:19]) == (True, sale.starts.isoformat()[:19])
    assert (then["open"], "sale" in then["why"]) == (False, True)
    assert (shut["open"], shut["changes_at"]) == (False, None)
    assert [each["id"] for each in windows] == [window.pk, sale.pk]


def test_a_moment_without_its_zone_is_refused(api, cast, targets):
    assert api.get(cast.operator, "/targets/production_db/calendar?at=2026-12-05T01:00:00").status_code == 422


def test_events_are_read_in_pages_and_filtered(api, cast, staged):
    whole = api.get(cast.auditor, f"/events?subject={staged.spec.number}&limit=100").json()
    page = api.get(cast.auditor, f"/events?subject={staged.spec.number}&limit=2").json()
    approvals = api.get(cast.auditor, "/events?kind=approval.approved&actor=rosa").json()

    assert [each["id"] for each in whole["items"]] == list(
        AuditEvent.objects.filter(subject=staged.spec.number).values_list("pk", flat=True)
    )
    assert [each["id"] for each in page["items"]] == [each["id"] for each in whole["items"][:2]]
    assert page["next"]
    assert [each["subject"] for each in approvals["items"]] == [staged.spec.number]


def test_the_matrix_is_read_by_client_and_backend(api, cast, targets):
    client = factories.make_client_release()
    backend = save(System.FIXTURES, Release(kind="backend", name="production_db", version="1.0.0"))
    save(System.FIXTURES, MatrixEntry(client=client, backend=backend, verdict="full", reason="the suite passed", source="tested"))

    (cell,) = api.get(cast.engineer, "/matrix?client=App&backend=production_db").json()
    none = api.get(cast.engineer, "/matrix?client=Other").json()

    assert (cell["client"]["version"], cell["verdict"], cell["reason"]) == ("1.0", "full", "the suite passed")
    assert none == []
