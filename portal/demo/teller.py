"""How the story looks: a line or two for each act, under the number and name of its stage, with the time that it took."""

import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from governance.lifecycle import Stage

WIDTH = 118
LABEL = 33  # number and name of a stage
MARGIN = " " * (LABEL + 11)


@dataclass
class Teller:
    say: Callable[[str], None]
    heading: Callable[[str], str] = str  # makes the name of a stage stand out
    stage: Stage | None = None
    told: set[Stage] = field(default_factory=set)
    since: float = field(default_factory=time.monotonic)

    def at(self, stage: Stage) -> None:
        """What is told next belongs to this stage."""
        self.stage = stage

    def tell(self, what: str) -> None:
        """An act that has just ended."""
        now = time.monotonic()
        self._write(f"{now - self.since:7.2f} s  ", what)
        self.since = now

    def add(self, what: str) -> None:
        """One more sentence about the same act."""
        self._write(" " * 11, what)

    def _write(self, seconds: str, what: str) -> None:
        first, *others = textwrap.wrap(what, WIDTH - len(MARGIN), break_on_hyphens=False)
        self.say(f"{self._label()}{seconds}{first}")
        for line in others:
            self.say(MARGIN + line)

    def _label(self) -> str:
        """Only in front of a stage's first line."""
        if self.stage is None or self.stage in self.told:
            return " " * LABEL
        self.told.add(self.stage)
        return self.heading(f"{self.stage.value:>3}  {self.stage.title}".ljust(LABEL))
