"""Proves the lock table on a server: every statement is executed in a scratch database, and what it did is compared with the prediction."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from portal.account import ServerError
from runner.engine.facts import read_facts
from runner.engine.proof.cases import Case, cases
from runner.engine.proof.document import described, document
from runner.engine.proof.observe import Sight
from runner.engine.proof.place import Place, make_tablespace, place_on
from runner.engine.proof.proofs import Proof, prove
from runner.scratch_server import own_server

WRONG, NOT_PROVED = 1, 2  # exit codes
ROW = "{:<28.28}  {:<6}  {:<70.70}  {}"


class Command(BaseCommand):
    help = (
        "Executes every statement of the lock table in a scratch database and compares what PostgreSQL does with what the analysis says. "
        "Exit code 0: they agree; 1: somewhere they do not; 2: nothing could be tried."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = "A superuser's connection string; databases are made there and dropped again. Default: a server of our own."
        parser.add_argument("--dsn", help=where)
        parser.add_argument("--only", default="", metavar="TEXT", help="Only statements and families that contain this.")
        parser.add_argument("--format", choices=("text", "json"), default="text", dest="form")
        parser.add_argument("--document", action="store_true", help="Print docs/locks.md instead.")

    def handle(self, *, dsn: str | None, only: str, form: str, document: bool, **options: Any) -> None:
        chosen = [case for case in cases() if only.lower() in f"{case.family} {case.statement}".lower()]
        try:
            with _place(dsn) as place:
                agrees = self._print_document(place) if document else self._prove(place, chosen, form)
        except (psycopg.Error, ServerError) as error:
            raise CommandError(f"Nothing could be proved: {error}", returncode=NOT_PROVED) from error
        if not agrees:
            sys.exit(WRONG)

    def _print_document(self, place: Place) -> bool:
        with psycopg.connect(place.copy(), autocommit=True) as connection:
            self.stdout.write(document(cases(), read_facts(connection, "proof")), ending="")
        return True

    def _prove(self, place: Place, chosen: list[Case], form: str) -> bool:
        proofs = prove(place, chosen)
        found = list(proofs) if form == "json" else list(map(self._told, proofs))
        wrong = [proof for proof in found if not proof.agrees]
        if form == "json":
            report = {"server_version": place.version, "agree": len(found) - len(wrong), "proofs": [_as_json(proof) for proof in found]}
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=1))
        else:
            left_out = len(chosen) - len(found)
            self.stdout.write(
                f"PostgreSQL {place.version // 10000}: {len(found) - len(wrong)} of {len(found)} statements do what was predicted; "
                f"{left_out} left out, because this server does not know them or lacks a second tablespace."
            )
        return not wrong

    def _told(self, proof: Proof) -> Proof:
        predicted, observed = (_words(sights) for sights in (proof.predicted, proof.observed))
        said = predicted if proof.agrees else f"predicted: {predicted}; observed: {proof.error or observed}"
        self.stdout.write(ROW.format(proof.case.family, "agrees" if proof.agrees else "DIFFERS", proof.case.statement, said))
        return proof


@contextmanager
def _place(dsn: str | None) -> Iterator[Place]:
    if dsn:
        with place_on(dsn) as place:
            yield place
        return
    with own_server() as url:
        make_tablespace(url)
        with place_on(url) as place:
            yield place


def _words(sights: tuple[Sight, ...]) -> str:
    return "; ".join(map(described, sights)) or "nothing"


def _as_json(proof: Proof) -> dict[str, object]:
    return {
        "family": proof.case.family,
        "statement": proof.case.statement,
        "settings": dict(proof.case.settings),
        "predicted": [_sight(sight) for sight in proof.predicted],
        "observed": [_sight(sight) for sight in proof.observed],
        "error": proof.error,
        "agrees": proof.agrees,
    }


def _sight(sight: Sight) -> dict[str, object]:
    return {
        "relation": sight.relation,
        "mode": str(sight.mode),
        "rewrite": sight.rewrite,
        "index_build": sight.reindex,
        "scan": sight.scan,
    }
