"""Everything about a phase, in as few queries as there are kinds of it: what gates check, the workflow weighs and pages show.

A case is what the rows said when it was loaded. Whoever decides loads one in the transaction that holds the phase's lock.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.utils import timezone

from governance import compatibility, matrix
from governance.accord import Accord, active_policy_row, approver_rows, approvers_from, policy_from
from governance.analysis.risk import RiskLevel
from governance.booked import deployments_of
from governance.detours import consideration_rows, emergency_rows, open_questions, sent_back_rows
from governance.digest import release_digest, script_digest
from governance.emergency import Emergency, Skip, skipped_in
from governance.kept import KeptRow, KeptRows, kept
from governance.manifest import manifest_of
from governance.models import (
    Analysis,
    Approval,
    ApprovalRequest,
    CheckResult,
    Comment,
    CommentKind,
    DecisionPoint,
    DependencyKind,
    Deployment,
    Domain,
    Environment,
    Phase,
    Rehearsal,
    Run,
    Script,
    SpecEditor,
    TestEvidence,
    what_holds,
)
from governance.models import CheckChoice as CheckChoiceRow
from governance.orders import CheckChoice, Manifest, RunStatus
from governance.orders import Release as ReleaseValue
from governance.policy import ApprovalKind, Considered, Policy
from governance.specification import ChangeKind


@dataclass(frozen=True)
class Case:
    phase: Any  # one of `phases()`
    deployments: list[Any]  # in rank order, each with its live booking: see `booked.deployments_of`
    scripts: list[Script]
    rehearsals: list[Rehearsal]  # newest first
    approvals: list[Any]  # newest first
    analyses: dict[int | None, Analysis]  # the latest by target; None: of the scripts alone
    runs: list[Any]  # newest first, each with `answers`, question and verdict of its checks, and `undecided`

    @cached_property
    def bare(self) -> Manifest:
        """Before there is a rehearsal: what analyses and rehearsals are made for."""
        return manifest_of(self.scripts, (CheckChoice(**row) for row in self.phase.choices))

    @cached_property
    def content(self) -> str:
        return script_digest(self.bare)

    @cached_property
    def manifest(self) -> Manifest:
        done = (each.verdict for each in self.rehearsals if each.digest == self.content and each.status == RunStatus.SUCCEEDED)
        return replace(self.bare, rehearsal=next(done, ""))

    @property
    def latest_rehearsal(self) -> Rehearsal | None:
        """Whatever it rehearsed."""
        return next(iter(self.rehearsals), None)

    @cached_property
    def digests(self) -> tuple[str, str]:
        """What a technical and what a business approval binds to; "" while the latter has nothing to bind to."""
        digest = script_digest(self.manifest)
        release = self.release_of(digest)
        return digest, release_digest(release) if release else ""

    def digest_of(self, kind: ApprovalKind) -> str:
        return self.digests[kind.released]

    def release_of(self, digest: str) -> ReleaseValue | None:
        """What business approves: None before every production target is booked. An emergency past windows is booked by its own time."""
        targets, booked = self.on(production=True), self.booked_in_production
        if targets and self.skips(Skip.WINDOW) and self.emergency:
            everywhere = tuple(sorted(each.target.name for each in targets))
            return ReleaseValue(digest, everywhere, self.emergency.opened_at, self.emergency.expires_at, self.policy.version)
        if not targets or len(booked) < len(targets):
            return None
        names = sorted(each.target.name for each in targets)
        starts, ends = min(each.starts for each in booked), max(each.ends for each in booked)
        return ReleaseValue(digest, tuple(names), starts, ends, self.policy.version)

    def on(self, *, production: bool) -> list[Any]:
        return [each for each in self.deployments if each.target.environment.production is production]

    @property
    def booked_in_production(self) -> list[Any]:
        return sorted((each for each in self.on(production=True) if each.starts), key=lambda each: each.starts)

    @property
    def kind(self) -> ChangeKind:
        """What policy's rules match on. An emergency that is over, and was not used, is a normal change from that moment on."""
        kind = ChangeKind(self.phase.spec.kind)
        over = kind is ChangeKind.EMERGENCY and not any(each.live or each.used_for for each in self.emergencies)
        return ChangeKind.NORMAL if over else kind

    @cached_property
    def emergencies(self) -> list[Emergency]:
        """Newest first."""
        return [Emergency.of(row) for row in self.phase.emergencies_]

    @property
    def emergency(self) -> Emergency | None:
        """The one that lasts now."""
        return next((each for each in self.emergencies if each.live), None)

    def skips(self, skip: Skip) -> bool:
        """Whether a run that starts now may do without it."""
        return self.emergency is not None and skip in self.emergency.skips

    @property
    def skipped(self) -> dict[Skip, str]:
        return skipped_in(self.emergencies, self.digests[0])

    @property
    def wrote(self) -> frozenset[int]:
        """Who cannot decide on it: its author and its editors."""
        return frozenset(self.phase.editors) | {self.phase.spec.author_id}

    @property
    def asked(self) -> list[dict[str, str]]:
        """Wishes for changes that are open: person and text."""
        return self.phase.asked

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Decisions that are asked for: kind, domain, opened_at and due_at, the oldest first."""
        times = ("opened_at", "due_at")
        return [
            {**row, "kind": ApprovalKind(row["kind"]), **{name: datetime.fromisoformat(row[name]) for name in times}}
            for row in self.phase.asks
        ]

    def decided(self, kind: ApprovalKind) -> list[Any]:
        """Decisions on what would run now, whether they count or not."""
        return [each for each in self.accord.decisions if each.kind == kind]

    def given(self, kind: ApprovalKind) -> int:
        return self.accord.given(kind)

    def needed(self, kind: ApprovalKind) -> int:
        return self.accord.needed(kind)

    @cached_property
    def policy(self) -> Policy:
        return policy_from(self.phase.policy)

    @cached_property
    def accord(self) -> Accord:
        digests = {kind: self.digest_of(kind) for kind in ApprovalKind}
        return Accord(
            policy=self.policy,
            approvers=approvers_from(self.phase.approvers),
            wrote=self.wrote,
            decisions=tuple(each for each in self.approvals if each.digest == digests[ApprovalKind(each.kind)] and not each.voided_at),
            below=self._considered(production=False),
            production=self._considered(production=True),
            now=timezone.now(),
        )

    def _considered(self, *, production: bool) -> tuple[Considered, ...]:
        spec, known = self.phase.spec, [analysis.report for analysis in self.analyses.values() if analysis.digest == self.content]
        sizes = [report.get("largest") for report in known]
        environments = sorted({each.target.environment.name for each in self.on(production=production)})
        return tuple(
            Considered(
                environment=environment,
                production=production,
                risk=RiskLevel(self.phase.risk or RiskLevel.CRITICAL),
                change_class=self.phase.change_class,
                domains=tuple(domain["slug"] for domain in self.phase.domains),
                size=max((size for size in sizes if size is not None), default=None),
                pattern=spec.pattern,
                kind=self.kind,
                irreversible=spec.irreversible,
                soft_blackout=production and any(each.soft for each in self.booked_in_production),
            )
            for environment in environments
        )

    def current_tests(self) -> list[dict[str, Any]]:
        """The latest result of each suite, for these scripts."""
        latest = {(test["suite"], test["service"]): test for test in reversed(self.phase.tests) if test["digest"] == self.content}
        return list(latest.values())

    def deployable_in(self, environment: Environment) -> matrix.Answer:
        """What it would mean for the environment's clients, on those targets that it has still to come to."""
        to_come = [each for each in self.deployments if each.target.environment_id == environment.pk and not each.applied]
        outlook = compatibility.outlook_of(self.phase, environment, to_come, self._report_on, self.content, timezone.now())
        return outlook.answer()

    def _report_on(self, target: int) -> dict[str, Any] | None:
        """The latest analysis of these scripts there, or else of the scripts alone."""
        found = (self.analyses.get(key) for key in (target, None))
        return next((analysis.report for analysis in found if analysis and analysis.digest == self.content), None)

    @cached_property
    def deployability(self) -> matrix.Answer:
        """In production."""
        environments = {each.target.environment: None for each in self.on(production=True)}
        return compatibility.together(map(self.deployable_in, environments))

    def cells(self) -> list[tuple[str, matrix.Cell]]:
        """Every client with what would be deployed on each production target that is still to come."""
        return [(row.client, row.cell) for row in self.deployability.rows]

    def can_deploy(self) -> str:
        """ "yes", or "no: …" or "unknown: …" with the clients and reasons."""
        return str(self.deployability)

    def undeployed(self, *, production: bool) -> tuple[str, ...]:
        """Required changes that are not on every target of the kind yet."""
        return tuple(sorted({f"CHG-{each['spec']}" for each in self.phase.waits_for if each["production"] is production}))


def load(phase: int) -> Case:
    """Raises Phase.DoesNotExist."""
    return case_of(phases().get(pk=phase))


def case_of(phase: Phase) -> Case:
    """`phase`: one of `phases()`."""
    analyses = Analysis.objects.filter(phase=phase).select_related("target").order_by("target_id", "-pk").distinct("target_id")
    return Case(
        phase=phase,
        deployments=deployments_of(phase),
        scripts=list(Script.objects.filter(phase=phase).order_by("version", "kind")),
        rehearsals=list(Rehearsal.objects.filter(phase=phase).order_by("-requested_at")),
        approvals=list(_approvals(phase)),
        analyses={analysis.target_id: analysis for analysis in analyses},
        runs=list(_runs().filter(deployment__phase=phase)),
    )


def phases() -> QuerySet[Phase]:
    """With the little rows that belong to a phase or to its change."""
    return _phases(timezone.now().date())


@kept
def _phases(today: date) -> QuerySet[Phase]:
    """Kept, since describing it takes longer than asking it: what it reads begins so many days before today, and else never changes."""
    here, spec = OuterRef("pk"), OuterRef("spec")
    required = Deployment.objects.filter(
        phase__spec__dependants__spec=spec, phase__spec__dependants__kind=DependencyKind.REQUIRES, applied=False
    )
    tests = TestEvidence.objects.filter(phase=here).order_by("-pk")
    asked = Comment.objects.filter(phase=here, kind=CommentKind.CHANGES, resolved_at=None).order_by("pk")
    chosen = CheckChoiceRow.objects.filter(phase=here).order_by("name")
    requests = ApprovalRequest.objects.open().filter(phase=here).order_by("due_at", "pk")
    return Phase.objects.select_related("spec__author", "review__reviewer").annotate(
        editors=KeptRows(SpecEditor.objects.filter(spec=spec).values("person")),
        domains=KeptRows(Domain.objects.filter(specs=spec).order_by("name").values(row=JSONObject(slug="slug", name="name"))),
        owners=KeptRows(Domain.owners.through.objects.filter(domain__specs=spec).values("user")),
        considered=KeptRows(consideration_rows(spec)),
        unanswered=KeptRows(open_questions(spec)),
        waits_for=KeptRows(required.values(row=JSONObject(spec="phase__spec", production="target__environment__production"))),
        tests=KeptRows(tests.values(row=JSONObject(digest="digest", passed="passed", suite="suite", service="service", at="at"))),
        choices=KeptRows(chosen.values(row=JSONObject(name="name", text="text", reason="reason"))),
        emergencies_=KeptRows(emergency_rows(here)),
        sent_back_=KeptRows(sent_back_rows(here)),
        asked=KeptRows(asked.values(row=JSONObject(person="person__username", text="text"))),
        asks=KeptRows(requests.values(row=JSONObject(kind="kind", domain="domain", opened_at="opened_at", due_at="due_at"))),
        policy=KeptRow(active_policy_row()[:1]),
        approvers=KeptRows(approver_rows()),
        state_of_checks=KeptRow(Domain.objects.state_of_checks()),
        clients=KeptRows(compatibility.client_rows(today)),
        traffic=KeptRows(compatibility.traffic_rows(today)),
    )


def _approvals(phase: Phase) -> QuerySet[Approval]:
    return Approval.objects.filter(phase=phase).select_related("person", "on_behalf_of").order_by("-pk")


@kept
def _runs() -> QuerySet[Run]:
    checks = CheckResult.objects.filter(run=OuterRef("pk")).order_by("pk")
    undecided = DecisionPoint.objects.filter(run=OuterRef("pk"), decided_at=None).order_by("pk")
    return (
        Run.objects.select_related("target__environment")
        .annotate(undecided=KeptRows(undecided.values("text")))
        .annotate(answers=KeptRows(checks.values(row=JSONObject(question="question", verdict=what_holds(), severity="severity"))))
        .order_by("-requested_at")
    )
