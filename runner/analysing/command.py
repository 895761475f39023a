"""The command's arguments, and what it does with them.

Exit status: 0 nothing at or above --fail-on; 1 there is; 2 it could not be done as asked (a path, a facts file or a target is not there,
the output cannot be written); 130 it was interrupted.
"""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from io import TextIOBase
from pathlib import Path
from typing import BinaryIO, TextIO

from governance.analysis.rule import Level
from governance.errors import Refusal
from governance.facts import Facts, facts_as_json, facts_from_json
from runner.analysing.as_github import AS_GITHUB
from runner.analysing.as_json import AS_JSON
from runner.analysing.as_sarif import AS_SARIF
from runner.analysing.as_text import as_text
from runner.analysing.errors import Impossible
from runner.analysing.report import Form, told
from runner.analysing.sources import NoSuchPath, sources

DESCRIPTION = "Says what SQL scripts would lock, rewrite, scan and break, and what to write instead. Executes nothing."
CLEAN, FOUND, IMPOSSIBLE, INTERRUPTED = 0, 1, 2, 130
FAILING = {"block": {Level.BLOCKING}, "warn": {Level.BLOCKING, Level.WARNING}}
FORMATS: dict[str, Form] = {"json": AS_JSON, "sarif": AS_SARIF, "github": AS_GITHUB}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="A file, a folder, or - for standard input.")
    known = parser.add_mutually_exclusive_group()
    known.add_argument("--target", help="A target of the portal, whose facts are read now; for example instabids_staging.")
    known.add_argument("--dsn", metavar="URL", help="A database whose facts are read now; for example postgresql://localhost/market.")
    known.add_argument("--facts", metavar="FILE", help="Facts that --write-facts has kept.")
    parser.add_argument("--write-facts", metavar="FILE", help="Keep the facts of --target or --dsn in a file, for --facts.")
    parser.add_argument("--format", choices=["text", *FORMATS], default="text", help="Default: text.")
    parser.add_argument(
        "--fail-on", choices=list(FAILING), default="block", help="The least level that makes the status 1. Default: block."
    )
    parser.add_argument("--window", type=float, metavar="MINUTES", help="Say, in text, whether each file fits into this time. Needs facts.")
    parser.add_argument(
        "--in-order",
        action="store_true",
        help="Take the files as executed one after the other by their versions: each meets what those before it have left.",
    )
    parser.add_argument(
        "--guarded", action="store_true", help="Lockgate's runner will execute them: it bounds lock waits and opens the transaction."
    )


def analyse_paths(options: Namespace, facts: Facts | None, stdin: BinaryIO, out: TextIO | TextIOBase) -> int:
    """Raises Impossible."""
    if not options.paths and not options.write_facts:
        raise Impossible("Name what to analyse: files, folders, or - for standard input.")
    form = FORMATS.get(options.format) or as_text(out.isatty() and "NO_COLOR" not in os.environ, options.window)
    try:
        files = sources(options.paths, stdin)
        found = told(files, facts, options.guarded, lambda report: (form.part(report), report.levels), options.in_order)
    except NoSuchPath as error:
        raise Impossible(str(error)) from error
    except OSError as error:
        raise Impossible(f"{error.filename} cannot be read: {error.strerror}." if error.filename else str(error)) from error
    if options.paths or options.format != "text":
        _write(out, form.whole([part for part, _ in found]))
    return FOUND if any(levels & FAILING[options.fail_on] for _, levels in found) else CLEAN


def _write(out: TextIO | TextIOBase, pieces: Iterable[str | bytes]) -> None:
    """Whatever encoding the terminal has: programs are given UTF-8, and people a `?` for what it cannot show."""
    buffer: BinaryIO | None = getattr(out, "buffer", None)  # a StringIO has none
    try:
        for piece in pieces:
            data = piece if isinstance(piece, bytes) else piece.encode(out.encoding or "utf-8", "replace")
            if buffer:
                buffer.write(data)
            else:
                out.write(data.decode())
        out.flush()
    except OSError as error:
        with suppress(OSError):  # what is still to be written would fail once more when the process ends, and change its status
            os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise Impossible(f"The output cannot be written: {error.strerror}.") from error


def facts_of(options: Namespace) -> Facts | None:
    """Of a file or a database.

    Raises:
        Impossible
    """
    if options.facts:
        return _kept_facts(Path(options.facts))
    if not options.dsn:
        return None
    server = import_module("runner.analysing.server")  # with psycopg, which takes a third of the start
    facts: Facts = server.facts_at(options.dsn, "the database of --dsn")
    return facts


def keep(facts: Facts | None, options: Namespace) -> None:
    if options.write_facts and facts is None:
        raise Impossible("There are no facts to write: name a database with --dsn or --target.")
    if options.write_facts and facts:
        Path(options.write_facts).write_text(json.dumps(facts_as_json(facts), indent=1) + "\n")


def _kept_facts(path: Path) -> Facts:
    try:
        return facts_from_json(json.loads(path.read_text()))
    except OSError as error:
        raise Impossible(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Impossible(f"{path} does not hold facts. Make it with --dsn … --write-facts {path}.") from error


def main(arguments: list[str]) -> int:
    """Without Django: for everything that does not ask the portal."""
    parser = ArgumentParser("manage.py analyse", description=DESCRIPTION, allow_abbrev=False)
    add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        facts = facts_of(options)
        keep(facts, options)
        return analyse_paths(options, facts, sys.stdin.buffer, sys.stdout)
    except (Impossible, Refusal) as error:
        sys.stderr.write(f"{error}\n")
        return IMPOSSIBLE
    except BrokenPipeError:
        return IMPOSSIBLE  # whoever read the output, for example head, has seen enough
    except KeyboardInterrupt:
        return INTERRUPTED
