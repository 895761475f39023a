"""The three ways to an act: the function, a form that is posted, and the HTTP API. Each answers with the code of the refusal, or "" """

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from governance.errors import Refusal
from governance.models import AuditEvent, Phase
from tests.governance.api.caller import Caller

WAYS = ("function", "page", "api")


def by_function(act: Callable[..., Any], **given: Any) -> str:
    try:
        act(**given)
    except Refusal as refusal:
        return refusal.code
    return ""


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def by_page(person: User, address: str, **data: Any) -> str:
    """What is refused on a page is an event like any other refusal."""
    before = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    response = browser(person).post(address, data)
    assert response.status_code in (200, 302), response.status_code
    refused = AuditEvent.objects.filter(pk__gt=before, kind__startswith="refused.").first()
    return refused.data["code"] if refused else ""


def by_act(person: User, phase: Phase, name: str, **data: Any) -> str:
    """A button of the change's page."""
    return by_page(person, reverse("admin:governance_spec_act", args=[phase.spec_id, phase.pk, name]), **data)


def by_form(person: User, phase: Phase, name: str, **data: Any) -> str:
    return by_page(person, reverse("admin:governance_spec_form", args=[phase.spec_id, phase.pk, name]), **data)


def by_api(api: Caller, person: User, method: str, path: str, body: dict[str, Any] | None = None) -> str:
    answer = api.send(api.token(person), method, path, body)
    assert answer.status_code < 500, answer.content
    return answer.json().get("code", "") if answer.status_code >= 400 else ""
