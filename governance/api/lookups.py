"""Records by the names that people use: CHG-12, the name of a target or of a script."""

from typing import TypeVar

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet

from governance.api.problems import NoSuchRecord
from governance.models import Comment, Consideration, Deployment, Domain, Drift, Phase, Script, Spec, Target

Row = TypeVar("Row", bound=Model)


def only(rows: QuerySet[Row], kind: str, name: object) -> Row:
    """Raises NoSuchRecord."""
    row = rows.first()
    if row is None:
        raise NoSuchRecord(kind, str(name))
    return row


def spec_of(number: str) -> Spec:
    digits = number.upper().removeprefix("CHG-")
    rows = Spec.objects.select_related("author")
    known = digits.isascii() and digits.isdigit() and len(digits) < 19
    return only(rows.filter(pk=digits) if known else rows.none(), "change", number)


def phase_of(number: str, name: str = "") -> Phase:
    """The phase by its name; without one the first that is open, or else the last."""
    spec = spec_of(number)
    phases = spec.phases.select_related("spec__author")
    if name:
        return only(phases.filter(name=name), f"phase of {spec.number}", name)
    return phases.open().first() or only(phases.order_by("-position"), f"phase of {spec.number}", "open")


def person_of(name: str) -> User:
    return only(User.objects.filter(username=name, is_active=True), "person", name)


def script_of(phase: Phase, name: str) -> Script:
    return only(phase.scripts.filter(name=name), f"script of {phase.spec.number}", name)


def consideration_of(spec: Spec, question: str) -> Consideration:
    return only(Consideration.objects.filter(domain__specs=spec, question=question), f"question of the domains of {spec.number}", question)


def domain_of(slug: str) -> Domain:
    return only(Domain.objects.filter(slug=slug), "domain", slug)


def target_of(name: str) -> Target:
    return only(Target.objects.select_related("environment").filter(name=name), "target", name)


def drift_of(key: int) -> Drift:
    return only(Drift.objects.select_related("target", "change").filter(pk=key), "drift", key)


def deployment_of(phase: Phase, target: str) -> Deployment:
    rows = phase.deployments.select_related("phase__spec", "target__environment")
    return only(rows.filter(target__name=target), f"target of {phase.spec.number}", target)


def comment_of(key: int) -> Comment:
    return only(Comment.objects.select_related("phase__spec", "person", "script", "resolved_by").filter(pk=key), "comment", key)
