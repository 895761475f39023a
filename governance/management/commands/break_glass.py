"""The emergency way from the command line, for when there is no time for a browser: the same function, the same refusals."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from governance import workflow
from governance.compatibility.names import UnknownChange
from governance.deployability import phase_named
from governance.emergency import Skip
from governance.errors import Refusal


class Command(BaseCommand):
    help = "Declares an emergency for a change. Everybody is told at once, and somebody who took no part reviews it within 48 hours."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("change", help="Its number, for example CHG-12.")
        parser.add_argument("--phase", default="", help="By name; without it the first that is open.")
        parser.add_argument("--as", required=True, dest="operator", metavar="USER", help="Who declares it.")
        parser.add_argument("--incident", required=True, help="Its reference, for example INC-4711.")
        parser.add_argument("--reason", required=True, help="For example: nobody can pay since 02:10.")
        parser.add_argument(
            "--skip", action="append", default=[], choices=list(Skip), help="What the change does without; may be repeated."
        )
        parser.add_argument("--minutes", type=int, default=60, help="How long it lasts, at most 480.")

    def handle(self, *args: Any, **given: Any) -> None:
        person = User.objects.filter(username=given["operator"]).first()
        if person is None:
            raise CommandError(f"Nobody here is called {given['operator']}. Name a user of the portal with --as.")
        said = {"reason": given["reason"], "incident": given["incident"], "skips": given["skip"]}
        try:
            phase = phase_named(given["change"], given["phase"])
            row = workflow.break_glass(actor=person, phase=phase, lasts=timedelta(minutes=given["minutes"]), **said)
        except (Refusal, UnknownChange) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{row.incident} lasts until {row.expires_at:%d %b %H:%M} UTC. Its review is due {row.review_due:%d %b %H:%M} UTC."
        )
