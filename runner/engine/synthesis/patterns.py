"""Texts that a regular expression or a LIKE pattern of a CHECK accepts, by number: the same number gives the same text.

What is read is the part of PostgreSQL's advanced regular expressions that needs no memory; anything else is left to trial.
https://www.postgresql.org/docs/current/functions-matching.html#POSIX-SYNTAX-DETAILS
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from runner.engine.synthesis.automaton import Automaton
from runner.engine.synthesis.texts import Anchor, Choice, Part, Repeated, Row, Text

LOWER, UPPER, DIGIT = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
OTHERS = " -_.,:;/@#+*=%&!?()[]{}<>'\"|~^$`\\"
ANY = LOWER + DIGIT
CLASSES = {
    "alpha": LOWER + UPPER,
    "digit": DIGIT,
    "alnum": LOWER + DIGIT + UPPER,
    "lower": LOWER,
    "upper": UPPER,
    "space": " ",
    "blank": " ",
    "punct": OTHERS.strip(),
    "xdigit": DIGIT + "abcdefABCDEF",
    "word": LOWER + DIGIT + UPPER + "_",
}
ESCAPES = {"d": CLASSES["digit"], "w": CLASSES["word"], "s": CLASSES["space"]}
REPEATED = re.compile(r"\{(?P<least>\d+)(?P<open>,)?(?P<most>\d+)?\}")
SPECIAL = "()[]{}|*+?.^$\\"
MORE = 5  # so much longer than it has to be what may be of any length becomes
LONGEST = 255  # repetitions that PostgreSQL allows
LARGEST, DEEPEST = 2000, 50  # parts, counted as often as they are repeated; characters; groups in groups
STEPS = (7919, 104_729, 1)


class NotUnderstood(Exception):
    """The expression has something that is not read here."""


@dataclass(frozen=True)
class Pattern:
    part: Part
    matching: Automaton

    @property
    def count(self) -> int:
        return self.part.count

    def nth(self, number: int) -> str:
        return self.part.nth(number % self.count)

    def accepts(self, text: str) -> bool:
        return self.matching.accepts(text)


def of_regex(text: str, *, any_case: bool = False) -> Pattern:
    """Raises NotUnderstood."""
    if text.startswith("(?i)"):
        text, any_case = text[4:], True
    if len(text) > LARGEST:
        raise NotUnderstood("an expression of such a length")
    reader = _Reader(text)
    part = reader.alternatives()
    if reader.rest:
        raise NotUnderstood(text)
    return Pattern(part, Automaton(part, re.DOTALL | re.ASCII | (re.IGNORECASE if any_case else re.NOFLAG)))


def of_like(text: str, *, any_case: bool = False) -> Pattern:
    """Raises NotUnderstood."""
    return of_regex(f"^{''.join(_like(text))}$", any_case=any_case)


def _like(text: str) -> Iterator[str]:
    characters = iter(text)
    for character in characters:
        match character:
            case "%" | "_":
                yield {"%": ".*", "_": "."}[character]
            case "\\":
                yield _quoted(next(characters, "\\"))
            case _:
                yield _quoted(character)


def _quoted(character: str) -> str:
    return f"\\{character}" if character in SPECIAL else character


class _Reader:
    """Reads from left to right."""

    def __init__(self, text: str) -> None:
        self.rest, self._depth = text, 0
        if text.startswith("***"):
            raise NotUnderstood(text)

    def alternatives(self) -> Part:
        branches = [self._branch()]
        while self._take("|"):
            branches.append(self._branch())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _branch(self) -> Row:
        parts: list[Part] = [Anchor(at_end=False)] if self._take("^") else []
        while self.rest and self.rest[0] not in "|)":
            if self._take("$"):
                parts.append(Anchor(at_end=True))
                if self.rest and self.rest[0] not in "|)":
                    raise NotUnderstood(self.rest)
            else:
                parts.append(self._repeated(self._atom()))
        return Row(tuple(parts))

    def _atom(self) -> Part:
        if self._take("("):
            return self._group()
        if self._take("["):
            return self._set()
        if self._take("."):
            return Text(ANY, ".")
        if self._take("\\"):
            return self._escape()
        character = self._next()
        if character in "*+?{^":
            raise NotUnderstood(character)
        return Text(character, re.escape(character))

    def _group(self) -> Part:
        if self.rest.startswith("?") and not self.rest.startswith("?:"):
            raise NotUnderstood(self.rest)
        self.rest = self.rest.removeprefix("?:")
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotUnderstood("groups in groups")
        inner = self.alternatives()
        if not self._take(")"):
            raise NotUnderstood(self.rest)
        self._depth -= 1
        return inner

    def _escape(self) -> Part:
        character = self._next()
        if character.lower() in ESCAPES:
            known = ESCAPES[character.lower()]
            return Text(known if character.islower() else _without(known), f"\\{character}")
        if character.isalnum():
            raise NotUnderstood(character)
        return Text(character, re.escape(character))

    def _set(self) -> Part:
        negated = self._take("^")
        found = list(self._members())
        characters = "".join(dict.fromkeys("".join(found)))
        chosen = _without(characters) if negated else characters
        if not chosen:
            raise NotUnderstood("an empty set")
        return Text(chosen, f"[{'^' if negated else ''}{re.escape(characters)}]")

    def _members(self) -> Iterator[str]:
        first = True
        while first or not self.rest.startswith("]"):
            first = False
            if self.rest.startswith("[:"):
                name, end, self.rest = self.rest[2:].partition(":]")
                if not end or name not in CLASSES:
                    raise NotUnderstood(name)
                yield CLASSES[name]
            elif self.rest.startswith(("[.", "[=")):
                raise NotUnderstood(self.rest)
            else:
                yield self._member()
        self._take("]")

    def _member(self) -> str:
        low = self._next()
        if low == "\\":
            low = self._next()
            if low in ESCAPES:
                return ESCAPES[low]
            if low.isalnum():
                raise NotUnderstood(low)
        if not self.rest.startswith("-") or self.rest.startswith("-]"):
            return low
        self._take("-")
        high = self._next()
        if high in "\\[" or not ord(low) <= ord(high) <= ord(low) + LONGEST:
            raise NotUnderstood(high)
        return "".join(map(chr, range(ord(low), ord(high) + 1)))

    def _repeated(self, part: Part) -> Part:
        least, most, sign = self._quantity()
        if not sign:
            return part
        self._take("?")  # as few as possible: the same texts
        if self.rest.startswith(("*", "+", "?", "{")):
            raise NotUnderstood(self.rest)
        repeated = Repeated(part, least, most, sign in ("*", "+") or sign.endswith(",}"))
        if repeated.size > LARGEST:
            raise NotUnderstood("repetitions of repetitions")
        return repeated

    def _quantity(self) -> tuple[int, int, str]:
        for sign, least, most in (("*", 0, MORE), ("+", 1, 1 + MORE), ("?", 0, 1)):
            if self._take(sign):
                return least, most, sign
        if not (found := REPEATED.match(self.rest)):
            return 1, 1, ""
        self.rest = self.rest[found.end() :]
        least = int(found["least"])
        most = int(found["most"]) if found["most"] else least + MORE if found["open"] else least
        if not least <= most <= LONGEST:
            raise NotUnderstood(found[0])
        return least, most, found[0]

    def _take(self, sign: str) -> bool:
        found = self.rest.startswith(sign)
        self.rest = self.rest[len(sign) :] if found else self.rest
        return found

    def _next(self) -> str:
        if not self.rest:
            raise NotUnderstood("it ends too early")
        character, self.rest = self.rest[0], self.rest[1:]
        return character


def _without(characters: str) -> str:
    """All others; of those that people write in words, if there are any."""
    plain, rest = ("".join(each for each in several if each not in characters) for several in (ANY, UPPER + OTHERS))
    return plain or rest


def made(patterns: Sequence[Pattern], numbers: Iterable[int], fits: Callable[[str], bool]) -> Iterator[str]:
    """Texts of the first pattern by their numbers, which the others accept as well. Neighbours do not look alike."""
    first = patterns[0]
    step = next(prime for prime in STEPS if first.count % prime)
    for number in numbers:
        text = first.nth(number * step)
        if fits(text) and all(pattern.accepts(text) for pattern in patterns):
            yield text
