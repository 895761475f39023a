"""What stands in the portal before the story begins: people, environments, targets, domains, windows and the matrix."""

import json
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from governance import audit
from governance.audit import System, save
from governance.lifecycle import Role
from governance.matrix import Compatibility
from governance.models import (
    Binding,
    Consideration,
    Domain,
    DomainTable,
    Environment,
    MatrixEntry,
    Release,
    ReleaseKind,
    Target,
    Window,
)
from governance.versions import INITIAL
from portal.demo.databases import INSTABIDS, OWNER, TARGETS

PASSWORD = "through-the-lock"
PEOPLE = {
    Role.ENGINEER: ("tomasz", "Tomasz", "Lewandowski"),
    Role.REVIEWER: ("rahul", "Rahul", "Menon"),
    Role.STAKEHOLDER: ("maya", "Maya", "Okafor"),
    Role.OPERATOR: ("ingrid", "Ingrid", "Solberg"),
    Role.AUDITOR: ("carla", "Carla", "Reyes"),
}
ADMINISTRATOR = "admin"
ENVIRONMENTS = ((TARGETS[0], "staging", 10, False), (TARGETS[1], "production", 20, True))
MONITORING_SECONDS = 3
WINDOW = timedelta(hours=8)


@transaction.atomic
def set_up() -> None:
    """Once; afterwards only a window that is open now is added where there is none."""
    audit.append(System.FIXTURES, "portal.set_up", "", "The demonstration set the portal up.")
    _people()
    for target, environment, rank, production in ENVIRONMENTS:
        _target(target, environment, rank, production)
    _domains()
    _matrix()
    _window()


def person(role: Role) -> User:
    return User.objects.get(username=PEOPLE[role][0])


def _people() -> None:
    for role, (username, first, last) in PEOPLE.items():
        if not User.objects.filter(username=username).exists():
            user = User.objects.create_user(
                username, f"{username}@instabids.example", PASSWORD, first_name=first, last_name=last, is_staff=True
            )
            user.groups.set([Group.objects.get_or_create(name=role)[0]])
    if not User.objects.filter(username=ADMINISTRATOR).exists():
        User.objects.create_superuser(ADMINISTRATOR, f"{ADMINISTRATOR}@instabids.example", PASSWORD, first_name="Ada", last_name="Admin")


def _target(name: str, environment: str, rank: int, production: bool) -> None:
    if Target.objects.filter(name=name).exists():
        return
    row = save(System.FIXTURES, Environment(name=environment, rank=rank, production=production, monitoring_seconds=MONITORING_SECONDS))
    escalation = "On-call database operator, then the owner of the touched domain."
    save(System.FIXTURES, Target(environment=row, name=name, connection=f"{name.upper()}_URL", owner_role=OWNER, escalation=escalation))


def _domains() -> None:
    if Domain.objects.exists():
        return
    for given in json.loads((INSTABIDS / "domains.json").read_text()):
        checks = "\n".join(given.get("checks", ()))
        domain = save(System.FIXTURES, Domain(slug=given["slug"], name=given["name"], approach=given["approach"], checks=checks))
        for table in given["tables"]:
            save(System.FIXTURES, DomainTable(domain=domain, name=table))
        for question in given["considerations"]:
            save(System.FIXTURES, Consideration(domain=domain, question=question))


def _matrix() -> None:
    """The strategy's sixteen cells, and every client with the two databases as they are at the beginning."""
    if Release.objects.exists():
        return
    given = json.loads((INSTABIDS / "matrix.json").read_text())
    clients = {(name, version): _release(ReleaseKind.CLIENT, name, version) for name, version in given["clients"]}
    backends = {version: _release(ReleaseKind.BACKEND, "Backend", version) for version in given["backends"]}
    for contract in json.loads((INSTABIDS / "clients.json").read_text()):
        _uses(clients[contract["name"], contract["version"]], backends[contract["made_for"]], contract)
    for cell in given["cells"]:
        _entry(clients[tuple(cell["client"])], backends[cell["backend"]], cell["verdict"], cell["reason"])
    for target in TARGETS:
        backend = _release(ReleaseKind.BACKEND, target, INITIAL)
        for client in clients.values():
            _entry(client, backend, Compatibility.FULL, "served before the first change")


def _release(kind: str, name: str, version: str) -> Release:
    return save(System.FIXTURES, Release(kind=kind, name=name, version=version))


def _uses(client: Release, made_for: Release, contract: dict[str, Any]) -> None:
    client.complete, client.made_for = contract["complete"], made_for
    save(System.FIXTURES, client)
    for use in contract["uses"]:
        save(System.FIXTURES, Binding(client=client, **use))


def _entry(client: Release, backend: Release, verdict: str, reason: str) -> None:
    save(System.FIXTURES, MatrixEntry(client=client, backend=backend, verdict=verdict, reason=reason))


def _window() -> None:
    production = Environment.objects.get(production=True)
    now = timezone.now()
    if not Window.objects.filter(environment=production, starts__lte=now, ends__gt=now + timedelta(minutes=30)).exists():
        window = Window(environment=production, name=f"Open house, {now:%d %b}", starts=now - timedelta(minutes=5), ends=now + WINDOW)
        save(System.FIXTURES, window)
