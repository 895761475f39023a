"""What a decision is made on: everything about a phase, looked up in as few queries as there are kinds of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case as Choose
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject
from django.http import Http404

from governance import matrix, policy
from governance.analysis.classify import ChangeClass
from governance.analysis.risk import RiskLevel
from governance.compatibility import UNKNOWN as UNKNOWN_CELL
from governance.digest import release_digest, script_digest
from governance.manifest import release_from, script_values
from governance.matrix import Cell, Compatibility, Source
from governance.models import (
    Analysis,
    Approval,
    Booking,
    Comment,
    CommentKind,
    Decision,
    Deployment,
    MatrixEntry,
    Observation,
    Phase,
    Rehearsal,
    Release,
    ReleaseKind,
    Run,
    Script,
    SpecEditor,
    TestEvidence,
    Window,
)
from governance.orders import Limits, Manifest, RunStatus, Verdict
from governance.policy import ApprovalKind
from governance.windows import WindowKind

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    phase: Phase
    deployments: list[Deployment]
    editors: frozenset[int]
    tests: list[dict[str, Any]]  # digest, passed, newest first
    scripts: list[Script]  # each with `known`: its text when the person decided last, None where they never did
    manifest: Manifest
    content: str  # digest of the scripts alone
    rehearsal: Rehearsal | None  # the latest one, whatever it rehearsed
    bookings: list[Booking]  # each with `blackout`: the name of one over it, or None
    approvals: list[Approval]  # each with `in_role`, newest first
    analyses: dict[int, Analysis]  # the latest by target, each with `facts`
    runs: list[Run]  # newest first, each with the numbers of its checks: passed, failed, unknown
    clients: dict[str, Cell] = field(default_factory=dict)  # every live client with what would be deployed
    asked: list[dict[str, str]] = field(default_factory=list)  # wishes for changes that are open: person, text

    @property
    def digest(self) -> str:
        return script_digest(self.manifest)

    @property
    def production(self) -> list[Deployment]:
        return [deployment for deployment in self.deployments if deployment.target.environment.production]

    @property
    def production_bookings(self) -> list[Booking]:
        targets = {deployment.target_id for deployment in self.production}
        return [booking for booking in self.bookings if booking.target_id in targets]

    def digest_of(self, kind: ApprovalKind) -> str:
        """What an approval binds to; "" while a business approval has nothing to bind to."""
        if kind is ApprovalKind.TECHNICAL:
            return self.digest
        targets = sorted(deployment.target.name for deployment in self.production)
        release = release_from(self.digest, targets, self.production_bookings)
        return release_digest(release) if release else ""

    def needed(self, kind: ApprovalKind) -> int:
        return policy.people_needed(kind, RiskLevel(self.phase.risk or RiskLevel.CRITICAL), self.phase.spec.irreversible)

    def decided(self, kind: ApprovalKind) -> list[Approval]:
        """Decisions on what would run now; one by somebody who has left or changed roles is there and does not count."""
        digest = self.digest_of(kind)
        return [each for each in self.approvals if each.kind == kind and each.digest == digest and not each.voided_at]

    def counted(self, kind: ApprovalKind) -> int:
        wrote = self.editors | {self.phase.spec.author_id}
        people = {
            each.person_id
            for each in self.decided(kind)
            if each.decision == Decision.APPROVED and each.in_role and each.person.is_active  # type: ignore[attr-defined]
        }
        return len(people - wrote)


def load(phase_id: int, person: User, kind: ApprovalKind) -> Case:
    """Raises Http404."""
    deployments = list(_deployments(phase_id))
    if not deployments:
        raise Http404
    phase = deployments[0].phase
    approvals = list(_approvals(phase))
    decided = (each.at for each in approvals if each.person_id == person.pk and each.kind == kind)
    scripts = list(_scripts(phase, next(decided, NEVER)))
    rehearsals = list(Rehearsal.objects.filter(phase=phase).order_by("-requested_at"))
    bare = Manifest(script_values(scripts), Limits(), "")
    content = script_digest(bare)
    done = (each.verdict for each in rehearsals if each.digest == content and each.status == RunStatus.SUCCEEDED)
    return Case(
        phase=phase,
        deployments=deployments,
        editors=frozenset(deployments[0].editors),
        tests=deployments[0].tests,
        scripts=scripts,
        manifest=replace(bare, rehearsal=next(done, "")),
        content=content,
        rehearsal=rehearsals[0] if rehearsals else None,
        bookings=list(_bookings(phase)),
        approvals=approvals,
        analyses=_analyses(phase),
        runs=list(_runs(phase)),
        clients=_clients(phase, deployments),
        asked=deployments[0].asked,
    )


def _deployments(phase_id: int) -> Any:
    tests = TestEvidence.objects.filter(phase=OuterRef("phase")).order_by("-pk")
    asked = Comment.objects.filter(phase=OuterRef("phase"), kind=CommentKind.CHANGES, resolved_at=None).order_by("pk")
    return (
        Deployment.objects.filter(phase=phase_id)
        .select_related("phase__spec__author", "target__environment")
        .annotate(
            editors=ArraySubquery(SpecEditor.objects.filter(spec=OuterRef("phase__spec")).values("person")),
            tests=ArraySubquery(tests.values(row=JSONObject(digest="digest", passed="passed", suite="suite", service="service"))),
            asked=ArraySubquery(asked.values(row=JSONObject(person="person__username", text="text"))),
        )
        .order_by("target__environment__rank", "target__name")
    )


def _scripts(phase: Phase, moment: datetime) -> QuerySet[Script]:
    before = Script.history.filter(id=OuterRef("pk"), history_date__lte=moment).order_by("-history_date")
    return Script.objects.filter(phase=phase).annotate(known=Subquery(before.values("text")[:1]))


def _bookings(phase: Phase) -> Any:
    over = Window.objects.filter(
        kind=WindowKind.BLACKOUT,
        environment=OuterRef("target__environment"),
        starts__lt=OuterRef("ends"),
        ends__gt=OuterRef("starts"),
    )
    rows = Booking.objects.filter(phase=phase, cancelled_at=None).select_related("window", "target", "booked_by")
    return rows.annotate(blackout=Subquery(over.values("name")[:1])).order_by("starts")


def _approvals(phase: Phase) -> Any:
    roles = Choose(*(When(kind=kind, then=Value(role)) for kind, role in policy.ROLE_OF.items()))
    groups = User.groups.through.objects.filter(user=OuterRef("person"), group__name=OuterRef("role"))
    return (
        Approval.objects.filter(phase=phase).select_related("person").annotate(role=roles).annotate(in_role=Exists(groups)).order_by("-pk")
    )


def _analyses(phase: Phase) -> dict[int, Analysis]:
    observed = Observation.objects.filter(phase=OuterRef("phase"), target=OuterRef("target")).exclude(facts=None).order_by("-requested_at")
    rows = Analysis.objects.filter(phase=phase, target__isnull=False).annotate(facts=Subquery(observed.values("facts")[:1])).order_by("pk")
    return {analysis.target_id: analysis for analysis in rows if analysis.target_id}


def _runs(phase: Phase) -> Any:
    counts = {str(verdict): Count("checks", filter=Q(checks__verdict=verdict)) for verdict in Verdict}
    return Run.objects.filter(deployment__phase=phase).select_related("target__environment").annotate(**counts).order_by("-requested_at")


def _clients(phase: Phase, deployments: list[Deployment]) -> dict[str, Cell]:
    """As `compatibility.can_deploy` sees them: the worst cell of a client over the production targets that are still to come."""
    backends = Q()
    waiting = [each.target for each in deployments if each.target.environment.production and not each.applied]
    for target in waiting:
        backends |= Q(backend__name=target.name, backend__version=target.version)
    entries = MatrixEntry.objects.filter(backends, client=OuterRef("pk")).values(
        row=JSONObject(backend="backend__name", verdict="verdict", reason="reason", source="source")
    )
    clients = Release.objects.filter(kind=ReleaseKind.CLIENT, live=True).annotate(cells=ArraySubquery(entries))
    change_class = ChangeClass(phase.change_class or ChangeClass.UNKNOWN)
    return {str(client): _worst(phase, change_class, client.cells, [target.name for target in waiting]) for client in clients}


def _worst(phase: Phase, change_class: ChangeClass, rows: list[Mapping[str, str]], targets: list[str]) -> Cell:
    known = {row["backend"]: Cell(Compatibility(row["verdict"]), row["reason"], Source(row["source"])) for row in rows}
    cells = [matrix.derive(known.get(name, UNKNOWN_CELL), change_class, phase.spec.number) for name in targets]
    return min(
        cells, key=lambda cell: matrix.WORST_FIRST.index(cell.verdict), default=Cell(Compatibility.FULL, "nothing is left to deploy")
    )
