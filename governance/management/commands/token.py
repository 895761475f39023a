"""Makes and revokes API tokens from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from governance import workflow
from governance.errors import Refusal
from governance.models import ApiToken, Scope


class Command(BaseCommand):
    help = "Makes an API token for a person, and prints it once; or revokes one by its name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as", required=True, dest="person", metavar="USER", help="Whose token it is.")
        parser.add_argument("--name", required=True, help="What uses it, for example “CI of bids-api”.")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            dest="scopes",
            metavar="SCOPE",
            help=f"One of {', '.join(Scope.values)}; repeatable.",
        )
        parser.add_argument("--days", type=int, default=90, help="How long it lasts (90).")
        parser.add_argument("--revoke", action="store_true", help="Revoke the token of this name instead.")

    def handle(self, *, person: str, name: str, scopes: list[str] | None, days: int, revoke: bool, **options: Any) -> None:
        user = User.objects.filter(username=person).first()
        if user is None:
            raise CommandError(f"Nobody here is called {person}. Name a user of the portal with --as.")
        try:
            if revoke:
                self._revoke(user, name)
            else:
                self.stdout.write(workflow.make_token(actor=user, name=name, scopes=scopes or [Scope.READ.value], days=days))
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal

    def _revoke(self, user: User, name: str) -> None:
        token = ApiToken.objects.filter(person=user, name=name, revoked_at=None).first()
        if token is None:
            raise CommandError(f"{user} has no token called “{name}” that could be revoked.")
        workflow.revoke_token(actor=user, token=token)
        self.stdout.write(f"“{token}” is revoked.")
