"""Follows a run in a terminal until it has ended, and steers it in somebody's name."""

import os
import shutil
import sys
import time
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from governance import handoff
from governance.errors import Refusal
from governance.handoff import Course

STEER = ("pause", "slow", "faster", "stop", "resume", "keep", "roll_back", "applied", "not_applied")
WIDTH = 28  # of the bar
CLEAR = "\x1b[2K\r"
UP = "\x1b[1A"
ENDED = {"succeeded": 0, "rolled_back": 0}


class Command(BaseCommand):
    help = "Shows a run as it goes: statement, progress, rate, time left, who is in the way, and figures of the target. Or steers it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Its number from the run's address, or the first characters of it; “latest” for the newest one.")
        parser.add_argument("--period", type=float, default=1.0, help="Seconds between two looks.")
        parser.add_argument("--once", action="store_true", help="Look once, and leave.")
        parser.add_argument("--steer", choices=STEER, help="What the run shall do; it obeys at its next boundary.")
        parser.add_argument("--as", dest="person", default="", metavar="USER", help="Who wants it.")
        parser.add_argument("--reason", default="", help="Why: needed to keep, to roll back, and to say what is applied.")
        parser.add_argument("--statement", type=int, default=0, metavar="NUMBER", help="The statement of which you say that it is applied.")

    def handle(
        self, *, run: str, period: float, once: bool, steer: str | None, person: str, reason: str, statement: int, **options: Any
    ) -> None:
        try:
            found = handoff.run_named(run)
            if steer:
                self.stdout.write(handoff.steer(found, steer, person, reason, statement))
                return
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self._follow(found, period, once)

    def _follow(self, run: UUID, period: float, once: bool) -> None:
        """Ends with 0 when the run has done what it should, and with 1 when it has not."""
        redraws = self.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        shown: list[str] = []
        while True:
            course = handoff.course_of(run)
            lines = lines_of(course, shutil.get_terminal_size().columns)
            if lines != shown:
                self.stdout.write((UP + CLEAR) * (len(shown) if redraws else 0) + "\n".join(lines))
                self.stdout.flush()
            shown = lines
            if course.ended or once:
                break
            time.sleep(period)
        if course.ended and course.status not in ENDED:
            sys.exit(1)


def lines_of(course: Course, columns: int) -> list[str]:
    """What a terminal shows of a run, each line no wider than it."""
    lines = [
        f"{course.title}: {course.kind.replace('_', ' ')} on {course.target}, {course.status.replace('_', ' ')}",
        f"{bar(course.share)} {course.share:4.0%}  {course.done} of {course.total} statements, {duration(course.seconds)}",
    ]
    if course.statement:
        lines.append(f"  {course.statement}")
    if course.detail:
        lines.append(f"  {bar(course.detail_share)} {course.detail}" if course.detail_share is not None else f"  {course.detail}")
    lines += [f"  {name}: {text}" for name, text in (("waits for", course.waits_for), ("keeps waiting", course.keeps_waiting)) if text]
    if course.figures:
        lines.append(f"  {', '.join(course.figures)}")
    lines += [f"  ! {text}" for text in course.undecided]
    if course.ended or course.status in ("paused", "indeterminate"):
        lines += [f"  {text}" for text in (course.message, course.next) if text]
    return [line if len(line) < columns else f"{line[: columns - 2]}…" for line in lines]


def bar(share: float) -> str:
    full = round(WIDTH * max(0.0, min(1.0, share)))
    return f"[{'█' * full}{'░' * (WIDTH - full)}]"


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
