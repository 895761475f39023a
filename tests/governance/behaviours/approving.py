"""Deciding by each way, and scenes to decide in."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from governance import audit, workflow
from governance.audit import System
from governance.models import Approval, Phase
from governance.policy import ApprovalKind
from governance.signing import UNSIGNED, Method, Signing
from tests import factories
from tests.factories import Cast
from tests.governance.api.caller import Caller
from tests.governance.behaviours.ways import by_api, by_function, by_page

TECHNICAL, BUSINESS, DBA, SECURITY = ApprovalKind.TECHNICAL, ApprovalKind.BUSINESS, ApprovalKind.DBA, ApprovalKind.SECURITY
PASSWORD = "a long password"
RISKY = "-- Purpose: p\n-- Impact: i\nALTER TABLE public.contractors DROP COLUMN name;\n"


def approve(way: str, api: Caller, person: User, phase: Phase, kind: ApprovalKind = TECHNICAL, **given: Any) -> str:
    """The code of the refusal, or "". Given besides: digest, step, on_behalf_of (a person), password."""
    digest, password = given.pop("digest", None) or workflow.digest_for(phase, kind), given.pop("password", "")
    if way == "function":
        signing = Signing(Method.PASSWORD, "a session", "192.0.2.7") if password == PASSWORD else UNSIGNED
        return by_function(workflow.approve, actor=person, phase=phase, kind=kind, digest=digest, signing=signing, **given)
    behalf = given.pop("on_behalf_of", None)
    if way == "page":
        given |= {"on_behalf_of": behalf.pk} if behalf else {}
        typed = {"password": password} if password else {}
        return by_page(person, reverse("admin:approve", args=[phase.pk, kind]), decision="approve", digest=digest, **typed, **given)
    if password:
        by_api(api, person, "PUT", "/confirmation", {"password": password})
    given |= {"on_behalf_of": behalf.username} if behalf else {}
    body = {"kind": kind, "decision": "approved", "digest": digest, **given}
    return by_api(api, person, "POST", f"/changes/{phase.spec.number}/approvals", body)


def start(way: str, api: Caller, person: User, phase: Phase, *, production: bool) -> str:
    deployment = factories.on(phase, production=production)
    if way == "function":
        return by_function(workflow.start, actor=person, deployment=deployment)
    if way == "page":
        name = "deploy_production" if production else "deploy_below_production"
        address = reverse("admin:governance_spec_act", args=[phase.spec_id, phase.pk, name])
        return by_page(person, address, deployment=str(deployment.pk))
    return by_api(api, person, "POST", f"/changes/{phase.spec.number}/runs", {"target": deployment.target.name})


def bring_risky_to_approval(cast: Cast) -> Phase:
    """A change of high risk that waits for its technical approvals."""
    files = factories.script_files("20260202_0900", forward=RISKY)
    plan = {"irreversible": True, "restore_plan": "From the archive.", "data_class": "financial"}
    return factories.bring_to_approval(cast, factories.make_spec(cast, files, **plan))


@transaction.atomic
def rules(*rules: dict[str, Any]) -> None:
    """The installed ones with these besides, active at once: drafted and approved by two people who do nothing else."""
    one, other = (factories.make_user(f"{name}-{factories.unique()}", "operator") for name in ("dora", "paul"))
    draft = workflow.draft_policy(actor=one, rules=[*factories.installed_rules(), *rules], reason="For a test.")
    workflow.approve_policy(actor=other, version=draft)
    for person in (one, other):
        person.groups.clear()


@transaction.atomic
def age(approval: Approval, days: float) -> None:
    """As if it had been given earlier: the database keeps its times, so its triggers are left out."""
    audit.append(System.FIXTURES, "test.set_up", "", "An approval of long ago.")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE governance_approval SET expires_at = %s WHERE id = %s", [timezone.now() - timedelta(days=days), approval.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
