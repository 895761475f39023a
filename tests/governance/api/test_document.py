"""The OpenAPI document and the reference page: whole, valid, and served under the policy."""

import json
import re

import pytest
from django.urls import get_resolver

from governance.api import v1
from governance.errors import OwnWork
from governance.models import Scope
from tests.portal.test_csp import INLINE

DOCUMENT = json.loads(json.dumps(v1.api.get_openapi_schema(path_prefix="/api/v1/")))
OPERATIONS = [(method, path, operation) for path, item in DOCUMENT["paths"].items() for method, operation in item.items()]
IDS = [operation["operationId"] for _, _, operation in OPERATIONS]


def references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from references(each)


def test_the_document_is_openapi_3_1_and_served_to_anybody(client, db):
    answer = client.get("/api/v1/openapi.json")

    assert answer.status_code == 200
    assert answer.json()["openapi"] == "3.1.0"
    assert answer.json()["paths"].keys() == DOCUMENT["paths"].keys()


def test_every_reference_in_the_document_leads_somewhere():
    wanted = {reference.removeprefix("#/components/schemas/") for reference in references(DOCUMENT)}

    assert wanted <= DOCUMENT["components"]["schemas"].keys()


def test_every_operation_has_a_name_of_its_own():
    assert len(IDS) == len(set(IDS))


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_an_operation_says_what_it_does_what_it_takes_and_how_it_fails(method, path, operation):
    (security,) = operation["security"]
    problems = {status for status, answer in operation["responses"].items() if "application/problem+json" in answer.get("content", {})}
    named = {parameter["name"] for parameter in operation["parameters"]}

    assert operation["summary"]
    assert operation["tags"]
    assert security["Bearer"][0] in Scope.values
    assert (security["Bearer"] == ["read"]) is (method == "get")
    assert {"401", "403", "422"} <= problems
    assert ("404" in problems) is ("{" in path)
    assert ("409" in problems) is (method != "get")
    assert any(status.startswith("2") and "content" in answer for status, answer in operation["responses"].items())
    assert set(re.findall(r"{(\w+)}", path)) <= named
    assert ("Idempotency-Key" in named) is (method == "post")


def test_every_address_of_the_api_is_in_the_document():
    names = {str(pattern.name) for pattern in get_resolver().namespace_dict["api-v1"][1].url_patterns}

    assert names - {"openapi-json", "reference", "api-root"} <= set(IDS)


def test_nobody_reads_the_reference_without_signing_in(client, db):
    answer = client.get("/api/v1/docs")

    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


def test_the_reference_shows_every_operation_and_problem_without_anything_inline(client, cast):
    client.force_login(cast.engineer)

    page = client.get("/api/v1/docs").content.decode()

    assert [name for name in IDS if f'id="{name}"' not in page] == []
    assert 'id="problem-OwnWork"' in page
    assert OwnWork.__doc__ in page
    assert INLINE.search(page) is None
    assert "curl --request POST" in page


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/", "/api/v2/changes", "/api/v1/runs/7"])
def test_an_address_that_is_none_is_a_problem_and_no_page(client, db, path):
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "NoSuchAddress"
