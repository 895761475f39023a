"""What the target holds of an order, by its ledger, its journal and its catalogue: the only source of a run's final status."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from governance.batched import is_batched
from governance.orders import RunKind, RunStatus, Script, ScriptKind
from runner.engine import batches, journal, ledger, probes
from runner.engine.journal import Entry
from runner.engine.probes import Effect
from runner.engine.session import Session


class Standing(Enum):
    APPLIED = "Applied"
    PARTIAL = "Partly applied"
    ABSENT = "Not applied"
    UNKNOWN = "Not known whether applied"


@dataclass(frozen=True, slots=True)
class Settled:
    status: RunStatus
    applied: tuple[str, ...]  # versions of the order that are in the target now
    message: str


def settle(session: Session) -> Settled:
    """Also writes the ledger row of a script without transaction whose statements turn out to be all there."""
    done = ledger.done_by_us(session)
    standings = {script.name: _standing(session, script, done) for script in concerned(session)}
    return Settled(_status(session.order.kind, standings), applied(session), _words(standings))


def applied(session: Session) -> tuple[str, ...]:
    holds = ledger.held_by(session)
    return tuple(script.version for script in session.order.scripts(ScriptKind.FORWARD) if holds(script))


def concerned(session: Session) -> tuple[Script, ...]:
    """The scripts that the run is about, in order of execution; of a rollback, those whose version is or was there."""
    order = session.order
    if order.kind is not RunKind.ROLLBACK:
        return order.scripts(ScriptKind.FORWARD)
    undone = ledger.done_by_us(session)
    versions = applied(session)
    places = {script.version: place for place, script in enumerate(order.scripts(ScriptKind.FORWARD))}
    scripts = [script for script in order.scripts(ScriptKind.ROLLBACK) if script.version in versions or script.name in undone]
    return tuple(sorted(scripts, key=lambda script: places[script.version], reverse=True))


def _standing(session: Session, script: Script, done: frozenset[str]) -> Standing:
    if script.name in done:
        return Standing.APPLIED
    if script.transactional or not ledger.exists(session):
        return Standing.ABSENT
    entries = journal.read(session, script)
    effects = {_effect(session, script, number, entries.get(number)) for number in range(1, len(script.statements) + 1)}
    if effects == {Effect.PRESENT}:
        _complete(session, script)
        return Standing.APPLIED
    if Effect.UNKNOWN in effects:
        return Standing.UNKNOWN
    return Standing.ABSENT if effects == {Effect.ABSENT} else Standing.PARTIAL


def _effect(session: Session, script: Script, number: int, entry: Entry | None) -> Effect:
    statement = script.statements[number - 1]
    match entry:
        case Entry.DONE:
            return Effect.PRESENT
        case Entry.STARTED | Entry.FAILED if is_batched(statement.text):
            return batches.effect(session, script, number)
        case Entry.STARTED:
            return probes.probe(session.connection, statement)
        case Entry.FAILED if probes.probe(session.connection, statement) is Effect.LEFTOVER:
            return Effect.LEFTOVER
        case _:
            return Effect.ABSENT


def _complete(session: Session, script: Script) -> None:
    with session.connection.transaction():
        ledger.record(session, script, datetime.now(UTC), 0.0)


def _status(kind: RunKind, standings: Mapping[str, Standing]) -> RunStatus:
    found = set(standings.values())
    if Standing.UNKNOWN in found:
        return RunStatus.INDETERMINATE
    if found == {Standing.APPLIED}:
        return RunStatus.ROLLED_BACK if kind is RunKind.ROLLBACK else RunStatus.SUCCEEDED
    return RunStatus.FAILED_CLEAN if found <= {Standing.ABSENT} else RunStatus.FAILED_DIRTY


def _words(standings: Mapping[str, Standing]) -> str:
    """Applied: V1, V2. Not applied: V3."""
    groups = {standing: [name for name, found in standings.items() if found is standing] for standing in Standing}
    return " ".join(f"{standing.value}: {', '.join(names)}." for standing, names in groups.items() if names)
