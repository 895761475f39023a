"""May it go out? Yes, no or unknown, with reasons that programs can tell apart and what would mend each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from governance.matrix.clients import Presence
from governance.matrix.steps import Effect, Part, Step
from governance.matrix.verdicts import BADNESS, Cell, Compatibility, Ruling

TAKING_AWAY = frozenset({Effect.REMOVE, Effect.RENAME, Effect.RESTRUCTURE, Effect.NARROW, Effect.OPAQUE})


class Verdict(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


DEPLOYABLE: Mapping[Verdict, bool | None] = {Verdict.YES: True, Verdict.NO: False, Verdict.UNKNOWN: None}
WORDS = {
    Compatibility.FULL: Verdict.YES,
    Compatibility.PARTIAL: Verdict.YES,
    Compatibility.UNKNOWN: Verdict.UNKNOWN,
    Compatibility.NO: Verdict.NO,
}


@dataclass(frozen=True, slots=True)
class Reason:
    """`code`: the rule that says so ("R13"), or "declared", "tested", "overridden" when a person or a test does."""

    code: str
    verdict: Verdict
    text: str
    client: str = ""
    change: str = ""
    object: str = ""
    last_seen: str = ""
    way_out: str = ""

    def __str__(self) -> str:
        return f"{self.client}: {self.text}" if self.client else self.text


@dataclass(frozen=True, slots=True)
class Row:
    """A client with what it would meet."""

    client: str
    backend: str
    cell: Cell
    presence: Presence | None = None  # None: released, and so wherever its users are


@dataclass(frozen=True, slots=True)
class Answer:
    verdict: Verdict
    rows: tuple[Row, ...] = ()
    reasons: tuple[Reason, ...] = ()  # the worst first

    @property
    def deployable(self) -> bool | None:
        return DEPLOYABLE[self.verdict]

    @property
    def fixes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(reason.way_out for reason in self.reasons if reason.way_out and reason.verdict is not Verdict.YES))

    @property
    def decisive(self) -> tuple[Reason, ...]:
        """Those that made it what it is."""
        return tuple(reason for reason in self.reasons if reason.verdict is self.verdict)

    def __str__(self) -> str:
        """ "yes", or "no: …" or "unknown: …" with the clients and reasons."""
        if self.verdict is Verdict.YES:
            return "yes"
        return f"{self.verdict}: {'; '.join(map(str, self.decisive))}"


@dataclass(frozen=True, slots=True)
class Question:
    """What is to go out, and where."""

    now: datetime
    environment: str = "production"
    production: bool = True
    steps: tuple[Step, ...] = ()  # of a change; none for a client
    acknowledged: bool = False  # somebody said that nobody uses what is taken away
    older_backends: tuple[str, ...] = ()  # present releases that were made for the form before
    rollback_until: datetime | None = None  # until when the phase before could still be taken back
    before: tuple[Row, ...] = ()  # a new client with the backend that a rollback would bring back

    @property
    def takes_away(self) -> bool:
        return any(step.part is Part.CONTRACT and step.effect in TAKING_AWAY for step in self.steps)


def answer(rows: Iterable[Row], question: Question) -> Answer:
    """The worst reason decides. More rows never make a no a yes."""
    rows = tuple(rows)
    reasons = [reason for row in rows for reason in (*_of_cell(row), *_of_presence(row, question))]
    reasons += [*_of_nobody(rows, question), *_of_contract(question), *_of_rollback(question)]
    order = (Verdict.NO, Verdict.UNKNOWN, Verdict.YES)
    reasons.sort(key=lambda reason: (order.index(reason.verdict), reason.client, reason.code, reason.object))
    return Answer(reasons[0].verdict if reasons else Verdict.YES, rows, tuple(reasons))


def _of_cell(row: Row) -> Iterable[Reason]:
    cell, verdict = row.cell, WORDS[row.cell.verdict]
    if not cell.rulings:
        ask = "" if verdict is Verdict.YES else f"Test {row.client} with {row.backend}, or declare what is known of the pair."
        return [Reason(str(cell.source), verdict, cell.reason, row.client, way_out=ask)]
    return [_of_ruling(row, ruling, verdict) for ruling in cell.rulings]


def _of_ruling(row: Row, ruling: Ruling, verdict: Verdict) -> Reason:
    text = f"{ruling.change}: {ruling.text} ({ruling.subject})" if ruling.subject else f"{ruling.change}: {ruling.text}"
    return Reason(ruling.rule, verdict, text, row.client, ruling.change, ruling.subject, ruling.last_seen, ruling.way_out)


def _of_presence(row: Row, question: Question) -> Iterable[Reason]:
    """R19."""
    if row.presence is None or not row.presence.is_stale(question.now):
        return []
    since = row.presence.last_seen or row.presence.since
    text = f"whether it is still in {question.environment} is not known: last seen {since:%d %b %Y}"
    way_out = f"Observe {question.environment} again, or say that {row.client} has left it."
    return [Reason("R19", Verdict.UNKNOWN, text, row.client, last_seen=f"{since:%Y-%m-%d}", way_out=way_out)]


def _of_nobody(rows: tuple[Row, ...], question: Question) -> Iterable[Reason]:
    """R20."""
    if rows or not (question.takes_away and question.production) or question.acknowledged:
        return []
    text = f"no client is known in {question.environment}, and something would be taken away"
    way_out = "Register the clients there are, or let a person acknowledge that there are none."
    return [Reason("R20", Verdict.UNKNOWN, text, way_out=way_out)]


def _of_contract(question: Question) -> Iterable[Reason]:
    """R18, of a change: after a contract there is no way back for those who know only the old form."""
    if not question.takes_away:
        return
    for backend in question.older_backends:
        text = f"{backend} is in {question.environment} and was made for the form before"
        yield Reason("R18", Verdict.NO, text, backend, way_out=f"Replace {backend} in {question.environment} first.")
    if question.rollback_until and question.now < question.rollback_until:
        when = f"{question.rollback_until:%d %b %Y %H:%M} UTC"
        text = f"the phase before may still be rolled back, until {when}"
        yield Reason("R18", Verdict.NO, text, way_out=f"Wait until {when}.")


def _of_rollback(question: Question) -> Iterable[Reason]:
    """R18, of a client: while the last change may be taken back, it has to work without it too."""
    for row in question.before:
        verdict = WORDS[row.cell.verdict]
        if verdict is not Verdict.YES:
            text = f"a rollback would bring {row.backend} back: {row.cell.reason}"
            yield Reason("R18", verdict, text, row.client, way_out="Wait until the last change is past its rollback window.")


def worst_of(cells: Iterable[Cell]) -> Cell | None:
    return max(cells, key=lambda cell: BADNESS[cell.verdict], default=None)


def rollback_window(finished: datetime, seconds: float) -> datetime:
    return finished + timedelta(seconds=seconds)
