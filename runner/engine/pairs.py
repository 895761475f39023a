"""A folder of scripts, as forward scripts and the rollbacks that belong to them; the names of four tools are understood."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from governance.errors import BadInput, DuplicateVersion
from governance.versions import version_key


class Part(StrEnum):
    FORWARD = "forward"
    ROLLBACK = "rollback"


# Ours and Flyway's (R before U: what is written for a rollback is not an undo script), golang-migrate's, diesel's.
_NAMES: tuple[tuple[re.Pattern[str], Part], ...] = tuple(
    (re.compile(pattern), part)
    for pattern, part in (
        (r"V(?P<version>\d[\d._]*?)__(?P<description>[^/]+)\.sql", Part.FORWARD),
        (r"R(?P<version>\d[\d._]*?)__(?P<description>[^/]+)\.sql", Part.ROLLBACK),
        (r"U(?P<version>\d[\d._]*?)__(?P<description>[^/]+)\.sql", Part.ROLLBACK),
        (r"(?P<version>\d+)_(?P<description>[^/]+)\.up\.sql", Part.FORWARD),
        (r"(?P<version>\d+)_(?P<description>[^/]+)\.down\.sql", Part.ROLLBACK),
        (r"(?P<version>\d[\d-]*)_(?P<description>[^/]+)/up\.sql", Part.FORWARD),
        (r"(?P<version>\d[\d-]*)_(?P<description>[^/]+)/down\.sql", Part.ROLLBACK),
    )
)


@dataclass(frozen=True, slots=True)
class Pair:
    version: str  # as written in the name
    description: str  # with spaces
    forward: Path
    rollback: Path | None

    @property
    def key(self) -> tuple[int, ...]:
        return order_of(self.version)


@dataclass(frozen=True, slots=True)
class _Named:
    rank: int  # of the kind of name: the first that is there counts
    part: Part
    version: str
    description: str
    path: Path


def order_of(version: str) -> tuple[int, ...]:
    """Flyway's order of versions; also for dates with hyphens.

    Raises:
        BadInput: it is no version at all.
    """
    if not re.fullmatch(r"\d+([._-]\d+)*", version):
        raise BadInput(f"{version!r} is not a version. Write it as in the script's name, for example 20250401_1432.")
    return version_key(version.replace("-", "."))


def read_folder(folder: Path) -> tuple[Pair, ...]:
    """In the order of their versions. What follows none of the names is left alone.

    Raises:
        BadInput: there is no such folder, no forward script in it, or a script that is no text.
        DuplicateVersion: two forward scripts have one version.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder. Name the one that holds the V…sql and R…sql scripts.")
    forward: dict[tuple[int, ...], _Named] = {}
    rollbacks: dict[tuple[int, ...], list[_Named]] = defaultdict(list)
    for named in _named(folder):
        key = order_of(named.version)
        if named.part is Part.ROLLBACK:
            rollbacks[key].append(named)
        elif key in forward:
            raise DuplicateVersion(named.path.name, named.version, forward[key].path.name)
        else:
            forward[key] = named
    if not forward:
        raise BadInput(f"{folder} holds no forward script. Name them V<version>__<description>.sql, their rollbacks R<version>__….sql.")
    pairs = tuple(_pair(forward[key], rollbacks[key]) for key in sorted(forward))
    for pair in pairs:
        _refuse_no_text(pair.forward, pair.rollback)
    return pairs


def _refuse_no_text(*paths: Path | None) -> None:
    """The server would read a script as far as its first NUL, and nobody would notice that the rest was never run."""
    for path in filter(None, paths):
        if b"\0" in path.read_bytes():
            raise BadInput(f"{path} has a NUL character, so it is no SQL, or is written in UTF-16. Save it as UTF-8.")


def _named(folder: Path) -> Iterator[_Named]:
    for path in sorted(folder.rglob("*.sql")):
        name = path.relative_to(folder).as_posix()
        for rank, (pattern, part) in enumerate(_NAMES):
            if found := re.search(rf"(?:^|/){pattern.pattern}$", name):
                yield _Named(rank, part, found["version"].strip("._"), found["description"].replace("_", " "), path)
                break


def _pair(forward: _Named, rollbacks: list[_Named]) -> Pair:
    rollback = min(rollbacks, key=lambda named: named.rank, default=None)
    return Pair(forward.version, forward.description, forward.path, rollback.path if rollback else None)
