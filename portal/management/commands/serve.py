"""Serves the portal for real: web server, queue and clock under one supervisor."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from governance.models import Target
from portal.health import unapplied
from portal.service import Service, processes
from portal.supervisor import MANAGE

NO_SECRET_KEY = """SECRET_KEY is not set, and whoever knows the default can sign in as anybody.
Make one, and put it into the environment or .env:
  python -c "import secrets; print(secrets.token_urlsafe(48))\""""
NO_DATABASE = (
    "DATABASE_URL is not set. Put the address of the portal's database into the environment or .env; docs/deploy.md says how to make it."
)
DEBUGGING = "DEBUG is on, and its error pages show settings and code to everybody. Set DEBUG=false."
NO_ANSWER = "The portal's database does not answer, or refuses this role. Start it, or correct DATABASE_URL, and try again."


class Command(BaseCommand):
    help = "Runs gunicorn, the queue's cluster and the clock until SIGINT or SIGTERM; starts again what ends. docs/deploy.md"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--address", default="127.0.0.1:8000", help="Where to listen, such as 0.0.0.0:8000 or unix:/run/lockgate/web.")
        parser.add_argument("--grace", type=float, default=60.0, help="Seconds in which requests and running work may end.")

    def handle(self, *, address: str, grace: float, **options: Any) -> None:
        _refuse_unsafe_settings()
        connections = _connections()
        connection.close()
        static = Path(settings.STATIC_ROOT or settings.VAR_DIR / "static")
        _collect_static(static)
        with Service(processes(address, static, connections), grace) as service:
            self.stdout.write(f"Lockgate listens on {address if ':/' in address else f'http://{address}'}. Ctrl-C or SIGTERM ends it.")
            self.stdout.flush()
            service.run_until_signalled()
        self.stdout.write("Lockgate has ended.")


def _refuse_unsafe_settings() -> None:
    if settings.SECRET_KEY == settings.UNSAFE_SECRET_KEY:
        raise CommandError(NO_SECRET_KEY)
    if not os.environ.get("DATABASE_URL"):
        raise CommandError(NO_DATABASE)
    if settings.DEBUG:
        raise CommandError(DEBUGGING)


def _connections() -> list[str]:
    """The variables that targets name; refused while the database is not ready for this code."""
    try:
        missing = unapplied()
        if missing:
            todo = "Run manage.py migrate as the role that owns the tables, then start again."
            raise CommandError(f"The database lacks {len(missing)} migrations, the first is {missing[0]}. {todo}")
        return list(Target.objects.order_by().values_list("connection", flat=True))
    except DatabaseError as error:
        raise CommandError(NO_ANSWER) from error


def _collect_static(directory: Path) -> None:
    """In a process of its own: with STATIC_ROOT settings choose a storage that puts hashes into names."""
    command = [sys.executable, str(MANAGE), "collectstatic", "--noinput", "--verbosity=0"]
    if subprocess.run(command, env={**os.environ, "STATIC_ROOT": str(directory)}, check=False).returncode:
        raise CommandError(f"The static files could not be collected into {directory}. Correct what is said above and try again.")
