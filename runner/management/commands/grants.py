"""Prints the grants that a target needs, and tests them with the runner's own connection."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.errors import TargetRefused
from governance.facts import Need
from governance.grants import RUNNER, expected, statements
from governance.handoff.targets import access_to
from runner.engine.grants import names_of, needs
from runner.engine.session import connect
from runner.targets import connection_string


class Command(BaseCommand):
    help = "Prints what the runner's role has to be granted in a target's database, and what of it is missing. Changes nothing there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", help="Its name in the portal, for example instabids_staging.")
        parser.add_argument("--runner", default=RUNNER, help="The runner's role, while the target has no connection string.")

    def handle(self, *, target: str, runner: str, **options: Any) -> None:
        access = access_to(target)
        if access is None:
            raise CommandError(f"There is no target {target}. Add it in the portal under Targets, then try again.")
        try:
            with connect(target, connection_string(target, access.variable), "lockgate grants") as connection:
                names = names_of(connection, access.owner)
                found = needs(connection, names)
        except TargetRefused as refusal:
            self._print(statements(expected(target, access.owner, runner)))
            raise CommandError(f"Printed, not tested: {refusal.message}") from None
        self._print(statements(names))
        self._judge(target, found)

    def _print(self, grants: dict[str, str]) -> None:
        self.stdout.write("-- As a superuser, in the target's database:")
        self.stdout.write("\n".join(grants.values()))

    def _judge(self, target: str, found: Sequence[Need]) -> None:
        self.stdout.write("")
        for need in found:
            answer = "yes" if need.held else "NO" if need.required else "no, optional"
            self.stdout.write(f"{answer:<14}{need.what}" + ("" if need.held else f"\n{'':<14}{need.todo}"))
        missing = [need.what for need in found if need.required and not need.held]
        if missing:
            raise CommandError(f"{target} lacks {', '.join(missing)}. Do what stands below each NO, then try again.")
        self.stdout.write(f"{target} is ready.")
