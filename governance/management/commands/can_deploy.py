"""May it go out? For CI jobs: the exit code is the answer, and no failure of ours can be taken for one.

0 yes, 1 no, 2 unknown, 3 the question could not be asked: a wrong argument, an unknown name, a portal or database that does not answer.
"""

import json
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from governance.compatibility import answer_as_json, ask_client, environment_named
from governance.deployability import ask_phase, phase_named
from governance.errors import Refusal
from governance.matrix import Answer, Verdict

CODES = {Verdict.YES: 0, Verdict.NO: 1, Verdict.UNKNOWN: 2}
NOT_ASKED = 3


class Command(BaseCommand):
    help = "Says whether a client, or a phase of a change, may go out: exit 0 yes, 1 no, 2 unknown, 3 the question could not be asked."
    requires_system_checks: list[str] = []

    answer: Answer

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--client", metavar="NAME@VERSION", help="A client release, for example app@2.1.")
        what.add_argument("--change", metavar="NUMBER", help="A change, for example CHG-12.")
        parser.add_argument("--phase", default="", help="Of the change; without it the first that is open.")
        parser.add_argument("--environment", required=True, metavar="NAME", help="Where to, for example production.")
        parser.add_argument("--json", action="store_true", help="The whole answer with rows, reasons and fixes.")
        parser.add_argument(
            "--retry-while-unknown", type=int, default=0, metavar="TIMES", help="Ask again so often while it is unknown (0)."
        )
        parser.add_argument("--retry-interval", type=float, default=10.0, metavar="SECONDS", help="Between two questions (10).")

    def run_from_argv(self, argv: list[str]) -> None:
        """Whatever goes wrong, the question was not asked: Python's code for a wrong argument and Django's for an error are no answers."""
        try:
            super().run_from_argv(argv)
        except SystemExit as end:
            raise SystemExit(NOT_ASKED if end.code else 0) from None
        except Exception as error:
            self.stderr.write(f"The question could not be asked: {error}".rstrip())
            raise SystemExit(NOT_ASKED) from error
        raise SystemExit(CODES[self.answer.verdict])

    def handle(self, *, retry_while_unknown: int, retry_interval: float, **options: Any) -> None:
        question = _question(options)
        try:
            self.answer = question()
            for _ in range(retry_while_unknown):
                if self.answer.verdict is not Verdict.UNKNOWN:
                    break
                time.sleep(retry_interval)
                self.answer = question()
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(answer_as_json(self.answer), ensure_ascii=False))
        elif options["verbosity"]:
            self._tell(self.answer)

    def _tell(self, answer: Answer) -> None:
        self.stdout.write(answer.verdict.capitalize())
        for reason in answer.decisive if answer.verdict is not Verdict.YES else answer.reasons:
            self.stdout.write(f"  {reason} [{reason.code}]")
        for fix in answer.fixes:
            self.stdout.write(f"  → {fix}")


def _question(options: dict[str, Any]) -> Callable[[], Answer]:
    """Raises CommandError."""
    given = options["client"]
    if given is None:
        return lambda: ask_phase(phase_named(options["change"], options["phase"]), environment_named(options["environment"]))
    name, at, version = given.rpartition("@")
    if not (at and name and version):
        raise CommandError(f"{given!r} is not NAME@VERSION. Write for example --client app@2.1.")
    return lambda: ask_client(name, version, environment_named(options["environment"]), timezone.now())
