"""Forward, back, compared, forward again, on a scratch database: what a rollback really does, before anybody approves it."""

import re
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import psycopg

from governance.errors import Refusal
from governance.orders import Earlier, Manifest, RehearsalOrder, Rehearsed, Verdict
from runner.engine import consistency
from runner.engine.extensions import named_in
from runner.engine.filling import Filling
from runner.engine.play import reason
from runner.engine.roundtrip import RoundTrip
from runner.engine.scratch import MissingExtensions, NotBuilt, scratch_database
from runner.engine.session import connect
from runner.engine.synthesis.shapes import UNKNOWN, read_shapes
from runner.engine.trial import NAME, ScriptFailed, Trial

# What acts on the whole server cannot be tried on one database, and would reach the databases beside it.
_SERVER_WIDE = re.compile(
    r"(CREATE|ALTER|DROP) (ROLE|DATABASE|TABLESPACE|SYSTEM|SUBSCRIPTION)\b|(GRANT|REVOKE) ROLE\b"
    r"|(GRANT|REVOKE|COMMENT)\b.*\bON\s+(DATABASE|TABLESPACE|ROLE|PARAMETER)\b",
    re.IGNORECASE | re.DOTALL,
)


def rehearse(order: RehearsalOrder, target: psycopg.Connection | str, scratch_server: str, binaries: Path) -> Rehearsed:
    """The target is read, never written. The verdict is unknown when nothing could be proved.

    `scratch_server` is the connection string of a superuser on a server that holds nothing of value: scripts that nobody has
    approved yet run there. `binaries` is the directory of pg_dump and psql, for a schema that our own SQL cannot rebuild.
    """
    started = time.monotonic()
    if why := _not_provable(order.manifest):
        return Rehearsed(Verdict.UNKNOWN, (), message=why)
    try:
        with _opened(order.target, target) as source:
            rehearsed = _rehearsed(order, source, scratch_server, binaries)
            rehearsed = replace(rehearsed, consistency=consistency.asked(order, source, scratch_server, binaries))
    except MissingExtensions as lacking:
        message = f"The scratch database could not be built: {lacking}"
        rehearsed = Rehearsed(Verdict.UNKNOWN, (), message=message, missing=lacking.names)
    except (NotBuilt, Refusal) as refusal:
        rehearsed = Rehearsed(Verdict.UNKNOWN, (), message=f"The scratch database could not be built: {refusal}")
    except psycopg.OperationalError as error:
        rehearsed = Rehearsed(Verdict.UNKNOWN, (), message=f"The rehearsal was cut short: {reason(error)}. Start it again.")
    return replace(rehearsed, seconds=time.monotonic() - started)


def _opened(name: str, target: psycopg.Connection | str) -> AbstractContextManager[psycopg.Connection]:
    return connect(name, target, NAME) if isinstance(target, str) else nullcontext(target)


def _not_provable(manifest: Manifest) -> str:
    for script in manifest.scripts:
        for statement in script.statements:
            if _SERVER_WIDE.match(f"{statement.tag} {statement.text}"):
                return (
                    f"{script.name}, line {statement.line}: {statement.tag} acts on the whole server, so no scratch database can prove it. "
                    "Move it to a change of its own and have it approved without a rehearsal."
                )
    return ""


def _rehearsed(order: RehearsalOrder, source: psycopg.Connection, scratch_server: str, binaries: Path) -> Rehearsed:
    """With made-up rows; without them where the scripts fail only because of what was made up."""
    found = _tried(order, source, scratch_server, binaries)
    if not found.of_data:
        return found.rehearsed
    again = _tried(replace(order, rows=0), source, scratch_server, binaries).rehearsed
    note = f"Made-up rows stop it, which real ones may do too: {found.failure}. So it was rehearsed on empty tables."
    return replace(
        again, notes=(*again.notes, note), message=f"{again.message} {note}" if again.verdict is Verdict.PASSED else again.message
    )


@dataclass(frozen=True, slots=True)
class _Try:
    rehearsed: Rehearsed
    failure: str = ""
    of_data: bool = False  # made-up rows made the forward script fail


def _tried(order: RehearsalOrder, source: psycopg.Connection, scratch_server: str, binaries: Path) -> _Try:
    wanted = named_in(script.text for script in order.manifest.scripts)
    with (
        scratch_database(source, scratch_server, binaries, wanted) as scratch,
        connect("scratch database", scratch, NAME) as connection,
    ):
        _apply_earlier(order, scratch, connection)
        filled = order.rows > 0 and _fill(order, source, connection)
        trial = Trial(scratch, connection, order.manifest.limits.statement_timeout)
        trip = RoundTrip(order.manifest, trial, Random(order.rehearsal), traffic=order.traffic)
        rehearsed = trip.prove()
        notes = (*_other_major(source, connection), *map(_behind, order.earlier), *trip.notes)
        message = " ".join((rehearsed.message, *notes))
        return _Try(replace(rehearsed, notes=notes, message=message), trip.failure, filled and trip.stopped_by_data)


def _apply_earlier(order: RehearsalOrder, scratch: str, connection: psycopg.Connection) -> None:
    """What the change builds upon and the target does not have yet. Raises NotBuilt: without it nothing can be said."""
    trial = Trial(scratch, connection, order.manifest.limits.statement_timeout)
    for earlier in order.earlier:
        try:
            for script in earlier.scripts:
                trial.run(script)
        except ScriptFailed as failure:
            raise NotBuilt(f"{earlier.change}, which has to be deployed before, fails: {failure}") from failure
    trial.at_leisure()


def _behind(earlier: Earlier) -> str:
    return f"Rehearsed behind {earlier.change}, which the target does not have yet."


def _fill(order: RehearsalOrder, source: psycopg.Connection, scratch: psycopg.Connection) -> bool:
    """Rows for the tables that the scripts name."""
    touched = consistency.named_in((script.text for script in order.manifest.scripts), scratch)
    if touched:
        shapes = read_shapes(source) if order.statistics else UNKNOWN
        Filling(order.rows, shapes=shapes, tables=touched).fill(scratch)
    return bool(touched)


def _other_major(target: psycopg.Connection, scratch: psycopg.Connection) -> tuple[str, ...]:
    ours, theirs = (connection.info.server_version // 10_000 for connection in (scratch, target))
    return () if ours == theirs else (f"Rehearsed on PostgreSQL {ours}; the target runs {theirs}.",)
