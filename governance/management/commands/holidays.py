"""Adds the public holidays of a country as blackouts."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from governance import workflow
from governance.errors import Refusal
from governance.models import Environment
from governance.windows import Tier


class Command(BaseCommand):
    help = "Adds a blackout for each public holiday of a year: manage.py holidays DE 2027 --environment production --user otto"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("country", help="Its two letters, for example DE.")
        parser.add_argument("year", type=int)
        parser.add_argument("--environment", required=True)
        parser.add_argument("--user", required=True, help="Who adds them: an operator.")
        parser.add_argument("--subdivision", default="", help="A part of the country, for example BY.")
        parser.add_argument("--zone", default="UTC", help="On whose clock the days begin, for example Europe/Berlin.")
        parser.add_argument("--tier", choices=list(Tier), default=Tier.HARD)

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(username=options["user"]).first()
        environment = Environment.objects.filter(name=options["environment"]).first()
        if person is None or environment is None:
            raise CommandError(f"No {'environment' if person else 'user'} has this name. Check it, and try again.")
        names = ("country", "year", "subdivision", "zone", "tier")
        try:
            added = workflow.add_holidays(actor=person, environment=environment, **{name: options[name] for name in names})
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        for window in added:
            self.stdout.write(f"{window.starts:%d %b %Y}  {window}")
        self.stdout.write(f"{len(added)} added.")
