"""Emergencies, standard changes and changes that were sent back, made through the same functions that people use."""

from datetime import timedelta
from typing import Any

from governance import workflow
from governance.emergency import Skip
from governance.lifecycle import Stage
from governance.models import BreakGlass, ChangeTemplate, CheckResult, Phase, Spec, TemplateVersion
from governance.orders import Verdict
from tests import factories
from tests.factories import Cast

FORWARD = (
    "-- Purpose: {{ label }}\n-- Impact: one column\nALTER TABLE public.contractors ADD COLUMN {{ column }} integer DEFAULT {{ value }};\n"
)
ROLLBACK = "-- Purpose: undo\n-- Impact: drops it\nALTER TABLE public.contractors DROP COLUMN {{ column }};\n"
CHECKS = "-- check: filled\n-- question: completeness\n-- expect: no rows\nSELECT 1 FROM public.contractors WHERE {{ column }} IS NULL;\n"
PARAMETERS = (
    {"name": "column", "kind": "identifier"},
    {"name": "value", "kind": "integer", "minimum": 0, "maximum": 100},
    {"name": "label", "kind": "text", "maximum": 40},
)
VALUES = {"column": "level", "value": 3, "label": "Levels"}
EVERYTHING = tuple(Skip)


def open_emergency(cast: Cast, phase: Phase, **given: Any) -> BreakGlass:
    usual = {"actor": cast.operator, "phase": phase, "reason": "Nobody can bid.", "incident": "INC-4711", "skips": EVERYTHING}
    return workflow.break_glass(**{**usual, **given})


def age(emergency: BreakGlass, hours: float) -> BreakGlass:
    """As if it had been opened so long ago; past its triggers, as no time passes in a test."""
    times = ("opened_at", "expires_at", "review_due")
    assignments = ", ".join(f"{name} = {name} - make_interval(secs => {hours * 3600})" for name in times)
    update = f"UPDATE governance_breakglass SET {assignments} WHERE id = {emergency.pk}"
    factories.at_once(f"SET LOCAL session_replication_role = replica; {update}; SET LOCAL session_replication_role = origin")
    return BreakGlass.objects.get(pk=emergency.pk)


def write(cast: Cast, **given: Any) -> TemplateVersion:
    usual = {"actor": cast.engineer, "name": "Add a number", "purpose": "One more number of a contractor.", "forward": FORWARD}
    return workflow.write_template(**{**usual, "rollback": ROLLBACK, "checks": CHECKS, "parameters": PARAMETERS, **given})


def make_template(cast: Cast, **given: Any) -> TemplateVersion:
    """Approved by two people."""
    version = write(cast, **given)
    for person in (cast.reviewer, cast.second_reviewer):
        workflow.approve_template(actor=person, version=version)
    return version


def use(cast: Cast, version: TemplateVersion, /, **values: object) -> Spec:
    given = factories.specification(purpose="", drivers="", design="", risk_assessment="", mitigation="", rollback_procedure="")
    return workflow.use_template(actor=cast.engineer, version=version, values={**VALUES, **values}, specification=given)


def supersede(cast: Cast, result: CheckResult, verdict: Verdict = Verdict.PASSED, **given: Any) -> Any:
    usual = {"actor": cast.second_reviewer, "result": result, "verdict": verdict, "reason": "The rows are test accounts."}
    return workflow.supersede_check(**{**usual, **given})


def make_exceptions(cast: Cast, phase: Phase) -> None:
    """A row of everything that is out of the ordinary; the change is at its beginning."""
    workflow.go_back(actor=cast.engineer, phase=phase, stage=Stage.REQUIREMENT, reason="Its purpose is another.")
    open_emergency(cast, factories.phase_of(phase.spec), skips=[Skip.DRY_RUN], lasts=timedelta(minutes=5))
    use(cast, make_template(cast), column="grade")


def template() -> ChangeTemplate:
    return ChangeTemplate.objects.get()
