"""The OpenAPI document: what django-ninja derives from the schemas, with scopes, problems and idempotency keys added."""

from http import HTTPStatus
from typing import Any

from governance.api.common import Problem
from governance.api.problems import MEDIA_TYPE

IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "A request that is sent again with the same key, within a day, is done once and answered as the first time.",
}
IF_NONE_MATCH = {"in": "header", "name": "If-None-Match", "required": False, "schema": {"type": "string"}, "description": "The last ETag."}
REFUSALS = {
    401: "No token that holds.",
    403: "The token lacks the scope, or the person may not.",
    404: "No such record.",
    409: "The change is not there yet, or the target cannot be used.",
    422: "What was sent cannot be used.",
}


def completed(document: dict[str, Any]) -> dict[str, Any]:
    document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    operation["security"] = [{"Bearer": [operation["x-scope"]]}]
    operation["description"] = "\n\n".join(filter(None, [operation.get("description"), f"Scope: `{operation['x-scope']}`."]))
    if method == "post":
        operation["parameters"].append(IDEMPOTENCY_KEY)
    if operation["operationId"] == "get_run":
        operation["parameters"].append(IF_NONE_MATCH)
        operation["responses"][304] = {"description": "Nothing has changed."}
    for status in _statuses(path, method):
        operation["responses"][status] = {
            "description": f"{HTTPStatus(status).phrase}. {REFUSALS[status]}",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _statuses(path: str, method: str) -> list[int]:
    """Reading is never too early, and what names no record finds all of them."""
    return [status for status in REFUSALS if (status != 409 or method != "get") and (status != 404 or "{" in path)]
