"""Rehearses a folder of script pairs: forward, back, schema and data compared, forward again; on a scratch database, pair by pair."""

import json
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from governance.errors import BadInput, Refusal
from governance.handoff.targets import access_to
from governance.rehearsals import PairOutcome, PairVerdict
from governance.wording import harmless
from portal.account import ServerError
from portal.embedded import binaries
from portal.supervisor import heed
from runner.engine.extensions import installed_in, named_in
from runner.engine.filling import Filling
from runner.engine.folder import apply_forward, rehearse_folder
from runner.engine.ground import Ground, ground_in
from runner.engine.pairs import Pair, order_of, read_folder
from runner.engine.scratch import NotBuilt, database_of, empty_database, load_dump, scratch_database
from runner.engine.session import connect
from runner.scratch_server import scratch_server
from runner.targets import connection_string

GOOD = frozenset({PairVerdict.RESTORED, PairVerdict.COSMETIC})
NOT_PROVED, NOT_REHEARSED = 1, 2  # exit codes
WIDTHS = "{:<22.22}  {:<38.38}  {:<21}  {:>7}  {}"


class Command(BaseCommand):
    help = (
        "Proves every pair of forward and rollback script in a folder on a scratch database, without the portal's database. "
        "Exit code 0: every rollback restores the schema; 1: some pair does not, or could not be tried; 2: nothing could be rehearsed."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", type=Path, help="Holds V<version>__….sql and R<version>__….sql, U<version>__….sql, or ….up.sql and ….down.sql."
        )
        start = parser.add_mutually_exclusive_group()
        start.add_argument("--schema", type=Path, metavar="DUMP", help="Start from this schema, as pg_dump --schema-only wrote it.")
        start.add_argument("--target", help="Start from the schema of this target of the portal (opens the portal's database).")
        start.add_argument("--dsn", help="Start from the schema of this database; it is only read.")
        parser.add_argument(
            "--from",
            dest="first",
            metavar="VERSION",
            help="Rehearse from this version on; earlier scripts are only applied, or left out where a schema is given that has them.",
        )
        parser.add_argument(
            "--rows", type=_count, default=0, help="Fill empty tables with so many made-up rows before each pair. Default: none."
        )
        parser.add_argument("--format", choices=("text", "json"), default="text", dest="form")

    def handle(self, *, folder: Path, first: str | None, rows: int, form: str, **options: Any) -> None:
        heed(signal.default_int_handler)  # a job that is cancelled leaves no server behind either
        try:
            outcomes = list(self._outcomes(folder, first, rows, options, quiet=form == "json"))
        except (Refusal, NotBuilt, ServerError, OSError, psycopg.OperationalError) as error:
            raise CommandError(f"Nothing could be rehearsed: {harmless(str(error))}", returncode=NOT_REHEARSED) from error
        if form == "json":
            self.stdout.write(json.dumps({"pairs": [as_json(outcome) for outcome in outcomes]}, ensure_ascii=False, indent=1))
        else:
            self._sum_up(outcomes, rows)
        if any(outcome.verdict not in GOOD for outcome in outcomes):
            sys.exit(NOT_PROVED)

    def _outcomes(self, folder: Path, first: str | None, rows: int, options: dict[str, Any], *, quiet: bool) -> Iterator[PairOutcome]:
        found = read_folder(folder)
        earlier, pairs = _parted(found, first)
        with _ground(options, _extensions(found, options["schema"])) as ground:
            if not any(options[name] for name in ("schema", "target", "dsn")):
                self._apply(earlier, ground)
            if not quiet:
                self.stdout.write(WIDTHS.format("version", "description", "verdict", "seconds", "").rstrip())
            for outcome in rehearse_folder(pairs, ground, Filling(rows) if rows else None):
                if not quiet:
                    self._tell(outcome)
                yield outcome

    def _apply(self, earlier: list[Pair], ground: Ground) -> None:
        for pair in earlier:
            if why := apply_forward(pair, ground):
                self.stderr.write(f"Not applied before the rehearsal: {harmless(why)}")

    def _tell(self, outcome: PairOutcome) -> None:
        lost = f"{sum(loss.rows for loss in outcome.data_lost):,} values lost" if outcome.data_lost else ""
        line = WIDTHS.format(outcome.version, outcome.description, outcome.verdict, f"{outcome.seconds:.2f}", lost)
        self.stdout.write(harmless(line.rstrip()))
        for detail in _details(outcome):
            self.stdout.write(f"{'':<24}{harmless(detail)}")

    def _sum_up(self, outcomes: list[PairOutcome], rows: int) -> None:
        counted = Counter(outcome.verdict for outcome in outcomes)
        verdicts = ", ".join(f"{counted[verdict]} {verdict.replace('_', ' ')}" for verdict in PairVerdict if counted[verdict])
        data = "" if rows else " Tables were empty but for what the scripts put there: --rows shows which data a rollback loses."
        self.stdout.write(f"{len(outcomes)} pairs: {verdicts or 'none'}.{data}")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is no number of rows")
    return int(text)


def as_json(outcome: PairOutcome) -> dict[str, Any]:
    return {
        "version": outcome.version,
        "description": outcome.description,
        "verdict": str(outcome.verdict),
        "data_lost": [asdict(loss) for loss in outcome.data_lost],
        "differences": [entry.as_json() for entry in outcome.differences],
        "error": outcome.error,
        "seconds": round(outcome.seconds, 3),
    }


def _details(outcome: PairOutcome) -> Iterator[str]:
    if outcome.error:
        yield outcome.error
    yield from (entry.in_words() for entry in outcome.differences)
    yield from (f"{loss.column}: {loss.rows:,} values are lost" for loss in outcome.data_lost)


def _parted(pairs: tuple[Pair, ...], first: str | None) -> tuple[list[Pair], list[Pair]]:
    """Those before the first version to be rehearsed, and the others."""
    start = order_of(first) if first else ()
    wanted = [pair for pair in pairs if pair.key >= start]
    if not wanted:
        raise BadInput(f"The last pair is of version {pairs[-1].version}, so none is left from {first} on. Name an earlier version.")
    return [pair for pair in pairs if pair.key < start], wanted


def _extensions(pairs: Iterable[Pair], dump: Path | None) -> frozenset[str]:
    """That the scripts and the dump ask for."""
    paths = [path for pair in pairs for path in (pair.forward, pair.rollback) if path]
    return named_in(path.read_text(errors="replace") for path in [*paths, *([dump] if dump else [])])


@contextmanager
def _ground(options: dict[str, Any], extensions: frozenset[str]) -> Iterator[Ground]:
    with ExitStack() as stack:
        source = stack.enter_context(_source(options))
        server = stack.enter_context(scratch_server(extensions | (installed_in(source) if source else frozenset())))
        scratch = stack.enter_context(_database(server, source, options["schema"]))
        yield stack.enter_context(ground_in(server, scratch, database_of(scratch)))


def _source(options: dict[str, Any]) -> AbstractContextManager[psycopg.Connection | None]:
    """The database whose schema is to be rebuilt, if one was named."""
    source = options["dsn"] or (_dsn_of(options["target"]) if options["target"] else None)
    return connect("source", source, "lockgate rehearsal") if source else nullcontext()


@contextmanager
def _database(server: str, source: psycopg.Connection | None, dump: Path | None) -> Iterator[str]:
    if source:
        with scratch_database(source, server, binaries()) as scratch:
            yield scratch
        return
    with empty_database(server) as scratch:
        if dump:
            load_dump(dump.read_text(), scratch, binaries())
        yield scratch


def _dsn_of(target: str) -> str:
    access = access_to(target)
    if access is None:
        raise CommandError(
            f"There is no target {target}. Add it in the portal under Targets, or name its database by --dsn.", returncode=NOT_REHEARSED
        )
    return connection_string(target, access.variable)
