"""From the paths that somebody names to texts, and to which of them belong together."""

import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from governance.orders import ScriptKind
from governance.values import dataclass

STDIN = "-"
HERE = os.path.join(os.curdir, "")
NUMBER = re.compile(r"(\d+)")
# Flyway's U1__x.sql and our R20260101_0900__x.sql undo a version; Flyway's R__x.sql is repeatable and undoes nothing.
UNDOING = re.compile(r"^(?:[ur]\d.*__.*|(?:.*[._-])?(?:down|undo|revert|rollback))\.sql$", re.IGNORECASE)
UNDOING_FOLDERS = frozenset({"down", "revert", "rollback", "rollbacks", "undo"})
CHECKING = re.compile(r"^c\d{8}_\d{4}__checks.*\.sql$", re.IGNORECASE)
PAIRED_FOLDERS = UNDOING_FOLDERS | {"up", "deploy", "verify"}
VERSIONED = re.compile(r"^[vur](\d[\d._]*?)__.*$", re.IGNORECASE)
DIRECTION = re.compile(r"(?:^|[._-])(?:up|down|do|undo|deploy|revert|forward|rollback)$", re.IGNORECASE)
# What dbmate, goose and sql-migrate write between the two directions of one file.
SECTION = re.compile(r"^--\s*(?:migrate:|\+goose\s+|\+migrate\s+)(?P<way>up|down)\b.*$", re.IGNORECASE | re.MULTILINE)
NOT_BLANK = re.compile(r"[^\n]")
MARKS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


class NoSuchPath(Exception):
    """A path that was named is not there, or holds no script."""


@dataclass(frozen=True, slots=True)
class Source:
    path: str  # as it was named
    content: bytes | str  # or where it is: each process reads the files that it judges

    def read(self) -> bytes:
        """Raises OSError."""
        if isinstance(self.content, bytes):
            return self.content
        try:
            with open(self.content, "rb", buffering=0) as file:
                return file.read()
        except OSError as error:
            error.filename = self.path  # which reading alone does not tell
            raise


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a file that goes one way; what belongs to the other way is blank."""

    path: str
    name: str  # the path, or which part of it
    kind: ScriptKind
    text: str


@dataclass(frozen=True, slots=True)
class NotText:
    """Why a file cannot be read as text."""

    message: str
    line: int


def sources(paths: Iterable[str], stdin: BinaryIO) -> Iterator[Source]:
    """Raises NoSuchPath."""
    for name in paths:
        if name == STDIN:
            yield Source("<stdin>", stdin.read())
            continue
        path = str(Path(name))
        if not os.path.exists(path):
            raise NoSuchPath(f"There is no {name}. Name files, folders, or - for standard input.")
        found = sorted(_scripts_in(path), key=_natural) if os.path.isdir(path) else [path]
        if not found:
            raise NoSuchPath(f"The folder {name} holds no .sql file.")
        yield from (Source(_in_unicode(file), file) for file in found)


def _scripts_in(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _scripts_in(entry.path)
            elif entry.name.lower().endswith(".sql") and entry.is_file():
                yield entry.path.removeprefix(HERE)


def _in_unicode(path: str) -> str:
    r"""A name in another encoding is told with \xff, since what is written out is UTF-8."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def _natural(path: str) -> tuple[list[list[str | int]], str]:
    """V2 before V10."""
    return [in_numbers(name) for name in path.split(os.sep)], path


@lru_cache(maxsize=4096)  # the folders of many files are the same
def in_numbers(name: str) -> list[str | int]:
    """Text and numbers in turns."""
    parts: list[str | int] = [*NUMBER.split(name)]
    parts[1::2] = map(int, parts[1::2])
    return parts


def text_of(source: Source) -> str | NotText:
    """Raises OSError."""
    data = source.read()
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return NotText(f"The file is {encoding}, not UTF-8, which is what PostgreSQL's clients send.", 1)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return NotText(f"The file is not UTF-8: byte 0x{data[error.start]:02x} in line {line} belongs to another encoding.", line)


def sections(path: str, text: str) -> tuple[Section, ...]:
    """One for each direction in the file; usually it has one."""
    marks = [(match.start(), match["way"].lower()) for match in SECTION.finditer(text)]
    if not marks:
        return (Section(path, path, _kind(path), text),)
    ends = [start for start, _ in marks[1:]] + [len(text)]
    ways = {"up": ScriptKind.FORWARD, "down": ScriptKind.ROLLBACK}
    parts = {way: [(start, end) for (start, found), end in zip(marks, ends, strict=True) if found == way] for way in ways}
    return tuple(Section(path, f"{path} ({way})", ways[way], _only(text, spans)) for way, spans in parts.items() if spans)


def _only(text: str, spans: list[tuple[int, int]]) -> str:
    kept, done = [], 0
    for start, end in spans:
        kept += [NOT_BLANK.sub(" ", text[done:start]), text[start:end]]
        done = end
    return "".join([*kept, NOT_BLANK.sub(" ", text[done:])])


def _kind(path: str) -> ScriptKind:
    folder, _, name = path.rpartition(os.sep)
    if CHECKING.match(name):
        return ScriptKind.CHECK
    undoing = UNDOING.match(name) or folder.rpartition(os.sep)[2].lower() in UNDOING_FOLDERS
    return ScriptKind.ROLLBACK if undoing else ScriptKind.FORWARD


def together(found: Iterable[Section]) -> tuple[tuple[Section, ...], ...]:
    """Forward scripts with what undoes them; whatever has no partner stands alone."""
    found = tuple(found)
    if len(found) < 2:
        return (found,) if found else ()
    groups: dict[tuple[str, str], list[Section]] = {}
    for section in found:
        groups.setdefault(_change_of(section.path), []).append(section)
    return tuple(group for sections in groups.values() for group in _pairs(sections))


def by_change(found: Iterable[Source]) -> tuple[tuple[Source, ...], ...]:
    """Files by their names: only those with one key can be `together`."""
    groups: dict[tuple[str, str], list[Source]] = {}
    for source in found:
        groups.setdefault(_change_of(source.path), []).append(source)
    return tuple(map(tuple, groups.values()))


def _change_of(path: str) -> tuple[str, str]:
    """Folder and name without what says the direction."""
    folder, _, name = path.rpartition(os.sep)
    above, _, last = folder.rpartition(os.sep)
    stem = os.path.splitext(name)[0]
    versioned = VERSIONED.match(stem)
    return above if last.lower() in PAIRED_FOLDERS else folder, f"version {versioned[1]}" if versioned else DIRECTION.sub("", stem)


def _pairs(found: list[Section]) -> Iterator[tuple[Section, ...]]:
    kinds = [section.kind for section in found]
    if kinds.count(ScriptKind.FORWARD) == 1 and kinds.count(ScriptKind.ROLLBACK) <= 1 and len(kinds) == len(set(kinds)):
        yield tuple(found)
    else:
        yield from ((section,) for section in found)
