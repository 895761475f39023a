"""Values of one column as text: many to choose from, or as many different ones as there are rows."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from random import Random

from runner.engine.synthesis import numbers
from runner.engine.synthesis.checks import Limits
from runner.engine.synthesis.patterns import made
from runner.engine.synthesis.tables import Column, Type
from runner.engine.synthesis.vocabulary import Vocabulary

CHOICES = 1000  # different values of one column, unless they have to be unique
ENOUGH = 20  # words that pass a column's patterns, so that no others have to be made
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
TEXT = frozenset({"text", "varchar", "bpchar", "name", "citext", "char"})
_FORMS = (
    "code",
    "country_code",
    "hex",
    "email",
    "url",
    "postal_code",
    "phone",
    "version",
    "color",
    "slug",
)  # for checks that words of the column do not meet
Draw = Callable[[Random], str]


class NoValues(Exception):
    """Nothing can be made for a column; the message says why."""


def choices(column: Column, table: str, limits: Limits, words: Vocabulary, random: Random) -> list[str]:
    """Values that may repeat."""
    if limits.values is not None:
        found = [value for value in limits.values if value not in limits.excluded]
    elif column.type.base in TEXT:
        known = [*words.words(column.name, table), *(word for kind in _FORMS if limits.tried or limits.patterns for word in words.of(kind))]
        found = [fitted(word, column.type, limits, random) for word in known]
        found = _matching(found, column.type, limits, random) if limits.patterns else found
    else:
        draw = _drawer(column.type, column.name, limits)
        found = [draw(random) for _ in range(CHOICES)]
    found = [value for value in dict.fromkeys(found) if value not in limits.excluded]
    if not found:
        raise NoValues(f"no value of {column.name} passes its checks")
    return found


def serial(column: Column, table: str, limits: Limits, words: Vocabulary, random: Random, first: int, count: int) -> list[str]:
    """So many different values; the same `first` gives the same ones. Fewer where the type has no more."""
    kind, base = column.type, column.type.base
    if limits.values is not None or base in ("bool", "enum"):
        every = list(limits.values or (("false", "true") if base == "bool" else kind.labels))
        random.shuffle(every)
        return every[:count]
    if base in numbers.NUMBERS:
        return numbers.serial(kind, limits, first, count)
    if base in ("date", "timestamp", "timestamptz"):
        return numbers.serial_times(kind, limits, first, count)
    if base == "uuid":
        return [_uuid(random) for _ in range(count)]
    if base in TEXT:
        numbered = _serial_words(column, table, limits, words, first, count)
        if all(pattern.accepts(word) for pattern in limits.patterns for word in numbered):
            return numbered
        return list(dict.fromkeys(made(limits.patterns, range(first - 1, first - 1 + count), _fits(kind, limits))))
    draw = _drawer(kind, column.name, limits)
    return list(dict.fromkeys(draw(random) for _ in range(count)))


def fitted(word: str, kind: Type, limits: Limits, random: Random) -> str:
    """As long as type and checks allow."""
    longest = min(filter(None, (kind.length, limits.longest)), default=None)
    shortest = max(limits.shortest, kind.length or 0 if kind.base == "bpchar" and (kind.length or 0) <= 4 else 0)
    if len(word) < shortest:
        word += "".join(random.choices(DIGITS, k=shortest - len(word)))
    return word[:longest].strip() or "x" * max(1, shortest)


def _matching(known: Sequence[str], kind: Type, limits: Limits, random: Random) -> list[str]:
    """Words that pass all patterns; where hardly any does, texts that are made for them. If there are none, the words have to be tried."""
    found = [word for word in known if all(pattern.accepts(word) for pattern in limits.patterns)]
    if len(set(found)) >= ENOUGH:
        return found
    numbers = (random.randrange(limits.patterns[0].count) for _ in range(2 * CHOICES))
    return [*found, *islice(made(limits.patterns, numbers, _fits(kind, limits)), CHOICES)] or list(known)


def _fits(kind: Type, limits: Limits) -> Callable[[str], bool]:
    """Whether a text is neither too short nor too long."""
    longest = min(filter(None, (kind.length, limits.longest)), default=10_000)
    return lambda text: limits.shortest <= len(text) <= longest


def _serial_words(column: Column, table: str, limits: Limits, words: Vocabulary, first: int, count: int) -> list[str]:
    """A word with a number behind it; where that is too long, the number alone."""
    known = words.words(column.name, table)
    longest = min(filter(None, (column.type.length, limits.longest)), default=10_000)
    width = max(limits.shortest, 1)
    if longest < 16:
        return [
            _short(number, min(longest, max(width, len(_short(first + count, 1)))))
            for number in range(first, min(first + count, 36**longest))
        ]
    room = max(len(str(first + count)), width - min(map(len, known)))
    cut = [_parts(word, longest - room) for word in known]
    many = len(cut)
    return [
        f"{cut[number % many][0]}{number:0{room}d}{cut[number % many][1]}"
        if room > 9
        else f"{cut[number % many][0]}{number}{cut[number % many][1]}"
        for number in range(first, first + count)
    ]


def _parts(word: str, room: int) -> tuple[str, str]:
    """Before and behind the number: a name or an address keeps its end."""
    name, at, domain = word.partition("@")
    return (name[: max(0, room - len(domain) - 1)], at + domain) if at else (word[:room], "")


def _short(number: int, width: int) -> str:
    digits = ""
    while number or len(digits) < width:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits[-max(width, 1) :]


def _drawer(kind: Type, name: str, limits: Limits) -> Draw:
    base = kind.base
    if base in numbers.NUMBERS:
        return numbers.drawer(kind, name, limits)
    if base in ("date", "timestamp", "timestamptz"):
        return numbers.times(kind, name, limits)
    if base == "enum" and not kind.labels:
        raise NoValues(f"the type {kind.name} has no values")
    if base == "enum":
        return partial(_one_of, kind.labels)
    if base == "array":
        return partial(_array, _drawer(kind.inner[0], name, Limits()))
    if base in ("range", "multirange"):
        return partial(_range, kind.inner[0], name, base == "multirange")
    if base == "composite":
        return partial(_composite, [_drawer(inner, name, Limits()) for inner in kind.inner])
    if base in TEXT:
        return partial(_word, kind)
    if base in ("bit", "varbit"):
        return partial(_bits, kind.length or (1 if base == "bit" else 8))
    if base == "vector":
        return partial(_vector, kind.length or 3)
    if base not in _SIMPLE:
        raise NoValues(f"nothing is known about values of type {kind.name}")
    return _SIMPLE[base]


def _one_of(values: Sequence[str], random: Random) -> str:
    return random.choice(values)


def _word(kind: Type, random: Random) -> str:
    return "".join(random.choices(DIGITS[10:], k=min(kind.length or 6, 6)))


def _uuid(random: Random) -> str:
    """Version 4: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-4"""
    bits = random.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62) | 0x4 << 76 | 0x2 << 62
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _array(draw: Draw, random: Random) -> str:
    return "{" + ",".join(_quoted(draw(random)) for _ in range(random.randint(1, 3))) + "}"


def _composite(draws: Sequence[Draw], random: Random) -> str:
    return "(" + ",".join(_quoted(draw(random)) for draw in draws) + ")"


def _quoted(value: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def _range(inner: Type, name: str, several: bool, random: Random) -> str:
    low, high = numbers.interval(inner, name, random)
    found = f"[{low},{high})"
    return f"{{{found}}}" if several else found


def _bits(length: int, random: Random) -> str:
    return f"{random.getrandbits(length):0{length}b}"


def _vector(length: int, random: Random) -> str:
    return "[" + ",".join(f"{random.uniform(-1, 1):.4f}" for _ in range(length)) + "]"


def _point(random: Random) -> str:
    return f"({random.randint(0, 99)},{random.randint(0, 99)})"


def _points(random: Random) -> str:
    return f"({_point(random)},{_point(random)},{_point(random)})"


def _json(random: Random) -> str:
    return f'{{"id": {random.randint(1, 9999)}, "tag": "{_word(Type("text", "text"), random)}"}}'


_SIMPLE: dict[str, Draw] = {
    "bool": lambda random: random.choice(("true", "false")),
    "uuid": _uuid,
    "json": _json,
    "jsonb": _json,
    "bytea": lambda random: "\\x" + random.randbytes(12).hex(),
    "time": lambda random: f"{random.randrange(24):02}:{random.randrange(60):02}:00",
    "timetz": lambda random: f"{random.randrange(24):02}:{random.randrange(60):02}:00+00",
    "interval": lambda random: f"{random.randint(1, 90)} days",
    "inet": lambda random: f"198.51.100.{random.randint(1, 254)}",  # RFC 5737: for documentation
    "cidr": lambda random: f"198.51.100.{random.randrange(0, 256, 4)}/30",
    "macaddr": lambda random: "02:" + ":".join(f"{random.randrange(256):02x}" for _ in range(5)),
    "macaddr8": lambda random: "02:" + ":".join(f"{random.randrange(256):02x}" for _ in range(7)),
    "point": _point,
    "lseg": lambda random: f"({_point(random)},{_point(random)})",
    "box": lambda random: f"({_point(random)},{_point(random)})",
    "path": _points,
    "polygon": _points,
    "line": lambda random: f"{{1,-1,{random.randint(0, 99)}}}",
    "circle": lambda random: f"<{_point(random)},{random.randint(1, 9)}>",
    "tsvector": lambda random: f"{_word(Type('text', 'text'), random)} {_word(Type('text', 'text'), random)}",
    "tsquery": lambda random: _word(Type("text", "text"), random),
    "xml": lambda random: f"<item>{random.randint(1, 999)}</item>",
    "pg_lsn": lambda random: f"0/{random.getrandbits(28):X}",
    "hstore": lambda random: f'"tag"=>"{_word(Type("text", "text"), random)}"',
    "ltree": lambda random: f"top.{_word(Type('text', 'text'), random)}",
}
