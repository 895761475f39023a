"""Every rule holds by button and over HTTP as it does in the function: the same refusal, in the same words, and nothing is changed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance import workflow
from governance.acts import ACTS
from governance.errors import MissingRole, Refusal
from governance.lifecycle import Role
from governance.models import ApiToken, AuditEvent, CommentKind, Phase, Run, Script, Window
from governance.orders import RunKind, Wish
from governance.policy import ApprovalKind
from governance.workflow import Result
from tests import factories
from tests.factories import Cast
from tests.governance.api.caller import submission

pytestmark = pytest.mark.at("staging")


@dataclass
class Scene:
    """A change that was just submitted, or one at the stage of staging deployment, technically approved."""

    cast: Cast
    phase: Phase

    @property
    def path(self) -> str:
        return f"/changes/{self.phase.spec.number}"

    @property
    def digest(self) -> str:
        return workflow.digest_for(self.phase, ApprovalKind.TECHNICAL)

    def deployment(self, target: str) -> Any:
        return self.phase.deployments.get(target__name=target)

    def window(self, **given: Any) -> Window:
        return factories.make_window(self.deployment("production_db").target, **given)


@dataclass
class Attempt:
    """One act, three ways to it."""

    person: User
    code: str
    function: Callable[[], Any]
    method: str
    path: str
    body: dict[str, Any] | None
    page: str  # what the button posts to
    form: dict[str, Any]
    barred: bool = False  # the page does not open for the person, or its form tells before the act is tried


def page_of(scene: Scene, kind: str, name: str) -> str:
    return reverse(f"admin:governance_spec_{kind}", args=[scene.phase.spec_id, scene.phase.pk, name])


def decision(scene: Scene, person: User, code: str, **given: Any) -> Attempt:
    body = {"kind": "technical", "decision": "approved", "digest": scene.digest, "reason": "", **given}
    act = workflow.approve if body["decision"] == "approved" else workflow.reject
    told = {"actor": person, "phase": scene.phase, "kind": ApprovalKind(body["kind"]), "digest": body["digest"], "reason": body["reason"]}
    page = page_of(scene, "act", "reject" if body["decision"] == "rejected" else f"approve_{body['kind']}")
    return Attempt(person, code, lambda: act(**told), "POST", f"{scene.path}/approvals", body, page, body)


def run(scene: Scene, person: User, code: str, target: str, kind: str = "deploy", reason: str = "") -> Attempt:
    body = {"target": target, "kind": kind, "reason": reason}
    told = {"actor": person, "deployment": scene.deployment(target)}
    form = {"deployment": scene.deployment(target).pk, "reason": reason}
    place = "below_production" if target == "staging_db" else "production"
    page = page_of(scene, "act", {"rollback": "roll_back", "dry_run": "dry_run"}.get(kind, f"deploy_{place}"))
    act = partial(workflow.roll_back, reason=reason) if kind == "rollback" else partial(workflow.start, kind=RunKind(kind))
    return Attempt(person, code, lambda: act(**told), "POST", f"{scene.path}/runs", body, page, form)


BUTTONS = {"analysis": "request_analysis", "rehearsals": "request_rehearsal", "evidence": "add_evidence", "comments": "comment"}
FORMS = {"add_evidence", "review"}


def about_phase(act: Callable[..., Any], name: str, code: str, person: str, body: dict[str, Any] | None = None, **given: Any) -> Any:
    def attempt(scene: Scene) -> Attempt:
        actor, button = getattr(scene.cast, person), BUTTONS.get(name, name)
        page = page_of(scene, "form" if button in FORMS else "act", button)
        function = partial(act, actor=actor, phase=scene.phase, **given)
        return Attempt(actor, code, function, "POST", f"{scene.path}/{name}", body, page, body or {})

    return attempt


def author_who_is_a_reviewer(scene: Scene) -> Attempt:
    scene.cast.engineer.groups.add(Group.objects.get(name=Role.REVIEWER))
    return decision(scene, scene.cast.engineer, "OwnWork")


def editor_who_is_a_reviewer(scene: Scene) -> Attempt:
    scene.cast.operator.groups.add(Group.objects.get(name=Role.REVIEWER))
    workflow.edit_specification(actor=scene.cast.operator, spec=scene.phase.spec, changes={"purpose": "Trust."})
    return decision(scene, scene.cast.operator, "OwnWork")


def superuser_without_the_role(scene: Scene) -> Attempt:
    root = User.objects.create_superuser("root", "root@example.com", "a long password")
    root.groups.add(Group.objects.get(name=Role.AUDITOR))
    return decision(scene, root, "MissingRole")


def edited_script(scene: Scene, person: User, code: str, text: str) -> Attempt:
    script = Script.objects.get(phase=scene.phase, kind="forward")
    edit = {"actor": person, "script": script, "text": text}
    path, form = f"{scene.path}/scripts/{script.name}", {"scripts": SimpleUploadedFile(script.name, text.encode())}
    return Attempt(
        person, code, lambda: workflow.edit_script(**edit), "PUT", path, {"text": text}, page_of(scene, "form", "edit_script"), form
    )


def booked(scene: Scene, person: User, code: str, **window: Any) -> Attempt:
    row, target = scene.window(**window), scene.deployment("production_db").target
    body = {"target": target.name, "window": row.pk}
    book = {"actor": person, "phase": scene.phase, "target": target, "window": row}
    form = {"target": target.pk, "window": row.pk, "start": "manual"}
    return Attempt(
        person, code, lambda: workflow.book(**book), "POST", f"{scene.path}/bookings", body, page_of(scene, "form", "book"), form
    )


def steered(scene: Scene, person: User, code: str, act: str) -> Attempt:
    row = workflow.start(actor=scene.cast.operator, deployment=scene.deployment("staging_db"))
    if code == "NotReady":
        factories.finish(row)
    function = {
        "pause": lambda: workflow.control(actor=person, run=row, wish=Wish.PAUSE),
        "stop": lambda: workflow.control(actor=person, run=row, wish=Wish.STOP),
        "resume": lambda: workflow.resume(actor=person, run=row),
        "slow": lambda: workflow.control(actor=person, run=row, wish=Wish.SLOW),
        "keep": lambda: workflow.keep(actor=person, run=row, reason="It is fine."),
        "roll_back": lambda: workflow.roll_back_run(actor=person, run=row, reason="It is wrong."),
        "judge": lambda: workflow.judge_statement(actor=person, run=row, position=1, applied=True, reason="It is there."),
    }[act]
    page = reverse("admin:governance_run_act", args=[row.pk])
    judged = {"position": 1, "applied": True, "reason": "It is there."}
    reason = {"keep": {"reason": "It is fine."}, "roll_back": {"reason": "It is wrong."}, "judge": judged}.get(act)
    form = {"act": {"judge": "applied"}.get(act, act), **(reason or {})}
    return Attempt(person, code, function, "POST", f"/runs/{row.pk}/{act}", reason, page, form)


def busy_target(scene: Scene) -> Attempt:
    workflow.start(actor=scene.cast.operator, deployment=scene.deployment("staging_db"))
    return run(scene, scene.cast.operator, "TargetBusy", "staging_db")


def applied_already(scene: Scene) -> Attempt:
    factories.finish(workflow.start(actor=scene.cast.operator, deployment=scene.deployment("staging_db")))
    return run(scene, scene.cast.operator, "AlreadyApplied", "staging_db")


def decided_already(scene: Scene) -> Attempt:
    return decision(scene, scene.cast.reviewer, "AlreadyDecided")


def submitted(scene: Scene, person: User, code: str) -> Attempt:
    given, files = submission(), factories.script_files()
    told = {"actor": person, "specification": factories.specification(), "scripts": files}
    page, form = reverse("admin:governance_spec_add"), {"scripts": [SimpleUploadedFile(each.name, each.text.encode()) for each in files]}
    form |= {"title": "Levels", "pattern": "plain"}
    return Attempt(person, code, lambda: workflow.submit(**told), "POST", "/changes", given, page, form, barred=True)


def reviewed(scene: Scene) -> Attempt:
    body = {"performance_impact": "None.", "lessons": "None.", "results": [{"criterion": "Worst wait", "result": "0.1 s", "met": True}]}
    told = {"performance_impact": "None.", "lessons": "None.", "results": {"Worst wait": Result("0.1 s", True)}}
    attempt = about_phase(workflow.review, "review", "WrongStage", "reviewer", body, **told)(scene)
    criterion = scene.phase.spec.criteria.get().pk
    attempt.form = {**body, f"result_{criterion}": "0.1 s", f"met_{criterion}": "on"}
    return attempt


COMMENT = {"text": "Why?", "kind": CommentKind.CHANGES}
EVIDENCE = {"suite": "end to end", "service": "bids-api", "passed": True}
FROM_THE_START: dict[str, Callable[[Scene], Attempt]] = {
    "a superuser cannot approve": superuser_without_the_role,
    "an engineer cannot approve": lambda scene: decision(scene, scene.cast.engineer, "MissingRole"),
    "a stakeholder cannot approve technically": lambda scene: decision(scene, scene.cast.stakeholder, "MissingRole"),
    "business does not approve before the window": lambda scene: decision(scene, scene.cast.stakeholder, "WrongStage", kind="business"),
    "a reviewer cannot submit": lambda scene: submitted(scene, scene.cast.reviewer, "MissingRole"),
    "a version is taken once": lambda scene: submitted(scene, scene.cast.engineer, "DuplicateVersion"),
    "a reviewer cannot edit": lambda scene: edited_script(scene, scene.cast.reviewer, "MissingRole", "SELECT 1;"),
    "an edit is SQL": lambda scene: edited_script(scene, scene.cast.engineer, "UnparsableScript", "ALTER;"),
    "an auditor asks for no analysis": about_phase(workflow.request_analysis, "analysis", "MissingRole", "auditor"),
    "an auditor asks for no rehearsal": about_phase(workflow.request_rehearsal, "rehearsals", "MissingRole", "auditor"),
    "an auditor sends no evidence": about_phase(workflow.add_evidence, "evidence", "MissingRole", "auditor", EVIDENCE, **EVIDENCE),
    "an engineer asks for no changes": about_phase(workflow.comment, "comments", "MissingRole", "engineer", COMMENT, **COMMENT),
    "an auditor does not cancel": about_phase(workflow.cancel, "cancel", "MissingRole", "auditor", {"reason": "No."}, reason="No."),
    "giving up takes a reason": about_phase(workflow.cancel, "cancel", "NeedsReason", "engineer", {"reason": " "}, reason=" "),
    "a stakeholder does not go on": about_phase(workflow.advance, "advance", "MissingRole", "stakeholder"),
    "a review comes at the end": reviewed,
    "a reviewer does not book": lambda scene: booked(scene, scene.cast.reviewer, "MissingRole"),
    "a window is booked at its stage": lambda scene: booked(scene, scene.cast.operator, "WrongStage"),
    "a reviewer does not run": lambda scene: run(scene, scene.cast.reviewer, "MissingRole", "staging_db"),
    "an engineer does not run in production": lambda scene: run(scene, scene.cast.engineer, "MissingRole", "production_db"),
    "a rollback has a reason": lambda scene: run(scene, scene.cast.operator, "NeedsReason", "staging_db", "rollback"),
    "an engineer does not roll back": lambda scene: run(scene, scene.cast.engineer, "MissingRole", "staging_db", "rollback", "Wrong."),
}
FROM_STAGING: dict[str, Callable[[Scene], Attempt]] = {
    "an author cannot approve": author_who_is_a_reviewer,
    "an editor cannot approve": editor_who_is_a_reviewer,
    "a stale digest cannot be approved": lambda scene: decision(scene, scene.cast.second_reviewer, "DigestChanged", digest="0" * 64),
    "a stale digest cannot be rejected": lambda scene: decision(
        scene, scene.cast.second_reviewer, "DigestChanged", digest="0" * 64, decision="rejected", reason="No."
    ),
    "nobody decides twice": decided_already,
    "a rejection has a reason": lambda scene: decision(scene, scene.cast.second_reviewer, "NeedsReason", decision="rejected"),
    "nothing goes on without evidence": about_phase(workflow.advance, "advance", "MissingEvidence", "engineer"),
    "production waits for the business": lambda scene: run(scene, scene.cast.operator, "MissingEvidence", "production_db"),
    "a dry run comes after staging": lambda scene: run(scene, scene.cast.operator, "WrongStage", "production_db", "dry_run"),
    "one run at a time": busy_target,
    "nothing is applied twice": applied_already,
    "a rollback needs something to undo": lambda scene: run(
        scene, scene.cast.operator, "NothingToUndo", "staging_db", "rollback", "Wrong."
    ),
    "an engineer does not pause": lambda scene: steered(scene, scene.cast.engineer, "MissingRole", "pause"),
    "an engineer does not stop": lambda scene: steered(scene, scene.cast.engineer, "MissingRole", "stop"),
    "an engineer does not resume": lambda scene: steered(scene, scene.cast.engineer, "MissingRole", "resume"),
    "an engineer does not slow it down": lambda scene: steered(scene, scene.cast.engineer, "MissingRole", "slow"),
    "an engineer does not decide that it stays": lambda scene: steered(scene, scene.cast.engineer, "MissingRole", "keep"),
    "an engineer does not roll a run back": lambda scene: steered(scene, scene.cast.engineer, "MissingRole", "roll_back"),
    "an engineer does not say what is applied": lambda scene: steered(scene, scene.cast.engineer, "MissingRole", "judge"),
    "nobody says of a run that the target judges what is applied": lambda scene: steered(scene, scene.cast.operator, "NotReady", "judge"),
    "nothing is kept about which nothing is open": lambda scene: steered(scene, scene.cast.operator, "NotReady", "keep"),
    "what has ended is not paused": lambda scene: steered(scene, scene.cast.operator, "NotReady", "pause"),
}
STATUS = {
    "OwnWork": 403, "MissingRole": 403, "AlreadyDecided": 403, "NeedsReason": 403, "DigestChanged": 409, "WrongStage": 409, "NotReady": 409,
    "MissingEvidence": 409, "TargetBusy": 409, "AlreadyApplied": 409, "NothingToUndo": 409, "DuplicateVersion": 422,
    "UnparsableScript": 422,
}  # fmt: skip


def shown_after(attempt: Attempt) -> str:
    """What a person reads who presses the button; somebody whom the page bars reads what the rule says, as it offers no button."""
    client = Client()
    client.force_login(attempt.person)
    answer = client.post(attempt.page, attempt.form)
    if answer.status_code == 403:
        assert attempt.barred
        return MissingRole(attempt.person.get_username(), "submit", ACTS["submit"].roles).message
    said = " ".join(str(message) for message in get_messages(answer.wsgi_request))
    return f"{said} {unescape(answer.content.decode())}"


@pytest.fixture
def scene(cast, spec):
    return Scene(cast, factories.phase_of(spec))


@pytest.mark.parametrize(
    "rule",
    [pytest.param(rule, id=name, marks=pytest.mark.at("submission")) for name, rule in FROM_THE_START.items()]
    + [pytest.param(rule, id=name) for name, rule in FROM_STAGING.items()],
)
def test_a_rule_refuses_by_button_and_over_http_as_in_the_function(api, scene, rule):
    attempt = rule(scene)
    with pytest.raises(Refusal) as caught:
        attempt.function()
    token = api.token(attempt.person)
    before = Run.objects.count(), scene.phase.approvals.count(), factories.phase_of(scene.phase.spec).stage

    answer = api.send(token, attempt.method, attempt.path, attempt.body)
    shown = shown_after(attempt)

    problem = answer.json()
    assert (caught.value.code, problem["code"]) == (attempt.code, attempt.code)
    assert problem["detail"] == caught.value.message
    assert (answer.status_code, problem["status"]) == (STATUS[attempt.code], STATUS[attempt.code])
    assert answer["Content-Type"] == "application/problem+json"
    assert caught.value.message in shown
    refusals = AuditEvent.objects.filter(kind__startswith="refused.", text=caught.value.message).values_list("actor", "subject")
    assert len(refusals) == (2 if attempt.barred else 3)
    assert len(set(refusals)) == 1
    assert (Run.objects.count(), scene.phase.approvals.count(), factories.phase_of(scene.phase.spec).stage) == before


def test_a_refusal_brings_its_data(api, scene):
    missing = api.post(scene.cast.engineer, f"{scene.path}/advance").json()
    role = api.post(scene.cast.auditor, f"{scene.path}/analysis").json()

    assert missing["missing"] == ["Run below production (staging_db)"]
    assert role["roles"] == ["engineer", "operator", "reviewer"]
    assert role["title"] == "The act belongs to a role that the person does not have."


WRITES = [
    ("submit", "POST", "/changes"), ("submit", "PUT", "{}/scripts/a.sql"), ("submit", "POST", "{}/analysis"),
    ("submit", "POST", "{}/rehearsals"), ("submit", "POST", "{}/evidence"), ("submit", "POST", "{}/comments"),
    ("submit", "POST", "{}/cancel"), ("submit", "POST", "{}/advance"), ("submit", "POST", "/comments/1/resolve"),
    ("decide", "POST", "{}/approvals"), ("decide", "POST", "{}/review"), ("operate", "POST", "{}/bookings"),
    ("operate", "POST", "{}/runs"), ("operate", "POST", "/runs/00000000-0000-0000-0000-000000000000/pause"),
    ("operate", "POST", "/runs/00000000-0000-0000-0000-000000000000/stop"),
    ("operate", "POST", "/runs/00000000-0000-0000-0000-000000000000/resume"), ("read", "GET", "{}"), ("read", "GET", "/events"),
]  # fmt: skip


@pytest.mark.parametrize(("scope", "method", "path"), WRITES)
def test_a_token_without_the_scope_is_refused(api, cast, scope, method, path):
    others = [each for each in ("read", "submit", "decide", "operate") if each != scope]

    answer = api.send(api.token(cast.operator, *others), method, path.format("/changes/CHG-1"), {})

    assert answer.status_code == 403
    assert (answer.json()["code"], answer.json()["scope"]) == ("ScopeMissing", scope)


def test_a_request_without_a_token_is_refused_however_it_signs_in(api, cast, scene):
    api.client.force_login(cast.operator)

    reading = api.client.get(f"/api/v1{scene.path}")
    writing = api.client.post(f"/api/v1{scene.path}/analysis")
    basic = api.client.get(f"/api/v1{scene.path}", headers={"Authorization": "Basic b3R0bzpv"})

    assert [answer.status_code for answer in (reading, writing, basic)] == [401, 401, 401]
    assert reading["WWW-Authenticate"] == 'Bearer realm="Lockgate"'
    assert reading.json()["code"] == "BadToken"


def test_a_token_acts_as_its_person_whoever_is_signed_in(api, cast, scene):
    api.client.force_login(cast.auditor)

    answer = api.post(cast.engineer, f"{scene.path}/analysis")

    assert answer.status_code == 202
    assert AuditEvent.objects.filter(kind="analysis.request").latest("pk").actor == "erin"


def expire(token: ApiToken) -> None:
    token.expires_at = timezone.now() - timedelta(seconds=1)
    token.save()


def leave(token: ApiToken) -> None:
    token.person.is_active = False
    token.person.save()


def revoke(token: ApiToken) -> None:
    workflow.revoke_token(actor=token.person, token=token)


@pytest.mark.parametrize("end", [expire, leave, revoke])
@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "again"}])
def test_a_token_that_does_not_hold_any_more_is_refused(api, cast, scene, end, headers):
    plain = api.token(cast.engineer)
    end(ApiToken.objects.get())

    answer = api.send(plain, "POST", f"{scene.path}/analysis", **headers)

    assert answer.status_code == 401
    assert answer.json()["code"] == "BadToken"


def test_a_person_who_lost_every_role_reads_nothing(api, cast, scene):
    plain = api.token(cast.auditor)
    cast.auditor.groups.clear()

    answer = api.send(plain, "GET", scene.path)

    assert (answer.status_code, answer.json()["code"]) == (403, "MissingRole")


def test_no_token_and_no_hash_is_in_an_answer_a_log_or_an_event(api, cast, scene, caplog):
    plain = api.token(cast.engineer)
    digest = ApiToken.objects.get().hash
    with caplog.at_level("DEBUG"):
        answers = [
            api.send(plain, "GET", "/events?limit=100"),
            api.send(plain, "GET", scene.path),
            api.send(plain, "POST", f"{scene.path}/runs", {"target": "production_db"}),
            api.send(plain, "POST", "/changes", {"specification": plain}),
            api.send(plain + "x", "GET", scene.path),
        ]

    told = " ".join(
        [answer.content.decode() + str(answer.headers) for answer in answers]
        + [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
        + [f"{event.text} {event.data}" for event in AuditEvent.objects.all()]
    )
    assert plain not in told
    assert digest not in told
