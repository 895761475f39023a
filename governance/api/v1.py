"""Version 1 of the HTTP API, put together."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.urls import path, re_path
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation

from governance.api import (
    calendar,
    changes,
    checks,
    decisions,
    discussion,
    exceptions,
    gate,
    idempotency,
    knowledge,
    learning,
    notices,
    ordering,
    people,
    policy,
    runs,
    scripts,
    targets,
    templates,
    testing,
)
from governance.api.openapi import completed
from governance.api.problems import keeping_to_methods, nowhere, on_error, on_http_error, on_refusal, on_too_much, on_validation_error
from governance.api.reference import reference
from governance.errors import Refusal

DESCRIPTION = (
    "Everything that people do with a change in the portal, for programs. A token acts as the person who made it: the same roles, the same "
    "stages, the same refusals."
)


class Api(NinjaAPI):
    def get_openapi_schema(self, **given: Any) -> Any:
        return completed(super().get_openapi_schema(**given))

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


api = Api(title="Lockgate", version="1", description=DESCRIPTION, urls_namespace="api-v1", docs_url=None)
api.add_exception_handler(Refusal, on_refusal)
api.add_exception_handler(ValidationError, on_validation_error)
api.add_exception_handler(HttpError, on_http_error)
api.add_exception_handler(RequestDataTooBig, on_too_much)
api.add_exception_handler(Exception, on_error)
api.add_decorator(idempotency.once, mode="view")
NOUNS = (
    changes, ordering, scripts, checks, testing, discussion, decisions, policy, calendar, people, runs, targets, knowledge, notices, gate,
    exceptions, templates, learning,
)  # fmt: skip
for noun in NOUNS:
    api.add_router("", noun.router)

endpoints, application, namespace = api.urls
for endpoint in endpoints:
    endpoint.callback = keeping_to_methods(endpoint.callback)  # type: ignore[arg-type]  # a view is there
urls = ([*endpoints, path("docs", reference, {"api": api}, name="reference")], application, namespace)
fallback = re_path(r"^api/", nowhere)
