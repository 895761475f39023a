"""The values that cross the border between governance and runner.

Governance hands out an `Order`; the runner hands back `Step`s while it works and one `Outcome` at the end. Everything is
frozen and serialisable, so an order can be compared, logged and rebuilt. Times are aware UTC, durations seconds, sizes bytes.
"""

from dataclasses import field
from datetime import datetime
from enum import StrEnum

from governance.facts import Facts
from governance.progress import Activity, Progress
from governance.rehearsals import Clients, HeldLock, Loss, PairOutcome
from governance.values import dataclass
from governance.verdicts import Check, CheckChoice, CheckResult, Moment, Question, Severity, Verdict

__all__ = [
    "CHECKING", "Activity", "Check", "CheckChoice", "CheckResult", "Earlier", "Judged", "Limits", "Manifest", "Moment",
    "ObservationOrder", "Observed", "Order", "Outcome", "Progress", "Question", "RecheckOrder", "Rechecked", "Recovery", "RehearsalOrder",
    "Rehearsed", "Release", "RunKind", "RunStatus", "SchemaReading", "Script", "ScriptKind", "Severity", "Statement", "Step",
    "StepStatus", "Told", "Verdict", "Wish",
]  # fmt: skip


class ScriptKind(StrEnum):
    FORWARD = "forward"
    ROLLBACK = "rollback"
    CHECK = "check"


class RunKind(StrEnum):
    DEPLOY = "deploy"
    DRY_RUN = "dry_run"
    ROLLBACK = "rollback"


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED_CLEAN = "failed_clean"
    FAILED_DIRTY = "failed_dirty"
    INDETERMINATE = "indeterminate"
    ROLLED_BACK = "rolled_back"


class Wish(StrEnum):
    """What a person wants of a running run; the runner reads it at every boundary."""

    NONE = "none"
    SLOW = "slow"  # a backfill works a quarter of the time
    PAUSE = "pause"
    STOP = "stop"


class StepStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"  # applied by an earlier attempt, or left out of a dry run
    UNDONE = "undone"  # executed, and rolled back with its script
    UNKNOWN = "unknown"  # begun, and no catalogue tells whether it took effect


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as PostgreSQL's grammar splits it; `line` and `column` are 1-based and point into the script."""

    text: str
    line: int
    column: int
    tag: str  # "ALTER TABLE", "CREATE INDEX CONCURRENTLY", …
    transactional: bool  # False: PostgreSQL forbids it inside a transaction block


@dataclass(frozen=True, slots=True)
class Script:
    kind: ScriptKind
    name: str  # V20261122_0900__add_levels.sql
    version: str  # 20261122_0900, as written in the name
    description: str  # add levels
    text: str
    checksum: int  # Flyway's: signed CRC-32 of the lines
    statements: tuple[Statement, ...]

    @property
    def transactional(self) -> bool:
        return all(statement.transactional for statement in self.statements)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the runner may make others wait, and how often it tries again."""

    lock_timeout: float = 0.3
    statement_timeout: float = 60.0  # inside a transaction
    online_timeout: float = 3600.0  # CREATE INDEX CONCURRENTLY and its kin, which block nobody
    attempts: int = 60
    first_pause: float = 0.1
    longest_pause: float = 5.0
    patience: float = 60.0  # to wait, in no queue, for long transactions on the tables that a statement wants to lock
    restarts: int = 3  # by itself, after the server ended the session and its ledger proved what is left to do
    replication_lag: float = 10.0  # seconds beyond which a backfill rests; and so with
    probe_latency: float = 0.25  # what a client's query on the backfilled table takes
    wal_rate: int = 0  # and, unless it is 0, bytes of WAL that the server writes in a second


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a technical approval binds to: see `governance.digest.script_digest`."""

    scripts: tuple[Script, ...]  # forward, rollback and check scripts, in order of execution
    limits: Limits
    rehearsal: str  # the verdict of the rehearsal, or "" before there is one
    choices: tuple[CheckChoice, ...] = ()  # in order of their names


@dataclass(frozen=True, slots=True)
class Release:
    """What a business approval binds to: see `governance.digest.release_digest`."""

    script_digest: str
    targets: tuple[str, ...]
    starts: datetime
    ends: datetime
    policy: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a person says of a statement that no catalogue can judge."""

    script: str
    line: int
    statement: str
    applied: bool
    person: str
    reason: str

    def __str__(self) -> str:
        return f"{self.person} says that it is {'' if self.applied else 'not '}applied: {self.reason}"


@dataclass(frozen=True, slots=True)
class Order:
    """Everything the runner needs for one run, and nothing it could look up differently."""

    run: str  # uuid of the run; also the session's application_name
    kind: RunKind
    target: str
    connection: str  # name of the environment variable that holds the connection string
    role: str  # owner role to SET ROLE to; "" to stay who we are
    environment: str
    actor: str
    manifest: Manifest
    script_digest: str
    release: Release | None  # None below production
    release_digest: str
    checks: tuple[Check, ...] = ()
    counted: tuple[str, ...] = ()  # tables whose rows are counted before and after
    known_blockers: frozenset[str] = frozenset()  # codes of blocking findings that were there when it was approved
    service: str = ""  # address of the service that uses the target; the runner's environment knows it
    earlier: tuple[str, ...] = ()  # runs of the same change on this target that ended half-way: this one goes on where they stopped
    touched: tuple[str, ...] = ()  # tables whose clients are watched
    told: tuple[Told, ...] = ()
    recoverable: bool = False  # record, before anything is executed, where a recovery of the server could go back to

    def scripts(self, kind: ScriptKind) -> tuple[Script, ...]:
        return tuple(script for script in self.manifest.scripts if script.kind == kind)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A change that another one builds upon and its target does not have yet."""

    change: str  # CHG-7 Add levels
    scripts: tuple[Script, ...]  # forward


@dataclass(frozen=True, slots=True)
class RehearsalOrder:
    """Forward, back, schema compared, forward again: on a scratch database built from the target's schema."""

    rehearsal: str  # uuid
    target: str
    connection: str
    manifest: Manifest
    rows: int = 50  # made up for each table that the scripts name
    statistics: bool = True  # spread them as the target's statistics say
    earlier: tuple[Earlier, ...] = ()  # applied before, in this order
    traffic: bool = False  # clients at work on the tables while the forward scripts run
    consistency: tuple[Check, ...] = ()  # of all domains, asked before and after on rows made up for all of them
    consistency_of: str = ""  # which state of the domains' checks these are


@dataclass(frozen=True, slots=True)
class ObservationOrder:
    """Read the facts and the schema of a target."""

    observation: str  # uuid
    target: str
    connection: str
    role: str = ""  # owner role that runs will SET ROLE to


@dataclass(frozen=True, slots=True)
class RecheckOrder:
    """Ask a check of a run that is over once more."""

    recheck: str  # uuid
    of: Order  # with this check alone


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What it came to; None: it could not be asked, and the message says why."""

    found: CheckResult | None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Where a recovery of the whole server to the moment before the run could end."""

    lsn: str
    name: str = ""  # of the restore point; "" where there is none
    unavailable: str = ""  # why the server cannot be recovered to it


CHECKING = 0  # the position of what is read before the first statement and behind the last


@dataclass(frozen=True, slots=True)
class Step:
    """One statement's execution. `position` counts from 1 over all scripts of the run."""

    position: int
    script: str
    line: int
    statement: str
    status: StepStatus
    started_at: datetime
    seconds: float = 0.0
    attempts: int = 1
    rows: int | None = None
    note: str = ""  # why skipped, or the error with its SQLSTATE
    progress: Progress | None = None  # of a statement that runs in batches
    activity: Activity | None = None  # of one that runs now


@dataclass(frozen=True, slots=True)
class SchemaReading:
    """A schema in canonical form; equality of fingerprints is equality of schemas."""

    fingerprint: str
    content: dict[str, object] = field(hash=False)  # governance.schema.model.Schema.as_json()


@dataclass(frozen=True, slots=True)
class Judged:
    """A statement that was begun and whose end nobody wrote down, as its target was asked about it."""

    position: int
    script: str
    line: int
    statement: str
    status: StepStatus
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    status: RunStatus
    steps: tuple[Step, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    applied: tuple[str, ...] = ()  # versions that the target's ledger holds now, of those in the order
    message: str = ""  # what happened, for people
    seconds: float = 0.0
    longest_lock: float = 0.0  # seconds that one of our transactions held its strongest lock
    schema: SchemaReading | None = None
    wal_bytes: int = 0
    recovery: Recovery | None = None
    judged: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True)
class Rehearsed:
    verdict: Verdict
    steps: tuple[Step, ...]  # of the phases forward, back, forward again, in that order
    difference: str = ""  # how the schema after the rollback differs from the one before, in words; "" when it does not
    cosmetic: bool = False  # the difference is one of column order or white space only
    message: str = ""
    seconds: float = 0.0
    pairs: tuple[PairOutcome, ...] = ()
    data_lost: tuple[Loss, ...] = ()  # by the whole change and its rollback
    locks: tuple[HeldLock, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    consistency: tuple[CheckResult, ...] = ()
    clients: tuple[Clients, ...] = ()
    missing: tuple[str, ...] = ()  # extensions without which nothing could be rehearsed
    notes: tuple[str, ...] = ()  # what limits the proof, for people


@dataclass(frozen=True, slots=True)
class Observed:
    facts: Facts | None
    schema: SchemaReading | None = None
    message: str = ""  # why there are none
