"""Which changes of a column's type PostgreSQL makes without touching a row."""

import re
from types import MappingProxyType
from typing import Protocol

from governance.facts import DomainFacts
from governance.values import dataclass

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
    }
)
# "interval", "interval(3)", "interval day to second(3)"
INTERVAL = re.compile(r"^interval(?: (?:\w+ to )?(?P<last>\w+))?(?:\((?P<precision>\d)\))?(?P<array>(?:\[\])*)$")
FIELDS = ("second", "minute", "hour", "day", "month", "year")  # the finest first
TIMESTAMPS = {"timestamp without time zone", "timestamp with time zone"}
OF_TIME = frozenset({"time without time zone", "time with time zone", *TIMESTAMPS})
ANY_INTERVAL = (0, 6)
TEXTS = frozenset({*STRINGS, "citext"})
COERCIBLE = frozenset({("cidr", "inet"), ("xml", "text"), ("xml", "character varying"), ("bit", "bit varying")})
NUMBERS_OF_OBJECTS = frozenset({"oid", "integer"})
OBJECT_TYPES = "regclass regtype regproc regprocedure regoper regoperator regnamespace regrole regconfig regdictionary regcollation"
OBJECTS = NUMBERS_OF_OBJECTS | frozenset(OBJECT_TYPES.split())
MICROSECONDS = (6,)  # the precision that is there without saying so


class Domains(Protocol):
    def get(self, name: str, /) -> DomainFacts | None: ...


NO_DOMAINS: Domains = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Type:
    name: str
    modifiers: tuple[int, ...] = ()
    array: str = ""


def read(written: str) -> Type:
    interval = INTERVAL.match(written)
    if interval:
        finest = FIELDS.index(interval["last"] or "second")
        return Type("interval", (finest, int(interval["precision"] or MICROSECONDS[0])), interval["array"])
    found = WRITTEN.match(written)
    if found is None:
        return Type(written)
    modifiers = tuple(int(part) for part in (found["modifiers"] or "").split(",") if part)
    return Type(f"{found['head']}{found['tail'] or ''}", modifiers, found["array"])


def rewrites(old: str, new: str, domains: Domains = NO_DOMAINS, utc: bool = False) -> bool:
    """Whether ALTER COLUMN TYPE copies the table, by https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES

    `utc`: TimeZone is UTC, where timestamps with and without time zone are stored alike. True when in doubt: user-defined types.
    """
    if old == new:
        return False
    domain = domains.get(new)
    if domain and domain.constrained:
        return True
    was, becomes = (read(_below(name, domains)) for name in (old, new))
    if domains.get(old):
        was = Type(was.name, ANY_INTERVAL if was.name == "interval" else (), was.array)  # a domain's limit is forgotten before the cast
    if was.array or becomes.array:
        return _below(new, domains) != f"{was.name}{was.array}"
    if {was.name, becomes.name} <= STRINGS and was.name != becomes.name:
        return bool(becomes.modifiers)
    if {was.name, becomes.name} == TIMESTAMPS:
        return not utc or becomes.modifiers not in ((), MICROSECONDS)
    if was.name != becomes.name:
        return not _stored_alike(was.name, becomes.name) or bool(becomes.modifiers)
    return was.modifiers != becomes.modifiers and not _widens(was, becomes)


def sorts_alike(old: str, new: str, domains: Domains = NO_DOMAINS) -> bool:
    """Whether an index on the old type serves the new one: whether both have the same operator class."""
    was, becomes = (read(_below(name, domains)).name for name in (old, new))
    return was == becomes or {was, becomes} <= STRINGS or {was, becomes} == {"cidr", "inet"}


def _stored_alike(was: str, becomes: str) -> bool:
    """Of pg_cast's binary coercible pairs, those that are to be met in tables."""
    return (
        (was, becomes) in COERCIBLE or {was, becomes} <= TEXTS or ({was, becomes} <= OBJECTS and bool({was, becomes} & NUMBERS_OF_OBJECTS))
    )


def _below(name: str, domains: Domains) -> str:
    """The type at the bottom of a domain, and of the domains between."""
    seen: set[str] = set()
    while (domain := domains.get(name)) and name not in seen:
        seen.add(name)
        name = domain.type
    return name


def _widens(was: Type, becomes: Type) -> bool:
    if was.name == "interval":
        (old_field, old_precision), (field, precision) = was.modifiers, becomes.modifiers
        return old_field >= field and (old_field > 0 or precision >= old_precision)
    if not becomes.modifiers:
        return was.name in LIMITED or was.name == "numeric"
    if not was.modifiers:
        return was.name in OF_TIME and becomes.modifiers == MICROSECONDS
    if was.name == "numeric":
        return _scale(was) == _scale(becomes) and becomes.modifiers[0] >= was.modifiers[0]
    return was.name in LIMITED and becomes.modifiers[0] >= was.modifiers[0]


def _scale(number: Type) -> int:
    return number.modifiers[1] if len(number.modifiers) > 1 else 0
