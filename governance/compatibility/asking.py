"""The gate: may a client, or a phase of a change, go out to an environment? Pages, acts, the API and the command ask here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from governance.analysis.classify import Bump
from governance.compatibility.evidence import Known, known_clients, known_in
from governance.compatibility.lines import steps_in
from governance.compatibility.names import UnknownClient, UnknownEnvironment
from governance.matrix import (
    NOTHING_KNOWN,
    Answer,
    Cell,
    Circumstances,
    Derivation,
    Part,
    Question,
    Reason,
    Row,
    Source,
    Statement,
    Step,
    Verdict,
    answer,
    standing,
)
from governance.matrix.derivation import MADE_FOR
from governance.matrix.plan import steps_of_part
from governance.models import (
    Acknowledgement,
    Analysis,
    Deployment,
    Environment,
    MatrixEntry,
    Override,
    Phase,
    Presence,
    Release,
    ReleaseKind,
    Run,
    Target,
)
from governance.orders import RunKind, RunStatus
from governance.versions import DatabaseVersion

Report = Mapping[str, Any] | None


@dataclass(frozen=True)
class Outlook:
    """What a phase would mean for the clients of an environment: `deployments` are those of it that are still to come."""

    phase: Phase
    environment: Environment
    deployments: Sequence[Any]
    known: Sequence[Known]
    steps: Mapping[int, tuple[Step, ...]]  # by key of the target
    digest: str
    now: datetime

    def answer(self) -> Answer:
        if not self.deployments:
            return Answer(Verdict.YES)
        return answer(self.rows(), self._question())

    def rows(self) -> list[Row]:
        here = [each for each in self.known if each.is_here]
        return [row for deployment in self.deployments for row in self._rows_on(deployment.target, here)]

    def _rows_on(self, target: Target, here: Iterable[Known]) -> Iterable[Row]:
        circumstances = Circumstances(self.now, self.environment.production)
        derivation, after = Derivation(self.steps[target.pk], self.now.date()), next_version(target, self.phase)
        for each in here:
            derived = derivation.after(cell_with(each, target, circumstances), each.client())
            said = (
                statement
                for statement in each.statements(target.name, after)
                if statement.cell.source in (Source.TESTED, Source.OVERRIDDEN)
            )
            yield Row(each.label, f"{target} {after}", standing([Statement(derived), *said], circumstances), each.presence)

    def _question(self) -> Question:
        question = Question(
            self.now,
            self.environment.name,
            self.environment.production,
            tuple(step for each in self.deployments for step in self.steps[each.target_id]),
        )
        if not question.takes_away:
            return question
        return replace(
            question,
            acknowledged=Acknowledgement.objects.filter(phase=self.phase, environment=self.environment, digest=self.digest).exists(),
            older_backends=self._older_backends(),
            rollback_until=self._rollback_until(),
        )

    def _older_backends(self) -> tuple[str, ...]:
        """Backends of our own in the environment that were made for the schema of before the change's first phase."""
        if Part.named(self.phase.name) is not Part.CONTRACT or self.phase.name != Part.CONTRACT:
            return ()
        before = Deployment.objects.filter(
            phase__spec=self.phase.spec_id, target__in=[each.target_id for each in self.deployments], applied=True
        )
        oldest: dict[int | None, DatabaseVersion] = {
            each.target_id: DatabaseVersion.parse(each.version_before)
            for each in before.order_by("-phase__position")
            if each.version_before
        }
        there = Presence.objects.filter(environment=self.environment, until=None, release__kind=ReleaseKind.BACKEND).select_related(
            "release"
        )
        releases = [each.release for each in there if each.release.target_id in oldest and each.release.schema_version]
        return tuple(sorted(str(each) for each in releases if DatabaseVersion.parse(each.schema_version) <= oldest[each.target_id]))

    def _rollback_until(self) -> datetime | None:
        """Until when the phase before this one is watched, and so may still be taken back."""
        earlier = Run.objects.filter(
            deployment__phase__spec=self.phase.spec_id,
            deployment__phase__position__lt=self.phase.position,
            deployment__applied=True,
            target__environment=self.environment,
            kind=RunKind.DEPLOY,
            status=RunStatus.SUCCEEDED,
        )
        last = earlier.order_by("-finished_at").first()
        if last is None or last.finished_at is None:
            return None
        return last.finished_at + timedelta(seconds=self.environment.monitoring_seconds)


def next_version(target: Target, phase: Phase) -> str:
    return str(DatabaseVersion.parse(target.version).bumped(Bump(phase.bump or Bump.MAJOR)))


def cell_with(known: Known, target: Target, circumstances: Circumstances) -> Cell:
    """What holds of a client with a target as it is now."""
    said = known.statements(target.name, target.version)
    if said:
        return standing(said, circumstances)
    return MADE_FOR if known.is_made_for(target.name, target.version) else NOTHING_KNOWN


def outlook_of(
    phase: Any, environment: Environment, to_come: Sequence[Any], report_on: Callable[[int], Report], digest: str, now: datetime
) -> Outlook:
    """`phase`: with `clients` and `traffic` as arrays; `report_on`: the latest analysis, by key of the target."""
    steps = {each.target_id: _steps(phase, each.target, report_on(each.target_id)) for each in to_come}
    return Outlook(phase, environment, to_come, known_in(environment, phase.clients, phase.traffic, now), steps, digest, now)


def _steps(phase: Phase, target: Target, report: Report) -> tuple[Step, ...]:
    part, own = Part.named(phase.name), steps_in(report, phase)
    if phase.name not in set(Part):
        return steps_of_part(part, {part: own})
    others = (
        Analysis.objects.filter(phase__spec=phase.spec_id).exclude(phase=phase).select_related("phase__spec").order_by("target_id", "pk")
    )
    rest = {Part.named(each.phase.name): steps_in(each.report, each.phase) for each in others if each.target_id in (None, target.pk)}
    return steps_of_part(part, {**rest, part: own})


def together(answers: Iterable[Answer]) -> Answer:
    """Of several environments: the worst verdict, all rows and reasons."""
    found = tuple(answers)
    order = (Verdict.NO, Verdict.UNKNOWN, Verdict.YES)
    worst = min((each.verdict for each in found), key=order.index, default=Verdict.YES)
    reasons = sorted((reason for each in found for reason in each.reasons), key=lambda reason: order.index(reason.verdict))
    return Answer(worst, tuple(row for each in found for row in each.rows), tuple(reasons))


def environment_named(name: str) -> Environment:
    """Raises UnknownEnvironment."""
    found = Environment.objects.filter(name=name).first()
    if found is None:
        raise UnknownEnvironment(name, Environment.objects.values_list("name", flat=True))
    return found


def ask_client(name: str, version: str, environment: Environment, now: datetime) -> Answer:
    """May this release of a client be put into, or stay in, the environment?

    Raises UnknownClient: no client of this name at all. A version that nobody registered is an answer: unknown.
    """
    releases = Release.objects.filter(kind=ReleaseKind.CLIENT, name__iexact=name)
    if not releases:
        raise UnknownClient(name, Release.objects.filter(kind=ReleaseKind.CLIENT).values_list("name", flat=True).distinct())
    release = next((each for each in releases if each.version == version), None)
    if release is None:
        return _unregistered(releases[0].name, version)
    targets = list(Target.objects.filter(environment=environment).select_related("environment"))
    backends = list(Release.objects.filter(kind=ReleaseKind.BACKEND, presences__environment=environment, presences__until=None))
    earlier = _could_come_back(targets, now)
    known = next((each for each in known_clients(environment, now) if each.pk == release.pk), None)
    if known is None:
        return Answer(Verdict.NO, (), (Reason("retired", Verdict.NO, "it is retired", str(release), way_out="Register a newer version."),))
    circumstances = Circumstances(now, environment.production)
    rows = [Row(known.label, f"{target} {target.version}", cell_with(known, target, circumstances)) for target in targets]
    rows += [Row(known.label, str(each), standing(known.statements(each.name, each.version), circumstances)) for each in backends]
    if not rows:
        return _nowhere(known.label, environment)
    before = tuple(
        Row(known.label, f"{target} {version}", standing(known.statements(target.name, version), circumstances))
        for target, version in earlier
    )
    return answer(rows, Question(now, environment.name, environment.production, before=before))


def _cell_before(client: Release, target: Target, version: str, circumstances: Circumstances) -> Cell:
    of_pair = {"client": client, "backend__name": target.name, "backend__version": version}
    entries = [each.statement for each in MatrixEntry.objects.filter(**of_pair)]
    overrides = [each.statement for each in Override.objects.filter(**of_pair, withdrawn_at=None)]
    return standing([*entries, *overrides], circumstances)


def _could_come_back(targets: Iterable[Target], now: datetime) -> list[tuple[Target, str]]:
    """The version of before, of each target whose last change is still being watched."""
    watched = []
    for target in targets:
        since = now - timedelta(seconds=target.environment.monitoring_seconds)
        runs = Run.objects.filter(
            target=target, kind=RunKind.DEPLOY, status=RunStatus.SUCCEEDED, finished_at__gt=since, deployment__applied=True
        )
        last = runs.select_related("deployment").order_by("-finished_at").first()
        if last and last.deployment.version_after == target.version:
            watched.append((target, last.deployment.version_before))
    return watched


def _unregistered(name: str, version: str) -> Answer:
    text = f"no release {version} of {name} is registered"
    way_out = f"Register {name} {version} with what it uses, in the portal or by POST /api/v1/clients."
    return Answer(Verdict.UNKNOWN, (), (Reason("unregistered", Verdict.UNKNOWN, text, f"{name} {version}", way_out=way_out),))


def _nowhere(client: str, environment: Environment) -> Answer:
    text = f"no database or backend is known in {environment}"
    return Answer(Verdict.UNKNOWN, (), (Reason("no-backend", Verdict.UNKNOWN, text, client, way_out=f"Add a target to {environment}."),))
