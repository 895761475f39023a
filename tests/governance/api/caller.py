"""Calls to the API with a person's token, through the whole of Django."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from governance import workflow
from governance.models import Scope
from governance.specification import SECTIONS, Specification
from tests import factories

ROOT = "/api/v1"


class Caller:
    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.tokens: dict[tuple[str, ...], str] = {}

    def token(self, person: User, *scopes: str) -> str:
        wanted = scopes or tuple(Scope.values)
        name = (person.get_username(), *wanted)
        if name not in self.tokens:
            self.tokens[name] = workflow.make_token(actor=person, name=" ".join(name), scopes=wanted, days=1)
        return self.tokens[name]

    def send(self, token: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, ROOT + path, data, "application/json", headers=sent)

    def get(self, person: User, path: str, **headers: str) -> Any:
        return self.send(self.token(person), "GET", path, **headers)

    def post(self, person: User, path: str, body: Any = None, **headers: str) -> Any:
        return self.send(self.token(person), "POST", path, body, **headers)

    def put(self, person: User, path: str, body: Any = None, **headers: str) -> Any:
        return self.send(self.token(person), "PUT", path, body, **headers)


def markdown(specification: Specification) -> str:
    criteria = [{"name": each.name, "expected": each.expected} for each in specification.criteria]
    head = {
        "title": specification.title, "domains": list(specification.domains), "data_class": specification.data_class,
        "privacy_impact": specification.privacy_impact, "criteria": criteria,
    }  # fmt: skip
    lines = [f"{name}: {json.dumps(value)}" for name, value in head.items()]
    sections = [f"## {heading}\n\n{getattr(specification, name)}\n" for name, heading in SECTIONS.items()]
    return "\n".join(["---", *lines, "---", *sections])


def submission(**given: Any) -> dict[str, Any]:
    scripts = [{"name": file.name, "text": file.text} for file in factories.script_files()]
    return {"specification": markdown(factories.specification(**given)), "scripts": scripts}
