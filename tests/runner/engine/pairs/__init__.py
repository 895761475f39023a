"""Pairs of scripts with the verdict that each has to get: `--- description | verdict | column rows`, forward, `--- back`, rollback."""

import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("pairs.sql")


@dataclass(frozen=True)
class Expected:
    number: int
    description: str
    verdict: str
    lost: tuple[str, int] | None
    forward: str
    rollback: str | None

    @property
    def forward_name(self) -> str:
        return f"V{self.number}__{self.description.replace(' ', '_')}.sql"

    @property
    def rollback_name(self) -> str:
        return f"R{self.number}__rollback_{self.description.replace(' ', '_')}.sql"


def expected() -> list[Expected]:
    _, *sections = re.split(r"^--- (?!back$)", FILE.read_text(), flags=re.MULTILINE)
    return [_expected(number, section) for number, section in enumerate(sections, 1)]


def write(pairs: list[Expected], folder: Path) -> Path:
    for pair in pairs:
        (folder / pair.forward_name).write_text(pair.forward)
        if pair.rollback is not None:
            (folder / pair.rollback_name).write_text(pair.rollback)
    return folder


def _expected(number: int, section: str) -> Expected:
    title, _, text = section.partition("\n")
    description, verdict, *lost = (part.strip() for part in title.split("|"))
    forward, back, rollback = text.partition("--- back\n")
    return Expected(number, description, verdict, _lost(lost[0]) if lost else None, forward, rollback if back else None)


def _lost(text: str) -> tuple[str, int]:
    column, rows = text.split()
    return column, int(rows)
