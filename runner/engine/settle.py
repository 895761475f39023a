"""What the target holds of an order, by its ledger, its journal and its catalogue: the only source of a run's final status."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum

from governance.batched import is_batched
from governance.orders import RunKind, RunStatus, Script, ScriptKind, Told
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
    begun: tuple["Begun", ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """A statement that was begun, and whose end nobody wrote down."""

    script: Script
    number: int  # counted from 1
    effect: Effect
    told: Told | None = None  # by a person, where no catalogue tells


@dataclass(frozen=True, slots=True)
class _Found:
    standing: Standing
    begun: tuple[Begun, ...] = ()


def settle(session: Session) -> Settled:
    """Also writes the ledger row of a script without transaction whose statements turn out to be all there."""
    done = ledger.done_by_us(session)
    found = {script.name: _look(session, script, done) for script in concerned(session)}
    standings, begun = {name: each.standing for name, each in found.items()}, [one for each in found.values() for one in each.begun]
    return Settled(_status(session.order.kind, standings), applied(session), _words(standings, begun), tuple(begun))


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


def _look(session: Session, script: Script, done: frozenset[str]) -> _Found:
    if script.name in done:
        return _Found(Standing.APPLIED)
    if script.transactional or not ledger.exists(session):
        return _Found(Standing.ABSENT)
    entries = journal.read(session, script)
    effects = {number: _effect(session, script, number, entries.get(number)) for number in range(1, len(script.statements) + 1)}
    begun = [Begun(script, number, effect) for number, effect in effects.items() if entries.get(number) is Entry.STARTED]
    begun = [_told(session, each) if each.effect is Effect.UNKNOWN else each for each in begun]
    effects |= {each.number: each.effect for each in begun}
    return _Found(_standing(session, script, set(effects.values())), tuple(begun))


def _told(session: Session, begun: Begun) -> Begun:
    """What a person says of it, if anybody does; written into the journal, which later attempts read."""
    statement = begun.script.statements[begun.number - 1]
    place = (begun.script.name, statement.line, statement.text)
    told = next((each for each in session.order.told if (each.script, each.line, each.statement) == place), None)
    if told is None:
        return begun
    journal.tell(session, begun.script, begun.number, told)
    return replace(begun, effect=Effect.PRESENT if told.applied else Effect.ABSENT, told=told)


def _standing(session: Session, script: Script, effects: set[Effect]) -> Standing:
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


def _words(standings: Mapping[str, Standing], begun: Iterable[Begun]) -> str:
    """Applied: V1, V2. Not applied: V3."""
    groups = {standing: [name for name, found in standings.items() if found is standing] for standing in Standing}
    said = [f"{standing.value}: {', '.join(names)}." for standing, names in groups.items() if names]
    unknown = [_place(each) for each in begun if each.effect is Effect.UNKNOWN]
    return " ".join([*said, *([f"No catalogue tells whether {' and '.join(unknown)} took effect."] if unknown else [])])


def _place(begun: Begun) -> str:
    return f"line {begun.script.statements[begun.number - 1].line} of {begun.script.name}"
