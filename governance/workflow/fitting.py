"""Whether a change is a standard one: it fits an approved template that nobody has suspended, or it says why it is normal."""

from collections.abc import Iterable

from django.utils import timezone

from governance import audit, standard
from governance.audit import save
from governance.lifecycle import PhaseStatus
from governance.models import ChangeTemplate, Script, Spec, StandardUse, TemplateVersion
from governance.orders import ScriptKind
from governance.specification import ChangeKind


def why_not_usable(version: TemplateVersion) -> str:
    """Why changes from it are normal ones; "" while they are standard."""
    template, given = version.template, version.approvals.count()
    if template.suspended_at:
        return f"the template is suspended: {template.suspended_because}"
    if given < standard.NEEDED:
        return f"version {version.number} of the template is approved by {given} of {standard.NEEDED} people"
    newer = [each for each in template.versions.filter(number__gt=version.number) if each.approvals.count() >= standard.NEEDED]
    return f"version {newer[0].number} of the template has replaced version {version.number}" if newer else ""


def why_outside(use: StandardUse) -> str:
    version = use.version
    parameters = standard.parameters_of(version.parameters, version.forward, version.rollback, version.checks)
    found = [why_not_usable(version), standard.outside(parameters, use.values)]
    return "; ".join(why for why in (*found, _drift(use, parameters)) if why)


def _drift(use: StandardUse, parameters: Iterable[standard.Parameter]) -> str:
    """What the scripts are now against what the template makes of the values."""
    version = use.version
    texts = {ScriptKind.FORWARD: version.forward, ScriptKind.ROLLBACK: version.rollback, ScriptKind.CHECK: version.checks}
    wanted = {kind: standard.rendered(text, tuple(parameters), use.values) for kind, text in texts.items() if text}
    there = [(ScriptKind(script.kind), script.text) for script in Script.objects.filter(phase__spec=use.spec)]
    odd = {kind for kind, text in there if wanted.get(kind) != text} | (wanted.keys() - {kind for kind, _ in there})
    if odd or len(there) != len(wanted):
        return f"the {' and '.join(sorted(odd)) or 'number of'} script is not the template's"
    return ""


def weigh_kind(actor: audit.Actor, spec: Spec) -> None:
    """After anything that decides it. An emergency stays one."""
    use = StandardUse.objects.filter(spec=spec).select_related("version__template", "spec").first()
    if use is None:
        return
    why = why_outside(use)
    kind = ChangeKind.NORMAL if why else ChangeKind.STANDARD
    if use.outside != why or spec.kind not in (kind, ChangeKind.EMERGENCY):
        use.outside = why
        save(actor, use)
        if spec.kind != ChangeKind.EMERGENCY:
            spec.kind = kind
            save(actor, spec)
        text = f"{spec.number} is a normal change: {why}." if why else f"{spec.number} is a standard change by {use.version}."
        audit.append(actor, f"kind.{kind}", spec.number, text, template=str(use.version))


def suspend(actor: audit.Actor, template: ChangeTemplate, why: str) -> None:
    """Open changes that rest on it become normal ones."""
    template.suspended_at, template.suspended_because = timezone.now(), why
    save(actor, template)
    audit.append(actor, "template.suspend", str(template), f"The template “{template}” is suspended: {why}")
    rest = Spec.objects.filter(standard__version__template=template, kind=ChangeKind.STANDARD, phases__status=PhaseStatus.OPEN)
    for spec in rest.distinct():
        weigh_kind(actor, spec)


def suspend_after_failure(actor: audit.Actor, spec: Spec, what: str) -> None:
    """One failure of a standard change suspends its template."""
    use = StandardUse.objects.filter(spec=spec).select_related("version__template").first()
    if use and spec.kind == ChangeKind.STANDARD and use.version.template.suspended_at is None:
        suspend(actor, use.version.template, f"{spec.number} failed: {what}")
