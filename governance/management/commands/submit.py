"""Submits a change from the command line: the same function as the admin's form and the API."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from governance import specification, workflow
from governance.errors import BadInput, Refusal
from governance.models import Phase
from governance.workflow import ScriptFile, Source


class Command(BaseCommand):
    help = "Submits a change: script files, or folders of them, with their specification. No target is opened."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="V….sql, R….sql and C….sql files, or folders of them.")
        parser.add_argument("--spec", required=True, type=Path, metavar="FILE", help="Specification: Markdown with front matter.")
        parser.add_argument("--as", required=True, dest="author", metavar="USER", help="Who submits it.")
        parser.add_argument("--repository", default="", help="Where the scripts are kept.")
        parser.add_argument("--commit", default="", help="The commit that they are from.")
        parser.add_argument("--request", default="", help="Address of the merge or pull request.")

    def handle(self, *, paths: list[Path], spec: Path, author: str, repository: str, commit: str, request: str, **options: Any) -> None:
        person = User.objects.filter(username=author).first()
        if person is None:
            raise CommandError(f"Nobody here is called {author}. Name a user of the portal with --as.")
        try:
            given = specification.parse(str(spec), _read(spec))
            scripts = [ScriptFile(path.name, _read(path)) for path in script_paths(paths)]
            submitted = workflow.submit(actor=person, specification=given, scripts=scripts, source=Source(repository, commit, request))
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        phase = Phase.objects.get(spec=submitted)
        self.stdout.write(f"{submitted.number} “{submitted}” is submitted: {phase.get_change_class_display().lower()}, {phase.risk} risk.")
        self.stdout.write(phase.sentence)


def script_paths(paths: list[Path]) -> list[Path]:
    """The files as given, and of folders every .sql file in them."""
    return [path for given in paths for path in (sorted(given.glob("*.sql")) if given.is_dir() else [given])]


def _read(path: Path) -> str:
    """Raises BadInput."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8 and submit it again.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}. Check the path.") from error
