"""Changes: submitted, listed, looked at, and led along their way."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from governance import lifecycle, specification, workflow
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Reason, Text
from governance.api.lookups import consideration_of, domain_of, phase_of, spec_of
from governance.api.paging import Cursor, Limit, Page, page_of
from governance.api.scripts import ScriptIn, SourceIn, files_of
from governance.case import load
from governance.dossier import dossier_of
from governance.lifecycle import PhaseStatus
from governance.models import Phase, Scope, Spec
from governance.specification import SECTIONS, ChangeKind

router = Router(tags=["Changes"])


class ChangeIn(SourceIn):
    specification: Text = Field(description="Markdown under YAML front matter, as in the file spec.md.")
    scripts: list[ScriptIn]


class Edit(Input):
    """What is left out stays as it is."""

    title: Text = ""
    purpose: Text = ""
    drivers: Text = ""
    design: Text = ""
    risk_assessment: Text = ""
    mitigation: Text = ""
    rollback_procedure: Text = ""
    data_class: Text = ""
    privacy_impact: Text = ""
    pattern: Text = ""
    irreversible: bool = False
    restore_plan: Text = ""
    answers: dict[str, Text] = Field({}, description="By the question that a domain asks.")
    domains: list[Text] = Field([], description="Slugs of all domains that it is about.")


class PhaseLine(Schema):
    name: str
    stage: int
    stage_title: str = Field(alias="at.title")
    status: PhaseStatus
    change_class: str
    category: str
    bump: str
    risk: str
    sentence: str = Field(description="What the change does, without SQL.")


class ChangeLine(Schema):
    number: str
    title: str
    kind: ChangeKind = Field(description="normal, standard (made from a template) or emergency.")
    author: str = Field(alias="author.username")
    created_at: datetime
    domains: list[str]
    phases: list[PhaseLine]

    @staticmethod
    def resolve_domains(spec: Spec) -> list[str]:
        return [domain.slug for domain in spec.domains.all()]


class EvidenceOut(Schema):
    text: str = Field(description="What is needed.")
    state: lifecycle.State
    detail: str = Field(description="What there is.")
    skipped: str = Field(description="By whom and for what incident an emergency does without; empty: nobody.")


class StageOut(Schema):
    stage: int
    title: str
    here: bool
    evidence: list[EvidenceOut]


class ApprovalsOut(Schema):
    needed: int
    given: int
    rejected_by: str
    stale: bool


class TargetOut(Schema):
    name: str
    production: bool
    analysis: lifecycle.State
    blocking: list[str] = Field(description="Codes of open blocking findings.")
    dry_run: lifecycle.State
    deployed: lifecycle.State
    booked: str
    conflict: str


class PhaseOut(PhaseLine):
    missing: list[EvidenceOut] = Field(description="What is missing to leave this stage.")
    script_digest: str = Field(description="What a technical approval binds to.")
    release_digest: str = Field(description="What a business approval binds to; empty before every production target is booked.")
    technical: ApprovalsOut
    business: ApprovalsOut
    targets: list[TargetOut]
    open_comments: int = Field(description="Questions and wishes for changes that nobody has resolved.")


class CriterionOut(Schema):
    name: str
    expected: str
    measure: str = Field(description="What runs measure, for example longest_lock < 1; empty: the reviewer judges.")
    result: str
    met: bool | None


class ChangeOut(ChangeLine):
    sections: dict[str, str] = Field(description="The sections of the specification by name.")
    data_class: str
    privacy_impact: str
    pattern: str
    irreversible: bool
    restore_plan: str
    requires: list[str]
    criteria: list[CriterionOut]
    phases: list[PhaseOut]  # type: ignore[assignment]

    @staticmethod
    def resolve_sections(spec: Spec) -> dict[str, str]:
        return {name: getattr(spec, name) for name in SECTIONS}

    @staticmethod
    def resolve_requires(spec: Spec) -> list[str]:
        return [dependency.other.number for dependency in spec.dependencies.filter(kind="requires").select_related("other")]

    @staticmethod
    def resolve_phases(spec: Spec) -> list[SimpleNamespace]:
        return [_phase(phase) for phase in spec.phases.select_related("spec__author")]


class CanDeploy(Schema):
    answer: str = Field(description="yes, no or unknown; unknown never passes for production.")
    reasons: list[str]


class Filters(Schema):
    title: Text = Field("", description="The exact title.")
    search: Text = Field("", description="Part of the title.")
    author: Text = Field("", description="User name.")
    domain: Text = Field("", description="Slug of a domain.")
    target: Text = Field("", description="Name of a target.")
    stage: int | None = Field(None, description="Number of a stage, 1 to 13.", ge=1, le=13)
    status: PhaseStatus | None = Field(None, description="Of a phase.")
    kind: ChangeKind | None = None
    risk: Text = ""
    change_class: Text = ""

    def apply(self, rows: QuerySet[Spec]) -> QuerySet[Spec]:
        names = {
            "title": "title", "search": "title__icontains", "author": "author__username", "domain": "domains__slug",
            "target": "phases__deployments__target__name", "stage": "phases__stage", "status": "phases__status", "risk": "phases__risk",
            "kind": "kind", "change_class": "phases__change_class",
        }  # fmt: skip
        wanted = {names[name]: value for name, value in self.dict().items() if value}
        return rows.filter(**wanted).distinct()


def _phase(phase: Phase) -> SimpleNamespace:
    case = load(phase.pk)
    dossier, (script, release) = dossier_of(case, timezone.now()), case.digests
    line = {
        name: getattr(phase, name) for name in ("name", "stage", "status", "change_class", "category", "bump", "risk", "sentence", "at")
    }
    return SimpleNamespace(
        **line,
        missing=lifecycle.missing(phase.at, dossier) if phase.status == PhaseStatus.OPEN else (),
        script_digest=script,
        release_digest=release,
        technical=dossier.technical,
        business=dossier.business,
        targets=dossier.targets,
        open_comments=workflow.open_comments(phase).count(),
    )


@router.get("/changes", response=Page[ChangeLine], summary="List changes", **takes(Scope.READ))
def list_changes(request: ApiRequest, filters: Query[Filters], cursor: Cursor = "", limit: Limit = 25) -> Any:
    rows = filters.apply(Spec.objects.select_related("author").prefetch_related("domains", "phases"))
    return page_of(rows, cursor, limit)


@router.post("/changes", response={201: ChangeOut}, summary="Submit a change", **takes(Scope.SUBMIT))
def submit_change(request: ApiRequest, given: ChangeIn) -> Any:
    """A specification with its scripts. No target is opened; the analysis on facts of every target follows by itself."""
    return workflow.submit(
        actor=request.auth,
        specification=specification.parse("specification", given.specification),
        scripts=files_of(given.scripts),
        source=given.source(),
    )


@router.get("/changes/{number}", response=ChangeOut, summary="Look at a change and what it waits for", **takes(Scope.READ))
def get_change(request: ApiRequest, number: str) -> Any:
    return spec_of(number)


@router.get("/changes/{number}/stages", response=list[StageOut], summary="Evidence of all thirteen stages", **takes(Scope.READ))
def list_stages(request: ApiRequest, number: str, phase: Text = "") -> Any:
    """What leaving each stage needs, done, missing or stale: the same function as the page and `manage.py missing` use."""
    row = phase_of(number, phase)
    found = lifecycle.evidence_of_all(dossier_of(load(row.pk), timezone.now()))
    return [{"stage": each, "title": each.title, "here": each is row.at, "evidence": pieces} for each, pieces in found.items()]


@router.patch("/changes/{number}", response=ChangeOut, summary="Edit the specification", **takes(Scope.SUBMIT))
def edit_specification(request: ApiRequest, number: str, given: Edit) -> Any:
    """Whoever edits becomes an editor and cannot approve. A phase that lacks something now goes back to where it is asked for."""
    spec = spec_of(number)
    answers = {consideration_of(spec, question).pk: text for question, text in given.answers.items()}
    changes = given.dict(exclude_unset=True, exclude={"answers", "domains"})
    domains = [domain_of(slug) for slug in given.domains] if "domains" in given.model_fields_set else None
    workflow.edit_specification(actor=request.auth, spec=spec, changes=changes, answers=answers, domains=domains)
    return spec_of(number)


@router.get("/changes/{number}/can-deploy", response=CanDeploy, summary="May it go out to the clients there are?", **takes(Scope.READ))
def can_deploy(request: ApiRequest, number: str, phase: Text = "") -> Any:
    answer, _, reasons = load(phase_of(number, phase).pk).can_deploy().partition(": ")
    return {"answer": answer, "reasons": reasons.split("; ") if reasons else []}


@router.post("/changes/{number}/advance", response=ChangeOut, summary="Go on as far as the evidence carries", **takes(Scope.SUBMIT))
def advance_change(request: ApiRequest, number: str, phase: Text = "") -> Any:
    workflow.advance(actor=request.auth, phase=phase_of(number, phase))
    return spec_of(number)


@router.post("/changes/{number}/cancel", response=ChangeOut, summary="Give a change up", **takes(Scope.SUBMIT))
def cancel_change(request: ApiRequest, number: str, given: Reason, phase: Text = "") -> Any:
    workflow.cancel(actor=request.auth, phase=phase_of(number, phase), reason=given.reason)
    return spec_of(number)
