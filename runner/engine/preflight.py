"""The last look before anything is executed: what was approved, what is there already, and what has changed since."""

from dataclasses import dataclass

import psycopg

from governance import groups
from governance.analysis import Analysis, Change, analyse
from governance.digest import release_digest, script_digest
from governance.errors import DigestChanged, Irreversible, NewBlocker, NothingToUndo, TargetBusy, TargetDiffers, TargetUnreachable
from governance.facts import Facts
from governance.orders import Order, RunKind, Script, ScriptKind
from governance.versions import read_script
from runner.engine import facts as catalogue
from runner.engine import ledger, settle
from runner.engine.session import Session, previous_backend

CURED = frozenset({"if-not-exists-hides-invalid-index"})  # the runner drops an invalid index before it builds it again


@dataclass(frozen=True, slots=True)
class Readiness:
    scripts: tuple[Script, ...]  # all that the run is about, in order of execution
    done: frozenset[str]  # names of those that an earlier attempt has finished
    facts: Facts
    analysis: Analysis

    @property
    def remaining(self) -> tuple[Script, ...]:
        return tuple(script for script in self.scripts if script.name not in self.done)


def preflight(session: Session) -> Readiness:
    """
    Raises:
        DigestChanged, TargetBusy, TargetDiffers, NothingToUndo, Irreversible, NewBlocker, TargetUnreachable
    """
    try:
        return _look(session)
    except psycopg.Error as error:
        why = error.diag.message_primary or "the connection was lost"
        raise TargetUnreachable(session.order.target, f"preflight failed, {why}") from error


def _look(session: Session) -> Readiness:
    order = session.order
    verify_digests(order)
    refuse_company(session)
    if order.kind is RunKind.ROLLBACK:
        _refuse_impossible_rollback(session)
    else:
        _refuse_applied(session)
    scripts, done = settle.concerned(session), ledger.done_by_us(session)
    facts = catalogue.read_facts(session.connection, order.target)
    analysis = analyse(Change(scripts=tuple(script for script in scripts if script.name not in done)), facts)
    if order.kind is not RunKind.ROLLBACK:  # not being able to go back would be worse than any finding
        _refuse_new_blockers(order, analysis)
    return Readiness(scripts, done, facts, analysis)


def verify_digests(order: Order) -> None:
    """Recomputed from the order's own content, statement by statement: what runs is what was approved."""
    _compare("The set of scripts", order.script_digest, script_digest(order.manifest))
    for script in order.manifest.scripts:
        if read_script(script.name, script.text) != script:
            raise DigestChanged(f"{script.name}, as it would be executed,", order.script_digest, "other statements")
    groups.refuse_broken(order.manifest.scripts)
    if order.release:
        _compare("The release", order.release_digest, release_digest(order.release))
        _compare("The release's set of scripts", order.release.script_digest, order.script_digest)
        if order.target not in order.release.targets:
            raise DigestChanged(f"The target {order.target}", order.release_digest, "another target")


def _compare(what: str, approved: str, found: str) -> None:
    if approved != found:
        raise DigestChanged(what, approved, found)


def refuse_company(session: Session) -> None:
    pid = previous_backend(session)
    if pid:
        raise TargetBusy(session.order.target, f"an earlier attempt of this run, which still works there (pid {pid})")


def _refuse_applied(session: Session) -> None:
    target, done, ours = session.order.target, ledger.done_by_us(session), ledger.outcome_of(session, session.order.run)
    holds = ledger.held_by(session)
    for script in session.order.scripts(ScriptKind.FORWARD):
        if script.name in done:
            continue
        if holds(script):
            raise TargetDiffers(target, f"{script.name} is applied already, by another run or tool", "Take it out of the change.")
        if (script.name, script.checksum) in ours:
            raise TargetDiffers(target, f"{script.name} was applied by this run and rolled back since", "Start a new run.")


def _refuse_impossible_rollback(session: Session) -> None:
    order = session.order
    covered, holds = {script.version for script in order.scripts(ScriptKind.ROLLBACK)}, ledger.held_by(session)
    for script in order.scripts(ScriptKind.FORWARD):
        if script.version not in covered and holds(script):
            raise Irreversible(script.name, order.target)
    if not settle.concerned(session):
        raise NothingToUndo(", ".join(script.name for script in order.scripts(ScriptKind.FORWARD)), order.target)


def _refuse_new_blockers(order: Order, analysis: Analysis) -> None:
    new = analysis.blocking - order.known_blockers - CURED
    if new:
        found = [f"{finding.script}, line {finding.line}: {finding.message}" for finding in analysis.findings if finding.code in new]
        raise NewBlocker(order.target, found)
