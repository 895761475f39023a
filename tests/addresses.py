"""Every address of the portal, read from its own table of addresses and filled with keys of rows that exist."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver

from governance.lifecycle import Stage
from governance.models import (
    Booking,
    BreakGlass,
    ChangeTemplate,
    CheckResult,
    Comment,
    Drift,
    FollowUp,
    Notice,
    Override,
    Phase,
    Release,
    Run,
    Script,
    Spec,
    Target,
    Webhook,
)
from governance.pages.change import TABS

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
VERSION = "([^/]+)/history/([^/]+)/$"  # of a record, by simple_history
ADMIN = re.compile(r"(governance|auth)/(\w+)/")
KEYS: dict[str, type[Model]] = {
    "emergencies": BreakGlass,
    "debts": FollowUp,
    "comments": Comment,
    "bookings": Booking,
    "overrides": Override,
    "runs": Run,
    "drifts": Drift,
}  # fmt: skip
OWN: dict[str, type[Model]] = {
    "checks/": CheckResult, "templates/": ChangeTemplate, "notices/webhooks/": Webhook, "notices/": Notice,
}  # fmt: skip
EXPRESSIONS = {
    r"^api/": ["/api/nowhere"],
    r"^(?P<app_label>governance|auth)/$": ["/governance/", "/auth/"],
    r"(?P<url>.*)$": ["/nowhere/"],
}


@dataclass(frozen=True)
class Address:
    route: str
    path: str

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/") and self.path != "/api/v1/docs"


def routes() -> list[str]:
    return list(_routes(get_resolver().url_patterns, ""))


def _routes(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
    for pattern in patterns:
        own = str(pattern.pattern)
        route = prefix + (own.removeprefix("^") if prefix else own)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


def every_address() -> list[Address]:
    """One for every route behind which there is a row; several for the pages of a change, which differ with its stage."""
    return [Address(route, path) for route in routes() if not lacks_row(route) for path in _paths(route)]


def lacks_row(route: str) -> bool:
    found = ADMIN.match(route)
    return bool(found and ("<" in route or "(" in route)) and not _model(route)._default_manager.exists()


def one_of_each(addresses: list[Address]) -> list[Address]:
    """One for every route."""
    return list({address.route: address for address in addresses}.values())


def _paths(route: str) -> list[str]:
    if route in EXPRESSIONS:
        return EXPRESSIONS[route]
    if route == "governance/spec/<path:object_id>/change/":
        return [path for spec in Spec.objects.order_by("pk") for path in _of_change(spec)]
    if route == "governance/run/<path:object_id>/change/":
        return [f"/governance/run/{run.pk}/change/" for run in _one_of_each_status()]
    if route == "approve/<int:phase>/<slug:kind>/":
        late = Stage.SCHEDULED_WINDOW
        return [f"/approve/{phase.pk}/{'business' if phase.at >= late else 'technical'}/" for phase in Phase.objects.all()]
    if route == "schema/<slug:name>/<path:table>/":
        return [f"/schema/{_target()}/public.{table}/" for table in ("contractors", "bids")]
    if route.endswith(VERSION):
        row = _row(route)
        return [f"/{route.removesuffix(VERSION)}{row.pk}/history/{row.history.latest().pk}/"]  # type: ignore[attr-defined]
    return ["/" + PARAMETER.sub(lambda found: str(_value(route, found[1])), route)]


def _of_change(spec: Spec) -> list[str]:
    """All tabs of one change, the first tab of the others."""
    tabs = TABS if spec == Spec.objects.earliest("pk") else TABS[:1]
    return [f"/governance/spec/{spec.pk}/change/?tab={tab}" for tab in tabs]


def _one_of_each_status() -> list[Run]:
    return list({run.status: run for run in Run.objects.order_by("requested_at")}.values())


def _value(route: str, parameter: str) -> object:
    own = next((model for prefix, model in OWN.items() if route.removeprefix("api/v1/").startswith(prefix)), None)
    return _of_own(own._default_manager.all()[0], parameter) if own else _named(route, parameter)


def _of_own(row: Any, parameter: str) -> object:
    return {"pk": row.pk, "version": 1, "name": str(row)}[parameter]


def _named(route: str, parameter: str) -> object:
    """What stands in a route for a parameter; the change whose approval is asked for is open to most acts."""
    phase = Phase.objects.filter(spec__title="To be approved").first() or Phase.objects.latest("pk")
    named = {"phase": phase.pk, "number": phase.spec.number, "content_type_id": ContentType.objects.get_for_model(User).pk}
    admin = ADMIN.match(route)
    match parameter:
        case "phase" | "number" | "content_type_id":
            return named[parameter]
        case "kind":
            return "technical"
        case "table":
            return "public.contractors"
        case "name" if admin:
            return "request_analysis" if "/act/" in route else "add_evidence"
        case "name":
            return Script.objects.filter(phase=phase)[0].name if "scripts" in route else _target().name
        case "key":
            return next(model for noun, model in KEYS.items() if f"/{noun}/" in route)._default_manager.all()[0].pk
        case "client":
            return Release.objects.filter(kind="client")[0]
        case "other":
            return Spec.objects.earliest("pk").number
        case "version":
            return 1
        case "pk" if "spec" in route:
            return phase.spec_id
        case "object_id" | "id" | "pk" if admin:
            return _row(route).pk
    return User.objects.all()[0].pk


def _target() -> Target:
    """The one that the most is known of."""
    return Target.objects.in_rank_order().last() or Target.objects.get()


def _row(route: str) -> Model:
    return _model(route)._default_manager.all()[0]


def _model(route: str) -> type[Model]:
    found = ADMIN.match(route)
    assert found, route
    return apps.get_model(found[1], found[2])
