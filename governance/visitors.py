"""Who looks at a page: their roles, looked up once per request."""

from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from governance import workflow
from governance.lifecycle import Role


def roles_in(request: HttpRequest) -> frozenset[Role]:
    if not hasattr(request, "lockgate_roles"):
        request.lockgate_roles = workflow.roles_of(request.user)  # type: ignore[attr-defined, arg-type]
    return request.lockgate_roles  # type: ignore[attr-defined]


def address_in(request: HttpRequest) -> str:
    """Of the caller; behind a proxy the one that it saw, which is the last that the header names."""
    passed_on = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_TLS else ""
    return passed_on.rsplit(",", 1)[-1].strip()[:45] or request.META.get("REMOTE_ADDR", "")


def number_in(given: Mapping[str, str], name: str) -> int | None:
    """What was sent under a name, if it is a number that a row may have."""
    text = given.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def may_read(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff and (request.user.is_superuser or bool(roles_in(request)))


def refuse_strangers(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    if not may_read(request):
        raise PermissionDenied("Your account has no role yet. Ask an administrator for one.")
