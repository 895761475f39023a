"""A specification as a file: the Markdown that `manage.py submit --spec` reads, made from the rows."""

import re
from typing import Any

import yaml
from django.template.loader import render_to_string

from governance.models import DependencyKind, Deployment, Spec, Target
from governance.specification import SECTIONS, Criterion, Pattern, Specification

HEADING = re.compile(r"^(?=## )", re.MULTILINE)


def as_markdown(spec: Spec) -> str:
    return written(specification_of(spec))


def specification_of(spec: Spec) -> Specification:
    """What would have to be submitted to have this change as its specification is now."""
    first = spec.phases.order_by("position").first()
    links = spec.domains.through.objects.filter(spec=spec).order_by("pk")
    requires = spec.dependencies.filter(kind=DependencyKind.REQUIRES).order_by("pk")
    return Specification(
        title=spec.title,
        **{name: _plain(getattr(spec, name)) for name in SECTIONS},
        data_class=spec.data_class,
        privacy_impact=_plain(spec.privacy_impact),
        pattern=spec.pattern,
        category=first.said_category if first else "",
        irreversible=spec.irreversible,
        restore_plan=_plain(spec.restore_plan),
        domains=tuple(links.values_list("domain__slug", flat=True)),
        targets=_targets(spec),
        requires=tuple(requires.values_list("other__title", flat=True)),
        criteria=tuple(Criterion(*row) for row in spec.criteria.order_by("pk").values_list("name", "expected")),
        answers=dict(spec.answers.order_by("pk").values_list("consideration__question", "text")),
    )


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _targets(spec: Spec) -> tuple[str, ...]:
    """Empty when it is for every target, as a specification says it."""
    planned = Deployment.objects.filter(phase__spec=spec).values("target")
    if not Target.objects.exclude(pk__in=planned).exists():
        return ()
    return tuple(Target.objects.in_rank_order().filter(pk__in=planned).values_list("name", flat=True))


def written(specification: Specification) -> str:
    """`specification.parse` reads it back as an equal value."""
    head = yaml.safe_dump(_head(specification), sort_keys=False, allow_unicode=True, width=150)
    sections = [(title, HEADING.sub(" ", getattr(specification, name))) for name, title in SECTIONS.items()]
    return render_to_string("documents/specification.md", {"head": head, "sections": [each for each in sections if each[1]]})


def _head(specification: Specification) -> dict[str, Any]:
    """The front matter; what is empty is left out."""
    head: dict[str, Any] = {
        "title": specification.title,
        "domains": list(specification.domains),
        "targets": list(specification.targets),
        "data_class": str(specification.data_class),
        "privacy_impact": specification.privacy_impact,
        "pattern": str(specification.pattern or Pattern.PLAIN),
        "category": str(specification.category),
        "requires": list(specification.requires),
        "irreversible": specification.irreversible,
        "restore_plan": specification.restore_plan,
        "criteria": [{"name": each.name, "expected": each.expected} for each in specification.criteria],
        "considerations": dict(specification.answers),
    }
    return {key: value for key, value in head.items() if value or key == "irreversible"}
