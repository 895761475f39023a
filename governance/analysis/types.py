"""Which changes of a column's type PostgreSQL makes without touching a row."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from governance.facts import DomainFacts

# "numeric(10,2)", "timestamp(3) with time zone": name and modifiers, as format_type() writes them
WRITTEN = re.compile(r"^(?P<head>[^(\[]+?)(?:\((?P<modifiers>[\d,-]+)\))?(?P<tail> with(?:out)? time zone)?(?P<array>(?:\[\])*)$")
STRINGS = frozenset({"character varying", "text"})
# A longer limit, or none, fits what is there already.
LIMITED = frozenset(
    {
        "character varying",
        "bit varying",
        "time without time zone",
        "time with time zone",
        "timestamp without time zone",
        "timestamp with time zone",
        "interval",
    }
)
TIMESTAMPS = {"timestamp without time zone", "timestamp with time zone"}
OF_TIME = frozenset({"time without time zone", "time with time zone", *TIMESTAMPS})
MICROSECONDS = (6,)  # the precision that is there without saying so
NO_DOMAINS: Mapping[str, DomainFacts] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Type:
    name: str
    modifiers: tuple[int, ...] = ()
    array: str = ""


def read(written: str) -> Type:
    found = WRITTEN.match(written)
    if found is None:
        return Type(written)
    modifiers = tuple(int(part) for part in (found["modifiers"] or "").split(",") if part)
    return Type(f"{found['head']}{found['tail'] or ''}", modifiers, found["array"])


def rewrites(old: str, new: str, domains: Mapping[str, DomainFacts] = NO_DOMAINS, utc: bool = False) -> bool:
    """Whether ALTER COLUMN TYPE copies the table, by https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES

    `utc`: TimeZone is UTC, where timestamps with and without time zone are stored alike. True when in doubt: user-defined types.
    """
    if old == new:
        return False
    if new in domains and domains[new].constrained:
        return True
    was, becomes = (read(domains[name].type if name in domains else name) for name in (old, new))
    if was.array or becomes.array:
        return was != becomes
    if {was.name, becomes.name} <= STRINGS and was.name != becomes.name:
        return bool(becomes.modifiers)
    if {was.name, becomes.name} == TIMESTAMPS:
        return not utc or bool(was.modifiers or becomes.modifiers)
    if (was.name, becomes.name) == ("cidr", "inet"):
        return False
    if was.name != becomes.name:
        return True
    return was.modifiers != becomes.modifiers and not _widens(was, becomes)


def _widens(was: Type, becomes: Type) -> bool:
    if not becomes.modifiers:
        return was.name in LIMITED or was.name == "numeric"
    if not was.modifiers:
        return was.name in OF_TIME and becomes.modifiers == MICROSECONDS
    if was.name == "numeric":
        return _scale(was) == _scale(becomes) and becomes.modifiers[0] >= was.modifiers[0]
    return was.name in LIMITED and becomes.modifiers[0] >= was.modifiers[0]


def _scale(number: Type) -> int:
    return number.modifiers[1] if len(number.modifiers) > 1 else 0
