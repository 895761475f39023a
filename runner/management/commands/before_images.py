"""Prints the rollback script that a run's before-images make, and drops the images of a change that is closed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance import handoff
from governance.errors import Refusal
from runner.engine.images import are_there, forget_images, rollback_scripts
from runner.engine.session import connect
from runner.targets import connection_string


class Command(BaseCommand):
    help = (
        "Prints a batched rollback script for each backfill of a run that kept before-images: what clients changed in these columns since "
        "is overwritten by it. Submit it as the rollback script of a change, or as a change of its own."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="The run's number, the first characters of it, or “latest”.")
        parser.add_argument("--forget", action="store_true", help="Drop the images instead: they are rows of your customers.")

    def handle(self, *, run: str, forget: bool, **options: Any) -> None:
        try:
            pk = handoff.run_named(run)
            watched = handoff.watched(pk)
            conninfo = connection_string(watched.target, watched.connection)
            with connect(watched.target, conninfo, "lockgate before-images") as connection:
                found = rollback_scripts(connection, str(pk)) if are_there(connection) else ()
                if not found:
                    raise CommandError(f"Run {pk} kept no before-images: its batched statements do not ask for them.")
                self.stdout.write(f"{forget_images(connection, str(pk)):,} images dropped." if forget else "\n".join(found))
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
