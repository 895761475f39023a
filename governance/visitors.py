"""Who looks at a page: their roles, looked up once per request."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from governance import workflow
from governance.lifecycle import Role


def roles_in(request: HttpRequest) -> frozenset[Role]:
    if not hasattr(request, "lockgate_roles"):
        request.lockgate_roles = workflow.roles_of(request.user)  # type: ignore[attr-defined, arg-type]
    return request.lockgate_roles  # type: ignore[attr-defined]


def may_read(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff and (request.user.is_superuser or bool(roles_in(request)))


def refuse_strangers(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    if not may_read(request):
        raise PermissionDenied("Your account has no role yet. Ask an administrator for one.")
