"""Who calls: the person of the bearer token, if the token has the operation's scope. Session cookies count for nothing here."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.security import HttpBearer

from governance import workflow
from governance.access import BadToken, ScopeMissing
from governance.acts import EVERYBODY
from governance.errors import MissingRole
from governance.models import ApiToken, Scope


class Bearer(HttpBearer):
    openapi_description = "A token of a person, made with `manage.py token`. The scope that an operation takes stands beside it."

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> User:
        """Raises BadToken, ScopeMissing, MissingRole."""
        person, token = caller_of(request)
        if self.scope not in token.scopes:
            raise ScopeMissing(self.scope, token.scopes)
        return person

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        raise NotImplementedError  # django-ninja asks for it; `__call__` needs more than the token


def caller_of(request: HttpRequest) -> tuple[User, ApiToken]:
    """Looked up once per request.

    Raises:
        BadToken, MissingRole
    """
    known: tuple[User, ApiToken] | None = getattr(request, "lockgate_caller", None)
    if known:
        return known
    scheme, _, plain = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not plain.strip():
        raise BadToken("The request carries no token")
    person, token = workflow.person_of(plain.strip())
    if not workflow.roles_of(person):
        raise MissingRole(person.get_username(), "use the API", EVERYBODY)
    person.api_token = token  # type: ignore[attr-defined]  # the events of what the person does here name it
    request.user, request.lockgate_caller = person, (person, token)  # type: ignore[attr-defined]
    return person, token


def takes(scope: Scope) -> dict[str, Any]:
    """The arguments by which an operation says what scope it takes."""
    return {"auth": Bearer(scope), "openapi_extra": {"x-scope": scope.value}}
