"""Templates of standard changes: written, approved by two people, used, suspended, and used again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from governance import audit, heralding, standard
from governance.audit import save
from governance.errors import AlreadyDecided, BadInput, NotReady, OwnWork
from governance.models import ChangeTemplate, Script, Spec, StandardUse, TemplateApproval, TemplateVersion
from governance.specification import Specification
from governance.versions import PREFIXES
from governance.workflow.acts import act, checked, permit
from governance.workflow.fitting import suspend, weigh_kind
from governance.workflow.scripting import ScriptFile, read_scripts
from governance.workflow.submission import submit


@act
def write_template(
    *, actor: User, name: str, purpose: str, forward: str, rollback: str, checks: str = "", parameters: Sequence[Mapping[str, Any]] = ()
) -> TemplateVersion:
    """A new template, or the next version of the one of this name, which two other people have to approve.

    Raises:
        BadInput: scripts that are none, or parameters that do not fit them
    """
    permit(actor, "write_template")
    found = standard.parameters_of(parameters, forward, rollback, checks)
    _try_out(found, forward, rollback, checks)
    template = ChangeTemplate.objects.select_for_update(no_key=True).filter(name=name).first() or ChangeTemplate(name=name)
    template.purpose = purpose
    save(actor, checked(template))
    latest = template.versions.order_by("-number").first()
    version = TemplateVersion(
        template=template,
        number=latest.number + 1 if latest else 1,
        forward=forward,
        rollback=rollback,
        checks=checks,
        parameters=[each.as_json() for each in found],
        written_by=actor,
    )
    save(actor, checked(version))
    audit.append(actor, "template.write", str(template), f"{actor} wrote {version}.", parameters=version.parameters)
    heralding.template_written(version)
    return version


def _try_out(parameters: Sequence[standard.Parameter], *texts: str) -> None:
    """With sample values the scripts have to be whole: a template that can make no change is no template."""
    values = {each.name: _sample(each) for each in parameters}
    read_scripts(_files("sample", "19990101_0000", [standard.rendered(text, parameters, values) for text in texts]), irreversible=False)


def _sample(parameter: standard.Parameter) -> str:
    if parameter.choices:
        return parameter.choices[0]
    return str(parameter.minimum or 1) if parameter.kind is standard.ParameterKind.INTEGER else "sample"


def _files(title: str, version: str, texts: Sequence[str]) -> list[ScriptFile]:
    """`texts`: forward, rollback and checks."""
    slug = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:60] or "standard"
    names = [f"{PREFIXES[kind]}{version}__{word}{slug}.sql" for kind, word in zip(PREFIXES, ("", "rollback_", "checks_"), strict=True)]
    return [ScriptFile(name, text) for name, text in zip(names, texts, strict=True) if text.strip()]


@act
def approve_template(*, actor: User, version: TemplateVersion) -> TemplateApproval:
    """Two people who did not write it; from then on changes that fit it are standard.

    Raises:
        MissingRole, OwnWork, AlreadyDecided
    """
    permit(actor, "approve_template")
    held = TemplateVersion.objects.select_for_update(of=("self",), no_key=True).select_related("template").get(pk=version.pk)
    if held.written_by_id == actor.pk:
        raise OwnWork(actor.get_username(), str(held))
    if held.approvals.filter(person=actor).exists():
        raise AlreadyDecided(actor.get_username(), "template")
    row = save(actor, TemplateApproval(version=held, person=actor))
    audit.append(actor, "template.approve", str(held.template), f"{actor} approved {held}.", version=held.number)
    return row


@act
def use_template(*, actor: User, version: TemplateVersion, values: Mapping[str, object], specification: Specification) -> Spec:
    """A new change from the template. Within its bounds it is standard; outside of them it is a normal one and says why.

    Sections of the specification that are empty are filled from the template.

    Raises:
        BadInput: values that are not of their kind, or anything that `submit` refuses
    """
    permit(actor, "use_template")
    parameters = standard.parameters_of(version.parameters, version.forward, version.rollback, version.checks)
    given = standard.values_of(parameters, values)
    texts = [standard.rendered(text, parameters, given) for text in (version.forward, version.rollback, version.checks)]
    files = _files(version.template.name, _free_version(), texts)
    spec = submit(actor=actor, specification=_completed(specification, version, given), scripts=files)
    save(actor, StandardUse(spec=spec, version=version, values=given, outside="it was just made"))
    weigh_kind(actor, spec)
    audit.append(actor, "template.use", spec.number, f"{actor} made it from {version}.", values=given)
    return Spec.objects.select_related("author", "standard").get(pk=spec.pk)


def _free_version() -> str:
    """The present minute, or the first after it that no script carries."""
    moment = timezone.now()
    while Script.objects.filter(version=f"{moment:%Y%m%d_%H%M}").exists():
        moment += timedelta(minutes=1)
    return f"{moment:%Y%m%d_%H%M}"


def _completed(given: Specification, version: TemplateVersion, values: Mapping[str, str]) -> Specification:
    name = f"the template “{version.template}”, version {version.number}"
    said = ", ".join(f"{key} {value}" for key, value in values.items()) or "no values"
    usual: dict[str, Any] = {
        "purpose": version.template.purpose,
        "drivers": f"A standard change by {name}.",
        "design": f"The scripts of {name}, with {said}.",
        "risk_assessment": f"That of {name}, within its bounds.",
        "mitigation": "The bounds of the template; one failure suspends it.",
        "rollback_procedure": "The rollback script of the template.",
        "data_class": "internal",
        "privacy_impact": "None beyond what the template was approved for.",
    }
    return replace(given, **{field: text for field, text in usual.items() if not getattr(given, field)})


@act
def suspend_template(*, actor: User, template: ChangeTemplate, reason: str) -> ChangeTemplate:
    permit(actor, "suspend_template", reason=reason)
    held = ChangeTemplate.objects.select_for_update(no_key=True).get(pk=template.pk)
    if held.suspended_at:
        raise NotReady(f"“{held}” is suspended already: {held.suspended_because}")
    suspend(actor, held, reason)
    return held


@act
def lift_suspension(*, actor: User, template: ChangeTemplate, reason: str) -> ChangeTemplate:
    """Changes made from it from now on are standard again; those that became normal stay so."""
    permit(actor, "lift_suspension", reason=reason)
    held = ChangeTemplate.objects.select_for_update(no_key=True).get(pk=template.pk)
    if held.suspended_at is None:
        raise NotReady(f"“{held}” is not suspended. Nothing is left to do.")
    before = held.suspended_because
    held.suspended_at, held.suspended_because = None, ""
    save(actor, held)
    audit.append(actor, "template.lift", str(held), f"{actor} lifted the suspension of “{held}”: {reason}", before=before)
    return held


def version_numbered(template: ChangeTemplate, number: int | None) -> TemplateVersion:
    """The latest that is approved where none is named, or else the latest. Raises BadInput."""
    rows = template.versions.select_related("template").order_by("-number")
    if number is not None:
        rows = rows.filter(number=number)
    found = list(rows)
    approved = [each for each in found if each.approvals.count() >= standard.NEEDED]
    if not found:
        raise BadInput(f"“{template}” has no version {number}.")
    return (approved or found)[0]
