"""Judges SQL scripts: on the command line and in CI. manage.py itself answers what needs nothing of the portal."""

import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.errors import TargetRefused
from governance.facts import Facts
from governance.handoff.targets import access_to
from runner.analysing.command import CLEAN, DESCRIPTION, IMPOSSIBLE, add_arguments, analyse_paths, facts_of, keep
from runner.analysing.errors import Impossible
from runner.analysing.server import facts_at
from runner.targets import connection_string


class Command(BaseCommand):
    help = DESCRIPTION
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, **options: Any) -> None:
        asked = Namespace(**options)
        try:
            facts = self._facts(asked.target) if asked.target else facts_of(asked)
            keep(facts, asked)
            status = analyse_paths(asked, facts, sys.stdin.buffer, self.stdout)
        except (Impossible, TargetRefused) as error:
            raise CommandError(str(error), returncode=IMPOSSIBLE) from error
        if status != CLEAN:
            raise SystemExit(status)

    def _facts(self, name: str) -> Facts:
        """Raises Impossible, TargetRefused."""
        access = access_to(name)
        if access is None:
            raise Impossible(f"There is no target {name}. Add it in the portal under Targets, or name a database with --dsn.")
        return facts_at(connection_string(name, access.variable), name)
