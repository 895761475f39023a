"""Shows the whole life of a change, on an embedded PostgreSQL or on the server that DATABASE_URL names."""

import logging
import os
import secrets
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from environ import Env

from portal.demo import databases, further
from portal.demo.databases import Addresses
from portal.demo.setup import ADMINISTRATOR, PASSWORD, PEOPLE, set_up
from portal.demo.story import Story, StoryFailed, submit
from portal.demo.teller import Teller
from portal.embedded import UNSAFE_FAST, EmbeddedServer
from portal.service import gunicorn
from portal.supervisor import Process, Supervisor, heed, manage

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds for the web server to come up
ENDED = "Everything that was started has ended."
OTHERS = ("index_messages_badly", "drop_legacy_flag")  # stay open, for looking around
LOGS = settings.VAR_DIR / "log"
ENV_FILE = settings.VAR_DIR / "demo.env"


class Command(BaseCommand):
    help = "Leads one change through its thirteen stages with real databases, people and runner; the portal stays open afterwards."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Tell the story and end.")
        parser.add_argument("--reset", action="store_true", help="Forget the demonstration's databases and end.")
        parser.add_argument("--port", type=int, default=8000, help="Where the portal listens.")
        parser.add_argument("--scale", type=float, default=1.0, help="Size of the marketplace; 1 is 300,000 bids.")

    def handle(self, *, once: bool, reset: bool, port: int, scale: float, **options: Any) -> None:
        _have_secret_key(ENV_FILE)
        heed(signal.default_int_handler)  # as Ctrl-C: nothing that was started may stay behind
        # Rehearsals execute what nobody has approved yet, as a superuser: on a server with nothing else on it.
        servers = [EmbeddedServer(settings.VAR_DIR / "rehearsals", settings=UNSAFE_FAST)]
        if not _named_server():
            servers.append(EmbeddedServer(settings.VAR_DIR / "postgres"))
        if reset:
            self._forget(servers)
            return
        if not once:
            _refuse_taken(port)
        try:
            self._show(self._prepare(servers, scale), None if once else port)
            self._say(ENDED)
        except StoryFailed as failure:
            raise CommandError(str(failure)) from failure
        except KeyboardInterrupt:
            raise CommandError(f"{ENDED} Starting again goes on with the story.", returncode=130) from None
        finally:
            connections.close_all()
            for server in servers:
                server.stop()

    def _forget(self, servers: list[EmbeddedServer]) -> None:
        for server in servers:
            server.destroy()
        if _named_server():
            databases.forget(_named_server())
        ENV_FILE.unlink(missing_ok=True)
        self.stdout.write("The demonstration is forgotten.")

    def _prepare(self, servers: list[EmbeddedServer], scale: float) -> Addresses:
        started = time.monotonic()
        self._say("Lockgate: the life of a change\n\nPreparing the portal's database and two copies of the marketplace …")
        LOGS.mkdir(parents=True, exist_ok=True)
        logging.basicConfig(
            filename=LOGS / "demo.log", level=logging.INFO, format="{asctime} {levelname} {name}: {message}", style="{", force=True
        )
        for server in servers:
            server.start()
        rehearsals = servers[0].url()
        addresses = databases.prepare(_named_server() or servers[-1].url(), rehearsals, settings.VAR_DIR / "demo.password", scale)
        connections["default"].settings_dict.update(Env.db_url_config(addresses.portal))
        _write_env_file(ENV_FILE, {"SECRET_KEY": settings.SECRET_KEY, **addresses.for_portal()})
        call_command("migrate", verbosity=0)
        set_up()
        self._say(f"Ready after {time.monotonic() - started:.1f} s: {' and '.join(databases.TARGETS)}.\n\n")
        return addresses

    def _show(self, addresses: Addresses, port: int | None) -> None:
        """Without a port only the story is told."""
        cluster = manage("cluster", ["qcluster"], addresses.for_runner(), LOGS)
        clock = manage("clock", ["clock"], addresses.for_portal(), LOGS)
        web = Process("web", gunicorn(f"{HOST}:{port}"), addresses.for_portal(), LOGS / "web.log")
        with Supervisor([web, cluster, clock] if port else [cluster, clock]) as supervisor:
            teller = Teller(self._say, self.style.MIGRATE_HEADING)
            story = Story(teller, addresses.targets[databases.TARGETS[1]], supervisor.look)
            story.tell()
            story.refuse()
            further.tell(story)
            for slug in OTHERS:
                submit(slug)
            if port:
                _await(port)
                self._invite(port)
                supervisor.run_until_signalled()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _invite(self, port: int) -> None:
        self._say(f"\nThe portal is at {self.style.SUCCESS(f'http://{HOST}:{port}')}. Everybody's password is {PASSWORD}.\n")
        for role, (username, first, last) in PEOPLE.items():
            self._say(f"  {username:<8} {f'{first} {last}':<20} {role}")
        self._say(f"  {ADMINISTRATOR:<8} {'Ada Admin':<20} manages people, has no role in changes")
        self._say("\nCtrl-C ends everything. Starting again keeps the data; make reset forgets it.")


def _named_server() -> str:
    """DATABASE_URL as somebody gave it; "" when it is only what an earlier start wrote down."""
    given = os.environ.get("DATABASE_URL", "")
    return "" if ENV_FILE.exists() and f"DATABASE_URL={given}\n" in ENV_FILE.read_text() else given


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _await(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _listens(port):
        if time.monotonic() > deadline:
            raise CommandError(f"The portal has not come up in {PATIENCE:.0f} s. See {LOGS / 'web.log'}.")
        time.sleep(0.1)


def _refuse_taken(port: int) -> None:
    if _listens(port):
        raise CommandError(f"Port {port} is taken by another program. End it, or choose another port: make demo ARGS='--port 8001'.")


def _have_secret_key(env_file: Path) -> None:
    """Every process has to sign with the same key. The first time, make one and begin again, as settings are read already."""
    if not os.environ.get("SECRET_KEY"):
        _write_env_file(env_file, {"SECRET_KEY": secrets.token_urlsafe(48)})
        os.execv(sys.executable, [sys.executable, *sys.argv])


def _write_env_file(path: Path, values: dict[str, str]) -> None:
    """Read by the settings, so that manage.py works in another terminal. The targets' addresses are the runner's alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
