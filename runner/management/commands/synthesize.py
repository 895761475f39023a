"""Fills a database with made-up rows that fit its schema."""

import json
import math
import os
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from psycopg.conninfo import conninfo_to_dict

from governance.errors import Refusal
from governance.handoff.targets import access_to, production_variables
from governance.wording import harmless
from runner.engine.session import connect
from runner.engine.synthesis.shapes import UNKNOWN, Shapes, read_shapes
from runner.engine.synthesis.tables import read_tables
from runner.engine.synthesize import Filled, Wanted, synthesize
from runner.targets import connection_string

INCOMPLETE, REFUSED = 1, 2  # exit codes
ROWS = 100


class Command(BaseCommand):
    help = (
        "Fills a database with made-up rows that fit its schema: keys, checks, types, words by column name. Nobody's data is copied. "
        "Exit code 0: every table has its rows; 1: some table has fewer, the report says why; 2: refused, or nothing could be done."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--dsn", help="Connection string of the database to fill.")
        where.add_argument("--target", help="Name of a target of the portal; the only way to fill one that is in production.")
        size = parser.add_mutually_exclusive_group()
        size.add_argument("--rows", type=_rows, default=ROWS, help=f"Rows for each table. Default: {ROWS}.")
        size.add_argument("--share", type=_share, help="Share of the rows that --like, or else the database itself, has; for example 0.01.")
        parser.add_argument("--like", metavar="DSN", help="Spread values as the statistics of this database say; its values are not read.")
        parser.add_argument(
            "--table", action="append", default=[], dest="tables", metavar="[SCHEMA.]TABLE", help="Only this; may be repeated."
        )
        parser.add_argument("--schema", action="append", default=[], dest="schemas", help="Only tables of this schema; may be repeated.")
        parser.add_argument("--empty-only", action="store_true", help="Leave tables alone that have rows.")
        parser.add_argument("--seed", type=int, default=0, help="Another seed gives other rows, the same one the same. Default: 0.")
        parser.add_argument("--format", choices=("text", "json"), default="text", dest="form")

    def handle(self, *, dsn: str | None, target: str | None, like: str | None, form: str, **options: Any) -> None:
        try:
            url = dsn or _dsn_of(str(target))
            if dsn:
                self._refuse_production(dsn)
            wanted = _wanted(options)
            with connect("the database", url, "lockgate synthesize") as connection:
                _refuse_unknown(connection, wanted)
                filled = list(self._told(synthesize(connection, wanted, _shapes(like)), quiet=form == "json"))
        except (Refusal, psycopg.Error) as error:
            raise CommandError(f"Nothing was filled: {error}", returncode=REFUSED) from error
        if form == "json":
            self.stdout.write(json.dumps({"tables": [asdict(entry) for entry in filled]}, indent=1))
        if any(entry.why for entry in filled):
            raise CommandError("Some tables have fewer rows than wanted; what refused them is named above.", returncode=INCOMPLETE)

    def _told(self, report: Iterator[Filled], *, quiet: bool) -> Iterator[Filled]:
        for entry in report:
            if not quiet:
                line = f"{entry.table:<50} {entry.rows:>12,} of {entry.wanted:,}" + (f"  {entry.why}" if entry.why else "")
                self.stdout.write(harmless(line))
            yield entry

    def _refuse_production(self, dsn: str) -> None:
        """A production target is filled only by whoever names it as such."""
        try:
            variables = production_variables()
        except DatabaseError:
            self.stderr.write("The portal's database does not answer, so nobody can say whether this is a production target.")
            return
        for variable, name in variables.items():
            if (known := os.environ.get(variable)) and _same(dsn, known):
                raise CommandError(
                    f"This is {name}, which customers use. Nothing was filled. Name a copy of it; if you are sure, say --target {name}.",
                    returncode=REFUSED,
                )


def _rows(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ArgumentTypeError(f"{text!r} is no number of rows")
    return int(text)


def _share(text: str) -> float:
    with suppress(ValueError):
        if 0 <= (share := float(text)) < math.inf:
            return share
    raise ArgumentTypeError(f"{text!r} is no share of rows, such as 0.01")


def _refuse_unknown(connection: psycopg.Connection, wanted: Wanted) -> None:
    """Raises CommandError: a name is mistyped, and nobody would notice that its table stays empty."""
    tables = read_tables(connection)
    named = {name for table in tables for name in (table.name, f"{table.schema}.{table.name}")}
    unknown = [f"table {name}" for name in sorted(wanted.tables - named)]
    unknown += [f"table in a schema {name}" for name in sorted(wanted.schemas - {table.schema for table in tables})]
    if unknown:
        raise CommandError(f"Nothing was filled: there is no {harmless(', no '.join(unknown))}.", returncode=REFUSED)


def _wanted(options: Mapping[str, Any]) -> Wanted:
    return Wanted(
        rows=options["rows"],
        share=options["share"],
        tables=frozenset(options["tables"]),
        schemas=frozenset(options["schemas"]),
        seed=options["seed"],
        only_empty=options["empty_only"],
    )


def _shapes(like: str | None) -> Shapes:
    if like is None:
        return UNKNOWN
    with connect("the database to be like", like, "lockgate synthesize") as source:
        return read_shapes(source)


def _dsn_of(target: str) -> str:
    access = access_to(target)
    if access is None:
        raise CommandError(
            f"There is no target {target}. Add it in the portal under Targets, or name its database by --dsn.", returncode=REFUSED
        )
    return connection_string(target, access.variable)


def _same(one: str, other: str) -> bool:
    """Whether two connection strings lead to one database."""
    with suppress(psycopg.ProgrammingError):
        first, second = conninfo_to_dict(one), conninfo_to_dict(other)
        return all(str(first.get(part, usual)) == str(second.get(part, usual)) for part, usual in _PARTS.items())
    return False


_PARTS = {"host": "localhost", "port": "5432", "dbname": ""}
