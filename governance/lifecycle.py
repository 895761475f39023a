"""The way of a change as data: thirteen stages, what each is left with, which acts are allowed where, and who may do them.

Read this first. `missing()` answers "what is missing to go on"; `workflow.py` and `handoff.py` are the only writers of a stage.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from governance.emergency import Skip
from governance.orders import Question, RunStatus, StepStatus, Verdict


class Stage(IntEnum):
    REQUIREMENT = 1
    IMPACT_ANALYSIS = 2
    DESIGN = 3
    SCRIPT_DEVELOPMENT = 4
    LOCAL_TESTING = 5
    INTEGRATION_TESTING = 6
    STAGING_DEPLOYMENT = 7
    PRODUCTION_DRY_RUN = 8
    SCHEDULED_WINDOW = 9
    PRODUCTION_DEPLOYMENT = 10
    POST_MIGRATION_VERIFICATION = 11
    MONITORING_PERIOD = 12
    CLOSURE = 13

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize().replace("Post migration", "Post-migration")


class PhaseStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Role(StrEnum):
    ENGINEER = "engineer"
    REVIEWER = "reviewer"
    STAKEHOLDER = "stakeholder"
    OPERATOR = "operator"
    SECURITY = "security"
    AUDITOR = "auditor"


class State(StrEnum):
    """The state of a piece of evidence."""

    DONE = "done"
    MISSING = "missing"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Evidence:
    text: str  # what is needed
    state: State
    detail: str = ""  # what there is
    skipped: str = ""  # by whom and for what incident an emergency does without

    @property
    def lacking(self) -> bool:
        return self.state is not State.DONE and not self.skipped


@dataclass(frozen=True, slots=True)
class TargetEvidence:
    """What is known about the phase on one target, each for the digest as it is now."""

    name: str
    production: bool
    analysis: State = State.MISSING
    blocking: tuple[str, ...] = ()
    deployed: State = State.MISSING
    dry_run: State = State.MISSING
    booked: str = ""  # "" or when
    conflict: str = ""
    monitoring_left: float | None = None  # seconds; None before the production run
    undecided: tuple[str, ...] = ()  # triggers that were pulled, and checks that failed, for which nobody has decided
    answers: Mapping[Question, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApprovalEvidence:
    needed: int
    given: int
    rejected_by: str = ""
    stale: bool = False  # there were approvals, of another digest
    unmet: tuple[str, ...] = ()  # what the policy asks for and is not given


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything the table below looks at. Gathered by `governance.dossier`."""

    written: frozenset[str]  # names of the specification's sections that are not empty
    domains: tuple[str, ...]
    unanswered: tuple[str, ...]  # considerations of the touched domains without an answer
    forward: int
    unpaired: tuple[str, ...]  # forward scripts without rollback script or restore plan
    checks: int
    rehearsal: State
    rehearsal_detail: str
    tests: State
    tests_detail: str
    targets: tuple[TargetEvidence, ...]
    technical: ApprovalEvidence
    business: ApprovalEvidence
    can_deploy: str  # "yes", or why not
    undeployed: tuple[str, ...]
    reviewed_by: str
    author: str
    consistency: State = State.DONE
    consistency_detail: str = ""
    skipped: Mapping[Skip, str] = field(default_factory=dict)  # by whom and for what incident
    sent_back: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # by stage: why, as long as it is not dealt with
    unreviewed: tuple[str, ...] = ()  # emergencies that nobody has looked back at

    def on(self, *, production: bool) -> tuple[TargetEvidence, ...]:
        return tuple(target for target in self.targets if target.production is production)


Judge = Callable[[Dossier], tuple[State, str]]


@dataclass(frozen=True, slots=True)
class Need:
    text: str
    judge: Judge
    skip: Skip | None = None  # the name by which an emergency may do without it


def _yes(holds: object, detail: str = "") -> tuple[State, str]:
    return (State.DONE if holds else State.MISSING), detail


def _written(section: str) -> Judge:
    return lambda dossier: _yes(section in dossier.written)


def _worst(states: list[State]) -> State:
    if not states or State.MISSING in states:
        return State.MISSING
    return State.STALE if State.STALE in states else State.DONE


def _every_target(evidence: Callable[[TargetEvidence], State], *, production: bool | None = None) -> Judge:
    def judge(dossier: Dossier) -> tuple[State, str]:
        targets = dossier.targets if production is None else dossier.on(production=production)
        lacking = [target.name for target in targets if evidence(target) is not State.DONE]
        return _worst([evidence(target) for target in targets]), ", ".join(lacking) or f"{len(targets)} of {len(targets)}"

    return judge


def _approvals(kind: str) -> Judge:
    def judge(dossier: Dossier) -> tuple[State, str]:
        approval: ApprovalEvidence = getattr(dossier, kind)
        detail = f"{approval.given} of {approval.needed}"
        if approval.rejected_by:
            return State.MISSING, f"rejected by {approval.rejected_by}"
        if not approval.unmet and approval.given >= approval.needed:
            return State.DONE, detail
        unmet = (text.removeprefix(f"{kind} approval, ") for text in approval.unmet)
        return (State.STALE if approval.stale else State.MISSING), "; ".join(unmet) or detail

    return judge


def _considered(dossier: Dossier) -> tuple[State, str]:
    return _yes(not dossier.unanswered, f"{len(dossier.unanswered)} open" if dossier.unanswered else "")


def _no_blockers(dossier: Dossier) -> tuple[State, str]:
    open_ones = sorted({code for target in dossier.targets for code in target.blocking})
    return _yes(not open_ones, ", ".join(open_ones))


def _booked(dossier: Dossier) -> tuple[State, str]:
    unbooked = [target.name for target in dossier.on(production=True) if not target.booked]
    conflicts = [target.conflict for target in dossier.on(production=True) if target.conflict]
    return _yes(not unbooked and not conflicts, "; ".join(conflicts) or ", ".join(unbooked))


def _questions(dossier: Dossier) -> tuple[State, str]:
    lacking = [
        f"{question.replace('_', ' ')} {target.answers.get(question, Verdict.UNKNOWN)} on {target.name}"
        for target in dossier.on(production=True)
        for question in Question
        if target.answers.get(question) is not Verdict.PASSED
    ]
    return _yes(not lacking, "; ".join(lacking))


def _monitored(dossier: Dossier) -> tuple[State, str]:
    left = [target.monitoring_left for target in dossier.on(production=True)]
    longest = max((seconds for seconds in left if seconds is not None), default=0.0)
    over = bool(left) and all(seconds is not None and seconds <= 0 for seconds in left)
    undecided = [f"to be decided on the run's page: {text}" for target in dossier.on(production=True) for text in target.undecided]
    return _yes(over and not undecided, "; ".join([*([] if over else [f"{longest:.0f} s left"]), *undecided]))


SENT_BACK = "What it was sent back for"
EXITS: Mapping[Stage, tuple[Need, ...]] = {
    Stage.REQUIREMENT: (
        Need("Purpose", _written("purpose")),
        Need("Business drivers", _written("drivers")),
        Need("Domains", lambda d: _yes(d.domains, ", ".join(d.domains))),
        Need("Data class", _written("data_class")),
        Need("Privacy impact", _written("privacy_impact")),
    ),
    Stage.IMPACT_ANALYSIS: (Need("Analysis on today's facts of every target", _every_target(lambda t: t.analysis)),),
    Stage.DESIGN: (
        Need("Technical design", _written("design")),
        Need("Pattern", _written("pattern")),
        Need("Risk assessment", _written("risk_assessment")),
        Need("Mitigation", _written("mitigation")),
        Need("Rollback procedure", _written("rollback_procedure")),
        Need("Considerations of the touched domains", _considered, Skip.CONSIDERATIONS),
    ),
    Stage.SCRIPT_DEVELOPMENT: (
        Need("Forward script", lambda d: _yes(d.forward, str(d.forward))),
        Need("Rollback script for each, or a restore plan", lambda d: _yes(d.forward and not d.unpaired, ", ".join(d.unpaired))),
        Need("Check script, C….sql", lambda d: _yes(d.checks, str(d.checks))),
        Need("No open blocking finding", _no_blockers),
    ),
    Stage.LOCAL_TESTING: (Need("Rehearsal of these scripts", lambda d: (d.rehearsal, d.rehearsal_detail), Skip.REHEARSAL),),
    Stage.INTEGRATION_TESTING: (
        Need("Consistency checks of all domains", lambda d: (d.consistency, d.consistency_detail), Skip.INTEGRATION_TESTS),
        Need("Integration tests", lambda d: (d.tests, d.tests_detail), Skip.INTEGRATION_TESTS),
    ),
    Stage.STAGING_DEPLOYMENT: (
        Need("Technical approval", _approvals("technical")),
        Need("Run below production", _every_target(lambda t: t.deployed, production=False), Skip.STAGING),
    ),
    Stage.PRODUCTION_DRY_RUN: (Need("Dry run in production", _every_target(lambda t: t.dry_run, production=True), Skip.DRY_RUN),),
    Stage.SCHEDULED_WINDOW: (
        Need("Booked window without conflict", _booked, Skip.WINDOW),
        Need("Business approval", _approvals("business"), Skip.BUSINESS),
        Need("Clients can live with it", lambda d: _yes(d.can_deploy == "yes", d.can_deploy), Skip.CLIENTS),
        Need("Required changes are deployed", lambda d: _yes(not d.undeployed, ", ".join(d.undeployed))),
    ),
    Stage.PRODUCTION_DEPLOYMENT: (Need("Run in production", _every_target(lambda t: t.deployed, production=True)),),
    Stage.POST_MIGRATION_VERIFICATION: (Need("Six questions answered", _questions),),
    Stage.MONITORING_PERIOD: (Need("Monitoring period over, nothing to decide", _monitored),),
    Stage.CLOSURE: (
        Need("Review by somebody else than the author", lambda d: _yes(d.reviewed_by and d.reviewed_by != d.author, d.reviewed_by)),
        Need("Emergencies reviewed", lambda d: _yes(not d.unreviewed, ", ".join(d.unreviewed) or "none is open")),
    ),
}


def evidence(stage: Stage, dossier: Dossier) -> tuple[Evidence, ...]:
    """What leaving this stage needs, and the state of each."""
    sent_back = (Evidence(SENT_BACK, State.MISSING, why) for why in dossier.sent_back.get(stage, ()))
    return *sent_back, *(_judged(need, dossier) for need in EXITS[stage])


def _judged(need: Need, dossier: Dossier) -> Evidence:
    """What is skipped keeps its true state beside who skipped it."""
    state, detail = need.judge(dossier)
    skipped = dossier.skipped.get(need.skip, "") if need.skip and state is not State.DONE else ""
    return Evidence(need.text, state, detail, skipped)


def evidence_of_all(dossier: Dossier) -> Mapping[Stage, tuple[Evidence, ...]]:
    return {stage: evidence(stage, dossier) for stage in Stage}


def missing(stage: Stage, dossier: Dossier) -> tuple[Evidence, ...]:
    """What is missing to go on."""
    return tuple(piece for piece in evidence(stage, dossier) if piece.lacking)


def reachable(stage: Stage, dossier: Dossier) -> tuple[Stage, bool]:
    """How far the evidence carries from here: the stage, and whether even the last one can be left."""
    while not missing(stage, dossier):
        if stage is Stage.CLOSURE:
            return stage, True
        stage = Stage(stage + 1)
    return stage, False


def stage_without(skips: Collection[Skip], stage: Stage, dossier: Dossier) -> Stage:
    """Where a phase goes back to when these may no longer be skipped."""
    for earlier in Stage:
        lacking = {need.skip for need in EXITS[earlier] if _judged(need, dossier).lacking}
        if earlier < stage and lacking & set(skips):
            return earlier
    return stage


ENDED = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED_CLEAN, RunStatus.FAILED_DIRTY, RunStatus.INDETERMINATE, RunStatus.ROLLED_BACK})
FAILED = frozenset({RunStatus.FAILED_CLEAN, RunStatus.FAILED_DIRTY, RunStatus.INDETERMINATE})
OCCUPYING = frozenset({RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.INDETERMINATE})
OVER = frozenset({StepStatus.DONE, StepStatus.SKIPPED})  # statements of which nothing is left to do
STEPS_OF_A_RUN: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset({RunStatus.RUNNING, RunStatus.FAILED_CLEAN, RunStatus.INDETERMINATE}),
    RunStatus.RUNNING: ENDED | {RunStatus.PAUSED, RunStatus.QUEUED},
    RunStatus.PAUSED: frozenset({RunStatus.QUEUED, RunStatus.INDETERMINATE}),
    RunStatus.INDETERMINATE: ENDED | {RunStatus.RUNNING},  # until a probe of the target says what it is
    RunStatus.SUCCEEDED: frozenset(),
    RunStatus.FAILED_CLEAN: frozenset(),
    RunStatus.FAILED_DIRTY: frozenset(),
    RunStatus.ROLLED_BACK: frozenset(),
}


def stage_after_edit(stage: Stage) -> Stage:
    return min(stage, Stage.SCRIPT_DEVELOPMENT)


def stage_after_failure(stage: Stage) -> Stage:
    """A failed run returns the change to the stage before it."""
    return Stage(max(stage - 1, Stage.REQUIREMENT))
