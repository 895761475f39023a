"""The reference page: every operation of the OpenAPI document, readable and ready to be tried."""

import json
from collections import defaultdict
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI

from governance.errors import Refusal
from governance.models import Scope

EXAMPLES = {"string": "…", "integer": 1, "number": 1.5, "boolean": True, "object": {}, "null": None}


@login_required
def reference(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    document = api.get_openapi_schema()
    schemas = document["components"]["schemas"]
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            groups[operation["tags"][0]].append(_entry(path, method, operation, schemas, request))
    page = {
        "title": "HTTP API",
        "about": document["info"]["description"],
        "scopes": [{"name": scope.value, "label": scope.label} for scope in Scope],
        "groups": [{"name": name, "operations": entries} for name, entries in groups.items()],
        "problems": sorted(({"code": each.__name__, "why": each.__doc__} for each in _family(Refusal)), key=lambda each: str(each["code"])),
    }
    return render(request, "api/reference.html", {**admin.site.each_context(request), **page})


def _family(kind: type[Refusal]) -> list[type[Refusal]]:
    return [kind, *(each for child in kind.__subclasses__() for each in _family(child))]


def _entry(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    example = json.dumps(_example(body, schemas), indent=2, ensure_ascii=False) if body else ""
    answers = [(int(status), answer) for status, answer in operation["responses"].items()]
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "about": operation["description"].split("\n\nScope:")[0].removeprefix(f"Scope: `{operation['x-scope']}`."),
        "scope": operation["x-scope"],
        "parameters": [{**each, "type": _type(each["schema"], schemas)} for each in operation["parameters"]],
        "body": example,
        "curl": _curl(request.build_absolute_uri(path), method.upper(), example),
        "answers": [{"status": status, **answer, "example": _shown(answer, schemas)} for status, answer in sorted(answers)],
    }


def _shown(answer: dict[str, Any], schemas: dict[str, Any]) -> str:
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    return json.dumps(_example(schema, schemas), indent=2, ensure_ascii=False) if schema else ""


def _curl(address: str, method: str, body: str) -> str:
    lines = [f"curl --request {method} '{address}'", '--header "Authorization: Bearer $LOCKGATE_TOKEN"']
    if body:
        lines += ["--header 'Content-Type: application/json'", "--data @request.json"]
    return " \\\n  ".join(lines)


def _type(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _type(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(_type(each, schemas) for each in schema["anyOf"] if each.get("type") != "null")
    return schema.get("format") or schema.get("type", "")


def _example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """Something that the schema allows, with its enumerations written out."""
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], schemas)
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "properties" in schema:
        return {name: _example(each, schemas) for name, each in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_example(schema.get("items", {}), schemas)]
    return {"date-time": "2026-12-05T01:00:00Z", "date": "2026-12-05"}.get(
        schema.get("format", ""), EXAMPLES.get(schema.get("type", ""), "…")
    )
