"""Refusals as answers: application/problem+json, RFC 9457."""

import json
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from governance.access import BadToken
from governance.api.common import as_json
from governance.compatibility.names import UnknownName
from governance.errors import BadInput, NotAllowed, NotReady, Refusal, TargetRefused

MEDIA_TYPE = "application/problem+json"
logger = logging.getLogger(__name__)


class NoSuchRecord(Refusal):
    """Nothing is known by this name."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"No {kind} is known as “{name}”. Check the name, or list what there is.")
        self.kind, self.name = kind, name


class NoSuchAddress(Refusal):
    """The API has no such address."""


class MalformedRequest(BadInput):
    """The request does not fit the operation's schema."""


STATUSES: dict[type[Refusal], int] = {
    MalformedRequest: 422,
    UnknownName: 404,
    BadInput: 422,
    BadToken: 401,
    NotAllowed: 403,
    NoSuchRecord: 404,
    NoSuchAddress: 404,
    NotReady: 409,
    TargetRefused: 409,
    Refusal: 409,
}


def problem_of(refusal: Refusal) -> HttpResponse:
    status = next(STATUSES[kind] for kind in type(refusal).__mro__ if kind in STATUSES)
    data = {name: as_json(value) for name, value in vars(refusal).items() if name != "message"}
    answer = _problem(status, refusal.code, (type(refusal).__doc__ or "").splitlines()[0], refusal.message, **data)
    if status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="Lockgate"'
    return answer


def _problem(status: int, code: str, title: str, detail: str, **data: Any) -> HttpResponse:
    page = reverse("api-v1:reference")
    standard = {"type": f"{page}#problem-{code}", "title": title, "status": status, "detail": detail, "code": code}
    return JsonResponse({**data, **standard}, status=status, content_type=MEDIA_TYPE)


def on_refusal(request: HttpRequest, refusal: Any) -> HttpResponse:
    return problem_of(refusal)


def on_validation_error(request: HttpRequest, error: Any) -> HttpResponse:
    """What was sent is not repeated: it may be long, or secret."""
    found = [{"where": ".".join(map(str, each["loc"][1:] or each["loc"])), "message": each["msg"]} for each in error.errors]
    refusal = MalformedRequest("; ".join(f"{each['where']}: {each['message']}" for each in found) + ".")
    refusal.errors = found  # type: ignore[attr-defined]
    return problem_of(refusal)


def on_http_error(request: HttpRequest, error: Any) -> HttpResponse:
    """django-ninja's own: a body that is not JSON."""
    return _problem(error.status_code, "BadRequest", "The request cannot be read.", f"{error}. Send JSON in UTF-8.")


def on_too_much(request: HttpRequest, error: Any) -> HttpResponse:
    limit = f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 2**20:.1f} MiB"
    return _problem(413, "TooMuch", "The request is too large.", f"A request may have {limit} at most. Nothing was changed.")


def on_error(request: HttpRequest, error: Any) -> HttpResponse:
    """What failed is in the log, under the request's id, and not in the answer."""
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return _problem(500, "ServerError", "The server failed.", "Nothing was changed. Try again; if it stays, report the request's id.")


def keeping_to_methods(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
    """django-ninja refuses a wrong method in plain text."""

    @wraps(view)
    def viewed(request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        answer = view(request, *given, **named)
        if answer.status_code != 405:
            return answer
        allowed = answer["Allow"]
        detail = f"{request.method} is not possible at {request.path}. Use {allowed}."
        problem = _problem(405, "WrongMethod", "The address does not know this method.", detail)
        problem["Allow"] = allowed
        return problem

    return viewed


def nowhere(request: HttpRequest) -> HttpResponse:
    return problem_of(NoSuchAddress(f"There is nothing at {request.path}. The operations are listed at {reverse('api-v1:reference')}."))


def body_of(response: HttpResponse) -> Any:
    return json.loads(response.content) if response.content else None
