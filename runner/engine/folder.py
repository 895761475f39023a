"""Pair by pair on one scratch database: forward, back, compared, forward again; then on to the next pair.

In one transaction with savepoints when that tells the truth, which is fast. Whatever fails there is tried once more as it will
really be executed: each script on its own, with copies of the database to go back to.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg

from governance.rehearsals import Loss, PairOutcome, PairVerdict
from governance.schema.diff import Entry, Severity, compare
from governance.schema.model import Schema
from runner.engine.filling import Filling
from runner.engine.ground import Ground
from runner.engine.losses import Kept, keep, losses
from runner.engine.pairs import Pair
from runner.engine.play import OUTSIDE, Broken, alone, within
from runner.engine.psql import SqlFile
from runner.engine.snapshot import read_schema


@dataclass(frozen=True, slots=True)
class _Proof:
    verdict: PairVerdict
    error: str = ""
    differences: tuple[Entry, ...] = ()
    lost: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    """Of one pair: what there was before it, and its scripts."""

    ground: Ground
    forward: SqlFile
    rollback: SqlFile | None
    before: Schema = field(repr=False)
    kept: tuple[Kept, ...] = field(repr=False)

    def prove(self) -> _Proof:
        plain = self.forward.plain and (self.rollback is None or self.rollback.plain)
        return (self._at_once() if plain else None) or self._separately()

    def _at_once(self) -> _Proof | None:
        """In one transaction, which leaves what the forward script did; None when only separate ones can tell."""
        connection, applied = self.ground.usable(), False
        try:
            with connection.transaction():
                within(connection, self.forward)
                applied = True
                return self._undone_and_redone(connection)
        except Broken as broken:
            final = not applied and broken.sqlstate not in OUTSIDE
            return _Proof(PairVerdict.FORWARD_FAILED, str(broken)) if final else None

    def _undone_and_redone(self, connection: psycopg.Connection) -> _Proof:
        if self.rollback is None:
            return _Proof(PairVerdict.ROLLBACK_MISSING)
        with connection.transaction(force_rollback=True):
            within(connection, self.rollback)
            proof = self._compared()
            within(connection, self.forward)
        return proof

    def _separately(self) -> _Proof:
        start = self.ground.copy()
        try:
            alone(self.ground.connection, self.forward)
        except Broken as broken:
            self.ground.go_on_in(start)
            return _Proof(PairVerdict.FORWARD_FAILED, str(broken))
        self.ground.drop(start)
        if self.rollback is None:
            return _Proof(PairVerdict.ROLLBACK_MISSING)
        reached = self.ground.copy()
        try:
            return self._back_and_forth(self.rollback)
        finally:
            self.ground.go_on_in(reached)

    def _back_and_forth(self, rollback: SqlFile) -> _Proof:
        try:
            alone(self.ground.connection, rollback)
        except Broken as broken:
            return _Proof(PairVerdict.ROLLBACK_FAILED, str(broken))
        proof = self._compared()
        try:
            alone(self.ground.usable(), self.forward)
        except Broken as broken:
            return replace(proof, verdict=PairVerdict.SECOND_FORWARD_FAILED, error=str(broken))
        return proof

    def _compared(self) -> _Proof:
        connection = self.ground.usable()
        differences = compare(self.before, read_schema(connection))
        return _Proof(verdict_of(differences), differences=differences, lost=losses(connection, self.kept))


def verdict_of(differences: Iterable[Entry]) -> PairVerdict:
    severities = {entry.severity for entry in differences}
    if Severity.DIFFERENT in severities:
        return PairVerdict.NOT_RESTORED
    return PairVerdict.COSMETIC if severities else PairVerdict.RESTORED


def rehearse_folder(pairs: Iterable[Pair], ground: Ground, filling: Filling | None = None) -> Iterator[PairOutcome]:
    """The outcome of each pair, as soon as it is known. A forward script that fails leaves nothing; the next pair goes on from there.

    With `filling` every table that has no rows gets some before each pair. A forward script that then fails is applied to empty
    tables if that will do, so that the pairs behind it have what they expect.
    """
    for pair in pairs:
        started = time.monotonic()
        forward, rollback = _read(pair.forward), _read(pair.rollback) if pair.rollback else None
        if filling:
            filling.fill(ground.usable())
        proof = _prove(ground, forward, rollback)
        if filling and proof.verdict is PairVerdict.FORWARD_FAILED:
            _apply_to_empty_tables(ground, forward, filling)
        seconds = time.monotonic() - started
        yield PairOutcome(pair.version, pair.description, proof.verdict, proof.lost, proof.differences, proof.error, seconds)


def apply_forward(pair: Pair, ground: Ground) -> str:
    """Without proof, as it was long ago; answers why it could not be done, and then nothing of it is left."""
    start = ground.copy()
    try:
        alone(ground.connection, _read(pair.forward))
    except Broken as broken:
        ground.go_on_in(start)
        return str(broken)
    ground.drop(start)
    return ""


def _prove(ground: Ground, forward: SqlFile, rollback: SqlFile | None) -> _Proof:
    connection = ground.usable()
    kept = keep(connection, [script.text for script in (forward, rollback) if script])
    return _Rehearsal(ground, forward, rollback, read_schema(connection), kept).prove()


def _apply_to_empty_tables(ground: Ground, forward: SqlFile, filling: Filling) -> None:
    start = ground.copy()
    try:
        filling.empty(ground.connection)
        alone(ground.connection, forward)
    except Broken:
        ground.go_on_in(start)
    else:
        ground.drop(start)


def _read(path: Path) -> SqlFile:
    return SqlFile.read(
        path.name if path.stem not in ("up", "down") else f"{path.parent.name}/{path.name}", path.read_text(errors="replace")
    )
