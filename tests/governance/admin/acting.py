"""Posting acts, and what came of it."""

from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from governance import workflow
from governance.models import AuditEvent, Deployment, Phase, Spec
from governance.policy import ApprovalKind


def act(client: Client, phase: Phase, name: str, **data: str) -> HttpResponse:
    return client.post(reverse("admin:governance_spec_act", args=[phase.spec_id, phase.pk, name]), data)


def form(client: Client, phase: Phase, name: str, **data: str) -> HttpResponse:
    return client.post(reverse("admin:governance_spec_form", args=[phase.spec_id, phase.pk, name]), data)


def said(response: HttpResponse) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def refusals(spec: Spec) -> list[str]:
    return list(AuditEvent.objects.filter(kind__startswith="refused.", subject=spec.number).values_list("data__code", flat=True))


def digest_of(phase: Phase, kind: ApprovalKind = ApprovalKind.TECHNICAL) -> str:
    return workflow.digest_for(phase, kind)


def deployment(phase: Phase, *, production: bool) -> Deployment:
    return phase.deployments.get(target__environment__production=production)
