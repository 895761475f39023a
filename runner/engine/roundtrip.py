"""One change on a scratch database: its pairs forward one after the other, back in reverse, and forward again."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from random import Random

from governance.orders import Check, CheckResult, Manifest, Moment, Rehearsed, Script, ScriptKind, Verdict
from governance.rehearsals import Clients, Loss, PairOutcome, PairVerdict
from governance.schema.diff import Difference, Severity, diff
from governance.schema.model import Schema
from governance.validation.choosing import rehearsable
from runner.engine import verify
from runner.engine.clients import at_work
from runner.engine.folder import verdict_of
from runner.engine.interruption import killed_and_resumed, leaves_nothing
from runner.engine.losses import Kept, keep, losses
from runner.engine.trial import ScriptFailed, Trial

AGAIN = "the change can be applied again."
SHORT = 0.1  # seconds that nobody needs to know more exactly


class RoundTrip:
    """Of all pairs of one change: forward one after the other, back in reverse, each compared with what was there before it."""

    def __init__(self, manifest: Manifest, trial: Trial, random: Random, *, traffic: bool = False) -> None:
        scripts = manifest.scripts
        self._trial, self._random, self._traffic = trial, random, traffic
        self._clients: list[Clients] = []
        self._forward = [script for script in scripts if script.kind is ScriptKind.FORWARD]
        self._rollbacks = {script.version: script for script in scripts if script.kind is ScriptKind.ROLLBACK}
        self._checks = rehearsable(manifest)
        self._results: list[CheckResult] = []
        self._before: dict[str, tuple[Schema, tuple[Kept, ...]]] = {}  # by version
        self._pairs: dict[str, PairOutcome] = {}
        self._lost: tuple[Loss, ...] = ()
        self._difference = Difference(())
        self.notes: list[str] = []
        self.failure, self.stopped_by_data = "", False

    def prove(self) -> Rehearsed:
        phase, verdict = "forward script", PairVerdict.FORWARD_FAILED
        current = self._forward[0].version if self._forward else ""
        try:
            baseline = self._ask(Moment.BEFORE, {})
            for script in self._forward:
                current = script.version
                self._apply(script)
            self._ask(Moment.AFTER, baseline)
            phase, verdict = "rollback", PairVerdict.ROLLBACK_FAILED
            for script in reversed(self._forward):
                current = script.version
                self._take_back(script)
            phase, verdict = "forward script, run again after the rollback,", PairVerdict.SECOND_FORWARD_FAILED
            for script in self._forward if self._rollbacks else ():
                current = script.version
                self._trial.run(script)
        except ScriptFailed as failure:
            self.failure, self.stopped_by_data = str(failure), failure.of_data and verdict is PairVerdict.FORWARD_FAILED
            self._set(current, verdict, error=str(failure))
            return self._result(Verdict.FAILED, f"The {phase} fails: {failure}. Correct the script and submit it again.")
        return self._judged()

    def _apply(self, script: Script) -> None:
        before = self._trial.schema()
        texts = [other.text for other in (script, self._rollbacks.get(script.version)) if other]
        self._before[script.version] = before, keep(self._trial.connection, texts)
        self._set(script.version, PairVerdict.ROLLBACK_MISSING)
        with self._under_traffic(script):
            self._run_through_a_kill(script, before)

    def _under_traffic(self, script: Script) -> AbstractContextManager[None]:
        """Its rehearsed kill is under traffic too, as a real one would be."""
        return at_work(self._trial.url, self._trial.connection, script, self._clients) if self._traffic else nullcontext()

    def _take_back(self, script: Script) -> None:
        rollback = self._rollbacks.get(script.version)
        if rollback is None:
            return
        self._run_through_a_kill(rollback, self._trial.schema())
        schema, kept = self._before[script.version]
        self._difference = diff(schema, self._trial.schema())
        self._lost = losses(self._trial.connection, kept)
        entries = self._difference.entries
        outcome = replace(self._pairs[script.version], differences=entries, data_lost=self._lost, verdict=verdict_of(entries))
        self._pairs[script.version] = outcome

    def _run_through_a_kill(self, script: Script, before: Schema) -> None:
        if script.transactional:
            if left := leaves_nothing(self._trial, script, before, self._random):
                self.notes.append(f"Killed half-way, {script.name} leaves something behind: {left}.")
            self._trial.run(script)
        elif riddle := killed_and_resumed(self._trial, script, self._random):
            self.notes.append(f"{riddle}.")

    def _ask(self, moment: Moment, baseline: verify.Baseline) -> verify.Baseline:
        """Checks on made-up rows: one that does not pass is told; whether it is the rows' fault, people know."""
        self._trial.reset(autocommit=True)
        asked: Iterable[Check] = [check for check in self._checks if (check.moment is Moment.BEFORE) == (moment is Moment.BEFORE)]
        found = verify.verify(self._trial, asked, baseline)
        self._results += found
        self.notes += [
            f"The check “{result.name}” did not pass on made-up rows ({result.evidence})."
            for result in found
            if result.verdict is not Verdict.PASSED
        ]
        return verify.baseline(self._trial, self._checks) if moment is Moment.BEFORE else baseline

    def _set(self, version: str, verdict: PairVerdict, error: str = "") -> None:
        described = {script.version: script.description for script in self._forward}
        known = self._pairs.get(version) or PairOutcome(version, described.get(version, ""), verdict)
        self._pairs[version] = replace(known, verdict=verdict, error=error)

    def _judged(self) -> Rehearsed:
        listed = self._difference.in_words().replace("\n", "; ")
        if not self._rollbacks:
            return self._result(Verdict.PASSED, "Proved forward only: the change has no rollback script.")
        proved = f"Proved: can be undone in {_duration(self._trial.seconds_of(self._rollbacks.values()))}, {_loss(self._lost)};"
        match self._difference.severity:
            case Severity.IDENTICAL:
                return self._result(Verdict.PASSED, f"{proved} the rollback restores the schema exactly, and {AGAIN}")
            case Severity.COSMETIC:
                return self._result(Verdict.PASSED, f"{proved} the rollback restores the schema but for its form ({listed}), and {AGAIN}")
            case _:
                message = f"The rollback does not restore the schema: {listed}. Complete the rollback script and submit it again."
                return self._result(Verdict.FAILED, message)

    def _seconds_of(self, version: str) -> float:
        rollback = self._rollbacks.get(version)
        own = [script for script in self._forward if script.version == version]
        return self._trial.seconds_of([*own, *([rollback] if rollback else [])])

    def _result(self, verdict: Verdict, message: str) -> Rehearsed:
        return Rehearsed(
            verdict,
            tuple(self._trial.steps),
            self._difference.in_words(),
            self._difference.severity is Severity.COSMETIC,
            " ".join([message, *filter(None, map(_waited, self._clients))]),
            pairs=tuple(replace(pair, seconds=self._seconds_of(version)) for version, pair in self._pairs.items()),
            data_lost=self._lost,
            locks=tuple(self._trial.locks),
            checks=tuple(self._results),
            clients=tuple(self._clients),
        )


def _duration(seconds: float) -> str:
    if seconds < SHORT:
        return "less than 0.1 s"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _waited(clients: Clients) -> str:
    """What simulated clients met with that people should know."""
    if not clients.requests:
        return ""
    failed = f"; {clients.failed:,} of {clients.requests:,} requests failed: {clients.error}" if clients.failed else ""
    waited = _duration(clients.slowest) if clients.slowest < SHORT else f"up to {_duration(clients.slowest)}"
    return f"While {clients.script} ran, clients of {clients.table} waited {waited}{failed}."


def _loss(lost: Iterable[Loss]) -> str:
    listed = [f"{loss.rows:,} values of {loss.column}" for loss in lost]
    return f"losing {', '.join(listed)}" if listed else "nothing lost"
