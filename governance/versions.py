"""Versions: of databases (major.minor.patch), and of scripts (their names, Flyway's order and checksum).

Flyway's rules: https://documentation.red-gate.com/flyway/flyway-concepts/migrations/migration-checksums
"""

import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from governance.analysis.classify import Bump
from governance.analysis.statements import check_not_mixed, split
from governance.backfill import with_batches
from governance.errors import BadInput, BadScriptName
from governance.orders import Script, ScriptKind

PREFIXES = {ScriptKind.FORWARD: "V", ScriptKind.ROLLBACK: "R", ScriptKind.CHECK: "C"}
KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}
SCRIPT_NAME = re.compile(r"(?P<prefix>[VRC])(?P<version>\d{8}_\d{4})__(?P<description>[a-z0-9]+(?:_[a-z0-9]+)*)\.sql")
INITIAL = "1.0.0"


@dataclass(frozen=True, slots=True, order=True)
class DatabaseVersion:
    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch(r"\d+\.\d+\.\d+", text):
            raise BadInput(f"{text!r} is not a database version. Write it as major.minor.patch, for example 1.4.0.")
        return cls(*map(int, text.split(".")))

    def bumped(self, bump: Bump) -> "DatabaseVersion":
        match bump:
            case Bump.MAJOR:
                return DatabaseVersion(self.major + 1, 0, 0)
            case Bump.MINOR:
                return DatabaseVersion(self.major, self.minor + 1, 0)
            case Bump.PATCH:
                return DatabaseVersion(self.major, self.minor, self.patch + 1)
            case _:
                return self

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, slots=True)
class ScriptName:
    kind: ScriptKind
    version: str
    description: str  # with spaces

    def __str__(self) -> str:
        return f"{PREFIXES[self.kind]}{self.version}__{self.description.replace(' ', '_')}.sql"


def parse_script_name(name: str) -> ScriptName:
    """V20250401_1432__add_levels.sql and its kin.

    Raises:
        BadScriptName: with what is wrong and the name that would be right.
    """
    found = SCRIPT_NAME.fullmatch(name)
    if not found:
        raise BadScriptName(name, _what_is_wrong(name), suggest_name(name))
    try:
        datetime.strptime(found["version"], "%Y%m%d_%H%M")
    except ValueError as error:
        raise BadScriptName(name, "its version is not a date and time", suggest_name(name)) from error
    return ScriptName(KINDS[found["prefix"]], found["version"], found["description"].replace("_", " "))


def _what_is_wrong(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    if suffix != "sql":
        return "it does not end in .sql"
    if stem[:1] not in KINDS:
        return "it does not start with V (forward), R (rollback) or C (checks)"
    version, separator, description = stem[1:].partition("__")
    if not re.fullmatch(r"\d{8}_\d{4}", version):
        return "its version is not a date and time like 20250401_1432"
    if not separator or not description:
        return "two underscores and a description are missing after the version"
    return "its description has something else than small letters, digits and single underscores"


def suggest_name(name: str) -> str:
    """The nearest name that follows the rule: keeps what is usable of the given one."""
    stem = re.sub(r"\.\w*$", "", name)
    prefix = stem[:1].upper() if stem[:1].upper() in KINDS else "V"
    digits = "".join(re.findall(r"\d", stem))
    version = f"{digits[:8]}_{digits[8:12]}" if len(digits) >= 12 and _is_time(digits[:12]) else "20250401_1432"
    words = re.sub(r"^[A-Za-z]?[\d_.\-]+", "", stem) if digits else stem
    description = "_".join(re.findall(r"[a-z0-9]+", words.lower())) or "describe_the_change"
    return f"{prefix}{version}__{description}.sql"


def _is_time(digits: str) -> bool:
    try:
        datetime.strptime(digits, "%Y%m%d%H%M")
    except ValueError:
        return False
    return True


def rollback_name(forward: ScriptName) -> str:
    return str(ScriptName(ScriptKind.ROLLBACK, forward.version, f"rollback {forward.description}"))


def version_key(version: str) -> tuple[int, ...]:
    """Flyway's order: parts compared as numbers, trailing zeros dropped, so 1.0 = 1 and 1.10 > 1.9."""
    parts = [int(part) for part in re.split(r"[._](?=\d)", version)]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def script_checksum(text: str) -> int:
    """Flyway's: CRC-32 over the lines without their ends, a leading byte order mark dropped, as a signed number."""
    lines = text.removeprefix("\ufeff").replace("\r", "").replace("\n", "")
    value = zlib.crc32(lines.encode())
    return value - (1 << 32) if value >= 1 << 31 else value


def read_script(name: str, text: str) -> Script:
    """A script as a value.

    Raises:
        BadScriptName, UnparsableScript, MixedScript, BadDirective
    """
    parsed = parse_script_name(name)
    statements = with_batches(name, text, split(name, text))
    check_not_mixed(name, statements)
    return Script(parsed.kind, name, parsed.version, parsed.description, text, script_checksum(text), statements)
