"""The appendix of a specification: what analysis, rehearsal, people, runs, checks and review made of the change."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.urls import reverse

from governance.models import (
    Analysis,
    Answer,
    Approval,
    CheckResult,
    Criterion,
    Dependency,
    DependencyKind,
    Deployment,
    Domain,
    FollowUp,
    Phase,
    Rehearsal,
    Run,
    Script,
    Spec,
)
from governance.pages.values import address_of, person_name
from governance.specification import SECTIONS


def documented() -> QuerySet[Spec]:
    """Specifications with what their document says, in one query."""
    here = OuterRef("pk")
    criteria = Criterion.objects.filter(spec=here).order_by("pk")
    required = Dependency.objects.filter(spec=here, kind=DependencyKind.REQUIRES).order_by("pk")
    answers = Answer.objects.filter(spec=here).order_by("pk")
    return Spec.objects.select_related("author").annotate(
        criterion_rows=ArraySubquery(criteria.values(row=JSONObject(name="name", expected="expected", result="result", met="met"))),
        answer_rows=ArraySubquery(answers.values(row=JSONObject(question="consideration__question", text="text"))),
        required=ArraySubquery(required.values(row=JSONObject(id="other", title="other__title"))),
        domain_names=ArraySubquery(Domain.objects.filter(specs=here).values("name")),
    )


def specification_page(spec: Spec) -> dict[str, Any]:
    """`spec`: one of `documented()`."""
    targets = Deployment.objects.filter(phase=OuterRef("pk")).order_by("target__environment__rank").values("target__name")
    phases = list(spec.phases.select_related("review__reviewer").annotate(targets=ArraySubquery(targets)))
    return {
        "title": spec.title,
        "number": spec.number,
        "author": person_name(spec.author),
        "created_at": spec.created_at,
        "change_url": reverse("admin:governance_spec_change", args=[spec.pk]),
        "facts": _facts(spec, phases),
        "sections": [{"title": title, "text": getattr(spec, name)} for name, title in SECTIONS.items()],
        "criteria": spec.criterion_rows,  # type: ignore[attr-defined]
        "answers": spec.answer_rows,  # type: ignore[attr-defined]
        "phases": [_phase(phase) for phase in phases],
        **_appendix(spec, phases),
    }


def _facts(spec: Spec, phases: list[Phase]) -> list[dict[str, str]]:
    rows = {
        "What it does": " ".join(phase.sentence for phase in phases if phase.sentence),
        "Domains": ", ".join(spec.domain_names),  # type: ignore[attr-defined]
        "Databases": ", ".join(dict.fromkeys(name for phase in phases for name in phase.targets)),  # type: ignore[attr-defined]
        "Data class": spec.get_data_class_display(),
        "Privacy impact": spec.privacy_impact,
        "Pattern": spec.get_pattern_display(),
        "Requires": ", ".join(f"CHG-{each['id']} {each['title']}" for each in spec.required),  # type: ignore[attr-defined]
        "Can be undone": f"No. {spec.restore_plan}" if spec.irreversible else "Yes, by its rollback scripts",
    }
    return [{"name": name, "value": value} for name, value in rows.items() if value]


def _phase(phase: Phase) -> dict[str, Any]:
    risk = {"level": phase.risk, "word": f"{phase.get_risk_display()} risk"} if phase.risk else None
    return {
        "name": phase.name.capitalize(),
        "stage": phase.at.title if phase.status == "open" else phase.get_status_display(),
        "class": phase.get_change_class_display(),
        "risk": risk,
    }


def _appendix(spec: Spec, phases: list[Phase]) -> dict[str, Any]:
    checks = CheckResult.objects.filter(run=OuterRef("pk")).order_by("pk")
    shown = checks.values(row=JSONObject(name="name", question="question", verdict="verdict", evidence="evidence"))
    runs = Run.objects.filter(deployment__phase__spec=spec).select_related("target", "requested_by").annotate(results=ArraySubquery(shown))
    analyses = Analysis.objects.filter(phase__spec=spec, target__isnull=False).select_related("target")
    latest = analyses.order_by("phase_id", "target_id", "-pk").distinct("phase_id", "target_id")
    rehearsals = Rehearsal.objects.filter(phase__spec=spec).defer("steps").order_by("phase_id", "-requested_at").distinct("phase_id")
    approvals = Approval.objects.filter(phase__spec=spec).select_related("person").order_by("pk")
    return {
        "scripts": list(Script.objects.filter(phase__spec=spec).order_by("version", "kind").values("name", "kind", "checksum", "commit")),
        "analyses": [_analysis(row) for row in latest],
        "rehearsals": list(rehearsals),
        "approvals": [{"row": row, "person": person_name(row.person)} for row in approvals],
        "runs": [_run(run) for run in runs.order_by("requested_at")],
        "reviews": [_review(phase) for phase in phases if hasattr(phase, "review")],
        "debts": list(FollowUp.objects.filter(review__phase__spec=spec).select_related("owner")),
    }


def _analysis(analysis: Analysis) -> dict[str, Any]:
    return {
        "target": analysis.target,
        "at": analysis.at,
        "risk": {"level": analysis.risk, "word": f"{analysis.get_risk_display()} risk"},
        "points": analysis.report["risk"]["points"],
        "findings": analysis.report["findings"],
    }


def _run(run: Run) -> dict[str, Any]:
    verdicts = [check["verdict"] for check in run.results]  # type: ignore[attr-defined]
    counts = [f"{verdicts.count(word)} {word}" for word in ("passed", "failed", "unknown") if word in verdicts]
    return {"row": run, "url": address_of(run), "person": person_name(run.requested_by), "checks": run.results, "counts": ", ".join(counts)}  # type: ignore[attr-defined]


def _review(phase: Phase) -> dict[str, Any]:
    return {"row": phase.review, "person": person_name(phase.review.reviewer)}
