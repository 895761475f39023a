"""The story of one change: each stage's act, done by its person through the workflow, each done by the real runner.

Told as a loop over the present stage, so that it goes on where it was interrupted.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from governance import lifecycle, specification, workflow
from governance.dossier import gather
from governance.errors import Refusal
from governance.lifecycle import PhaseStatus, Role, Stage
from governance.models import Booking, Deployment, MatrixEntry, Phase, Rehearsal, Request, Run, Spec, StartMode, Window
from governance.orders import RunKind, RunStatus, Verdict
from governance.policy import ApprovalKind
from governance.wording import counted
from governance.workflow import Debt, Result, ScriptFile, Source
from portal.clients import Clients, Report
from portal.demo.databases import INSTABIDS
from portal.demo.setup import person
from portal.demo.teller import Teller

MOST_INTERRUPTIONS = 3
PATIENCE = 120.0  # seconds to wait for the runner
WAITING = (RunStatus.QUEUED, RunStatus.RUNNING)
MAIN, EDITED = "bids_pricing_model", "contractor_verification_levels"


class StoryFailed(Exception):
    """The story cannot go on; the message says where it stands."""


def submit(slug: str, role: Role = Role.ENGINEER) -> Spec:
    """A change from its folder in the fixtures; the one that is there already, if it was submitted before."""
    folder = INSTABIDS / "changes" / slug
    given = specification.parse("spec.md", (folder / "spec.md").read_text())
    known = Spec.objects.filter(title=given.title).first()
    if known:
        return known
    scripts = [ScriptFile(path.name, path.read_text()) for path in sorted(folder.glob("*.sql"))]
    return workflow.submit(
        actor=person(role), specification=given, scripts=scripts, source=Source("git.instabids.example/schema", "4f2c1ab")
    )


@dataclass
class Story:
    teller: Teller
    production_url: str
    keep_alive: Callable[[], object]  # starts again what has died of the portal's processes
    report: Report | None = None
    interruptions: int = 0

    def tell(self) -> None:
        spec = self._begin()
        while (phase := self.phase(spec)).status == PhaseStatus.OPEN:
            before = phase.at
            if not lifecycle.missing(before, gather(phase)):
                self._go_on(phase)
                continue
            self.teller.at(before)
            ACTS[before](self, phase)
            phase = self.phase(spec)
            if phase.status == PhaseStatus.OPEN:
                self.check_progress(before, phase)
                self._tell_passed(before, phase)
        self.teller.add(f"{spec.number} is closed: thirteen stages, each left with its evidence.")

    def _go_on(self, phase: Phase) -> None:
        """After a run that did not succeed: what it left is known, and a new run does the rest."""
        self.interruptions += 1
        if self.interruptions > MOST_INTERRUPTIONS:
            raise StoryFailed(f"{phase} did not get further in {MOST_INTERRUPTIONS} attempts. See its runs in the portal.")
        workflow.advance(actor=person(Role.OPERATOR), phase=phase)
        self.teller.tell("Ingrid goes on: a new run does what is left.")

    def _begin(self) -> Spec:
        told = Spec.objects.exists()
        spec = submit(MAIN)
        phase = self.phase(spec)
        if told:
            self.teller.add(f"{spec.number} “{spec}” is there already, at stage {phase.stage}, {phase.at.title.lower()}.")
            return spec
        self.teller.at(Stage.REQUIREMENT)
        self.teller.tell(f"Tomasz submits {spec.number} “{spec}”, {phase.scripts.count()} scripts with rollbacks and checks.")
        self.teller.add(f"It {_lower(phase.sentence)}")
        self._tell_passed(Stage.REQUIREMENT, phase)
        return spec

    def _tell_passed(self, before: Stage, phase: Phase) -> None:
        """Stages between two acts that were left at once, as everything they ask for was there."""
        dossier = gather(phase)
        for number in range(before + 1, phase.at):
            if Stage(number) not in self.teller.told:
                self.teller.at(Stage(number))
                pieces = [_lower(piece.text) for piece in lifecycle.evidence(Stage(number), dossier)]
                self.teller.add(f"Everything is there: {', '.join(pieces)}.")

    def phase(self, spec: Spec) -> Phase:
        return Phase.objects.select_related("spec__author").get(spec=spec)

    def check_progress(self, before: Stage, phase: Phase) -> None:
        lacking = [f"{piece.text} ({piece.detail or piece.state})" for piece in lifecycle.missing(phase.at, gather(phase))]
        if phase.at > before or not lacking:
            return
        last = Run.objects.filter(deployment__phase=phase).order_by("-requested_at").first()
        raise StoryFailed(
            f"{phase} stays at “{phase.at.title}”. Missing: {'; '.join(lacking)}. Last run: {last.message if last else 'none'}"
        )

    def wait(self, row: Request) -> Request:
        """Until the runner has ended the row."""
        deadline = time.monotonic() + PATIENCE
        while row.status in WAITING:
            if time.monotonic() > deadline:
                raise StoryFailed(f"The runner has not ended {row} in {PATIENCE:.0f} s. See var/log/cluster.log.")
            time.sleep(0.1)
            self.keep_alive()
            row.refresh_from_db()
        return row

    def analyse(self, phase: Phase) -> None:
        for observation in phase.observations.filter(status__in=WAITING):
            self.wait(observation)
        if lifecycle.missing(Stage.IMPACT_ANALYSIS, gather(phase)):
            workflow.request_analysis(actor=person(Role.ENGINEER), phase=phase)
            for observation in phase.observations.filter(status__in=WAITING):
                self.wait(observation)
        phase = self.phase(phase.spec)
        findings = sum(analysis.findings.count() for analysis in phase.analyses.filter(target__isnull=False))
        self.teller.tell(
            f"Lockgate analyses it on today's facts of both targets: {phase.change_class}, {phase.risk} risk, {findings} findings."
        )

    def rehearse(self, phase: Phase) -> None:
        if not phase.rehearsals.filter(status__in=WAITING).exists():
            workflow.request_rehearsal(actor=person(Role.ENGINEER), phase=phase)
        rehearsal = phase.rehearsals.order_by("-requested_at").first()
        assert isinstance(rehearsal, Rehearsal)
        self.wait(rehearsal)
        self.teller.tell(f"Lockgate rehearses it, forward, back, schema compared, forward: {rehearsal.verdict}. {rehearsal.message}")

    def test(self, phase: Phase) -> None:
        evidence = workflow.add_evidence(
            actor=person(Role.ENGINEER), phase=phase, suite="bids end-to-end", service="bids-api", commit="9d1e0f7", passed=True
        )
        self.teller.tell(f"Tomasz sends the result of integration tests: {evidence}.")

    def stage(self, phase: Phase) -> None:
        if lifecycle.missing(Stage.STAGING_DEPLOYMENT, gather(phase))[0].text == "Technical approval":
            self.approve(phase, ApprovalKind.TECHNICAL, Role.REVIEWER)
        deployment = self.deployment(phase, production=False)
        run = self.run(deployment, RunKind.DEPLOY)
        self.teller.tell(f"Ingrid runs it on {run.target}: {ended(run)}")

    def dry_run(self, phase: Phase) -> None:
        run = self.run(self.deployment(phase, production=True), RunKind.DRY_RUN)
        self.teller.tell(f"Ingrid tries it in production: {run.message}")

    def schedule(self, phase: Phase) -> None:
        if not Booking.objects.filter(phase=phase, cancelled_at=None).exists():
            booking = self.book(phase)
            hours = f"{booking.starts:%H:%M} to {booking.ends:%H:%M} UTC"
            self.teller.tell(f"Ingrid books {booking.target} in “{booking.window}”, {hours}.")
        self.approve(phase, ApprovalKind.BUSINESS, Role.STAKEHOLDER)

    def book(self, phase: Phase, after: int = 0, start: StartMode = StartMode.MANUAL) -> Booking:
        """An hour of the latest window. `after`: so many hours from now, plus what keeps it apart from the hour before."""
        target = self.deployment(phase, production=True).target
        window = Window.objects.filter(environment=target.environment).latest("starts")
        begin = timezone.now() + timedelta(hours=after, minutes=5 * after)
        return workflow.book(
            actor=person(Role.OPERATOR),
            phase=phase,
            target=target,
            window=window,
            starts=begin,
            ends=begin + timedelta(hours=1),
            start=start,
        )

    def deploy(self, phase: Phase) -> None:
        deployment = self.deployment(phase, production=True)
        with Clients(self.production_url) as clients:
            time.sleep(0.5)
            run = self.run(deployment, RunKind.DEPLOY)
            time.sleep(0.5)
        self.report = clients.report
        if run.status != RunStatus.SUCCEEDED:
            self.teller.tell(f"Ingrid runs it on {run.target}. {run.message}")
            return
        deployment.refresh_from_db()
        versions = f"{deployment.version_before} → {deployment.version_after}"
        self.teller.tell(f"Ingrid runs it on {run.target}: {ended(run)} The database goes {versions}.")
        self.teller.add(
            f"Meanwhile four clients read and wrote bids: {self.report.statements:,} statements, {self.report.failed} failed, "
            f"worst wait {1000 * self.report.worst:.0f} ms."
        )
        self._tell_answers(run)

    def _tell_answers(self, run: Run) -> None:
        self.teller.at(Stage.POST_MIGRATION_VERIFICATION)
        answers = next(target.answers for target in gather(run.deployment.phase).targets if target.name == run.target.name)
        passed = [question.replace("_", " ") for question, verdict in answers.items() if verdict is Verdict.PASSED]
        self.teller.tell(f"Lockgate verifies, and {len(passed)} of 6 questions pass: {', '.join(sorted(passed))}.")
        entries = MatrixEntry.objects.filter(run=run)
        verdicts = sorted(f"{entry.client} {entry.verdict}" for entry in entries.select_related("client"))
        self.teller.add(f"It derives {len(verdicts)} compatibility entries: {', '.join(verdicts)}.")

    def verify(self, phase: Phase) -> None:
        workflow.advance(actor=person(Role.OPERATOR), phase=phase)

    def monitor(self, phase: Phase) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.phase(phase.spec).at is Stage.MONITORING_PERIOD and time.monotonic() < deadline:
            time.sleep(0.2)
        self.teller.tell("Lockgate watches for as long as production asks: nothing happened.")

    def review(self, phase: Phase) -> None:
        worst = f"{1000 * self.report.worst:.0f} ms" if self.report else "not measured in this telling"
        results = {criterion.name: Result(_result(criterion.name, self.report), True) for criterion in phase.spec.criteria.all()}
        workflow.review(
            actor=person(Role.REVIEWER),
            phase=phase,
            performance_impact=f"Worst wait of a client: {worst}.",
            lessons="Validating constraints in a script of its own kept the first one short.",
            results=results,
            follow_ups=[Debt("Write line items for new bids", person(Role.ENGINEER), date.today() + timedelta(days=30))],
        )
        self.teller.tell(f"Rahul reviews it: {len(results)} criteria met, one follow-up for Tomasz.")

    def refuse(self) -> None:
        """A script that was edited after its approval does not run."""
        spec = submit(EDITED)
        phase = self.phase(spec)
        if phase.approvals.exists():
            return
        self.teller.say("\nAnd what Lockgate refuses")
        self.teller.told.clear()
        self.teller.at(Stage.REQUIREMENT)
        self.teller.tell(f"Tomasz submits {spec.number} “{spec}”.")
        while (phase := self.phase(spec)).at < Stage.STAGING_DEPLOYMENT:
            self.teller.at(phase.at)
            ACTS[phase.at](self, phase)
            self.check_progress(phase.at, self.phase(spec))
        self.teller.at(Stage.STAGING_DEPLOYMENT)
        self.approve(phase, ApprovalKind.TECHNICAL, Role.REVIEWER)
        script = phase.scripts.filter(kind="forward").get()
        workflow.edit_script(actor=person(Role.ENGINEER), script=script, text=f"{script.text}-- one more thought\n")
        self.teller.tell(f"Tomasz edits {script.name} after the approval.")
        try:
            workflow.start(actor=person(Role.OPERATOR), deployment=self.deployment(phase, production=False))
        except Refusal as refusal:
            self.teller.tell(f"Ingrid starts it and is refused. {refusal.message}")
        else:
            raise StoryFailed("A script that was edited after its approval was accepted.")

    def approve(self, phase: Phase, kind: ApprovalKind, role: Role) -> None:
        who = person(role)
        approval = workflow.approve(actor=who, phase=phase, kind=kind, digest=workflow.digest_for(phase, kind))
        self.teller.tell(f"{who.first_name} gives the {kind} approval, bound to digest {approval.digest[:12]}.")

    def deployment(self, phase: Phase, *, production: bool) -> Deployment:
        return phase.deployments.select_related("target__environment").get(target__environment__production=production)

    def run(self, deployment: Deployment, kind: RunKind) -> Run:
        run = Run.objects.live().filter(deployment=deployment).first()
        run = run or workflow.start(actor=person(Role.OPERATOR), deployment=deployment, kind=kind)
        self.wait(run)
        return run


def ended(run: Run) -> str:
    if run.status != RunStatus.SUCCEEDED:
        return run.message
    lock = f", no lock held longer than {1000 * run.longest_lock:.0f} ms" if run.longest_lock else ""
    return f"{counted(run.steps.count(), 'statement')} in {run.seconds:.2f} s{lock}."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _result(criterion: str, report: Report | None) -> str:
    if report and "wait" in criterion.lower():
        return f"{1000 * report.worst:.0f} ms"
    if report and "failed" in criterion.lower():
        return str(report.failed)
    return "the checks passed"


ACTS: dict[Stage, Callable[[Story, Phase], None]] = {
    Stage.IMPACT_ANALYSIS: Story.analyse,
    Stage.LOCAL_TESTING: Story.rehearse,
    Stage.INTEGRATION_TESTING: Story.test,
    Stage.STAGING_DEPLOYMENT: Story.stage,
    Stage.PRODUCTION_DRY_RUN: Story.dry_run,
    Stage.SCHEDULED_WINDOW: Story.schedule,
    Stage.PRODUCTION_DEPLOYMENT: Story.deploy,
    Stage.POST_MIGRATION_VERIFICATION: Story.verify,
    Stage.MONITORING_PERIOD: Story.monitor,
    Stage.CLOSURE: Story.review,
}
