"""The time line of everything that happened, refusals included: read page by page, from the newest."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from governance.audit import System
from governance.models import AuditEvent
from governance.pages.values import person_name

PAGE = 50
SHOWN = 200  # characters of a value; the rest is in its title
ACTORS = {
    System.RUNNER: "The runner", System.CLOCK: "The clock", System.MIGRATIONS: "An upgrade", System.FIXTURES: "The set-up",
}  # fmt: skip
# What the kinds of a group begin with.
KINDS = {
    "Changes": ("spec.", "script.", "phase.", "evidence.", "refused.submit", "refused.edit", "refused.add_evidence", "refused.cancel"),
    "Analyses and rehearsals": ("analysis.", "observation.", "observe.", "rehears", "refused.request"),
    "Approvals": ("approval.", "refused.approve", "refused.reject"),
    "Bookings and windows": ("booking.", "window.", "refused.book"),
    "Runs": ("run.", "refused.start", "refused.run", "refused.roll_back", "refused.control", "refused.resume"),
    "Emergencies": ("emergency.", "refused.break_glass", "refused.end_emergency"),
    "Policy, delegations and templates": (
        "policy.", "delegation.", "template.", "refused.draft_policy", "refused.approve_policy", "refused.drop_policy", "refused.delegate",
        "refused.revoke_delegation", "refused.write_template", "refused.use_template", "refused.suspend_template",
        "refused.lift_suspension",
    ),
    "Reading and exports": ("read.", "export."),
    "Reviews and comments": ("review.", "followup.", "comment.", "refused.review"),
    "Set-up": (
        "portal.", "target.", "environment.", "domain", "consideration.", "release.", "matrixentry.", "user.", "apitoken.", "token.",
        "refused.save_record", "refused.delete_record",
    ),
}  # fmt: skip
# How an event looks, by the end of its kind.
LOOKS = (
    (re.compile(r"^refused\."), "g-no", "bad"),
    (re.compile(r"\.(approved|succeeded|done|closed|passed)$"), "g-ok", "ok"),
    (re.compile(r"\.(void|rollback|rolled_back|abandon|pause|stop|indeterminate)$"), "g-warn", "warn"),
    (re.compile(r"\.(rejected|failed\w*|cancel|delete)$"), "g-no", "bad"),
    (re.compile(r"\.(edit|change|stage|submit|add)$"), "i-change", ""),
    (re.compile(r"^booking\."), "g-clock", ""),
    (re.compile(r"^run\."), "i-run", ""),
)
NUMBER = re.compile(r"(?:CHG-)?(\d+)", re.IGNORECASE)
DIGEST, UUID = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COUNTED = {"Refusals": "refused.", "Approvals": "approval.approved", "Runs asked for": "run.deploy", "Edits": "script.edit"}
ROUTINE = ("observation.request", "observe.claim", "observation.done")  # several a minute where there are many targets
CHANGED = {"script.edit": "Checksum"}  # what before and after are of
TOLD = frozenset({"phase.stage"})  # kinds whose sentence says what was and is
INNER = frozenset({"id"})  # names of rows, which nobody knows them by


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; what cannot be read is not asked for."""

    since: date | None = None
    until: date | None = None
    actor: str = ""
    kind: str = ""
    subject: str = ""
    text: str = ""
    refused: bool = False
    readings: bool = False
    before: int | None = None
    after: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Wanted":
        subject = given.get("subject", "").strip()
        number = NUMBER.fullmatch(subject)
        return cls(
            since=_date(given.get("since", "")),
            until=_date(given.get("until", "")),
            actor=given.get("actor", ""),
            kind=given.get("kind", "") if given.get("kind") in KINDS else "",
            subject=f"CHG-{number[1]}" if number else subject,
            text=given.get("q", "").strip(),
            refused="refused" in given,
            readings="readings" in given,
            before=_position(given.get("before", "")),
            after=_position(given.get("after", "")),
        )

    @property
    def filtered(self) -> bool:
        return any((self.since, self.until, self.sought, self.refused, self.readings))

    @property
    def sought(self) -> bool:
        """Whether something of its own is looked for, which may be a reading."""
        return any((self.actor, self.kind, self.subject, self.text))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _position(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def audit_page(wanted: Wanted) -> dict[str, Any]:
    rows, newer, older = _window(_events(wanted), wanted)
    people = {person.get_username(): person_name(person) for person in User.objects.order_by("last_name", "username")}
    names = {**people, **{str(system): name for system, name in ACTORS.items()}}
    return {
        "days": [{"date": day, "events": [_event(event, names) for event in group]} for day, group in groupby(rows, key=_day)],
        "newer": rows[0].pk if rows and newer else None,
        "older": rows[-1].pk if rows and older else None,
        "actors": list(names.items()),
        "kinds": list(KINDS),
        "wanted": wanted,
        "counts": _counts(rows),
        "shown": len(rows),
    }


def _events(wanted: Wanted) -> QuerySet[AuditEvent]:
    events = AuditEvent.objects.all()
    if not (wanted.sought or wanted.readings):
        events = events.exclude(kind__in=ROUTINE)
    if wanted.since:
        events = events.filter(at__gte=_midnight(wanted.since))
    if wanted.until:
        events = events.filter(at__lt=_midnight(wanted.until + timedelta(days=1)))
    if wanted.actor:
        events = events.filter(actor=wanted.actor)
    if wanted.kind:
        events = events.filter(_any_of(KINDS[wanted.kind]))
    if wanted.subject:
        events = events.filter(subject=wanted.subject)
    if wanted.text:
        events = events.filter(text__icontains=wanted.text)
    return events.filter(kind__startswith="refused.") if wanted.refused else events


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def _any_of(prefixes: Iterable[str]) -> Q:
    found = Q()
    for prefix in prefixes:
        found |= Q(kind__startswith=prefix)
    return found


def _window(events: QuerySet[AuditEvent], wanted: Wanted) -> tuple[list[AuditEvent], bool, bool]:
    """One page, newest first, and whether there are newer and older events. By position: what is added meanwhile moves nothing."""
    if wanted.after is not None:
        rows = list(events.filter(pk__gt=wanted.after).order_by("pk")[: PAGE + 1])
        return rows[:PAGE][::-1], len(rows) > PAGE, True
    if wanted.before is not None:
        events = events.filter(pk__lt=wanted.before)
    rows = list(events.order_by("-pk")[: PAGE + 1])
    return rows[:PAGE], wanted.before is not None, len(rows) > PAGE


def _day(event: AuditEvent) -> date:
    return localtime(event.at).date()


def _counts(events: Iterable[AuditEvent]) -> list[tuple[str, int]]:
    found = Counter(name for event in events for name, prefix in COUNTED.items() if event.kind.startswith(prefix))
    return [(name, found[name]) for name in COUNTED]


def _event(event: AuditEvent, names: Mapping[str, str]) -> dict[str, Any]:
    glyph, look = next(((glyph, look) for pattern, glyph, look in LOOKS if pattern.search(event.kind)), ("g-wait", ""))
    who = names.get(event.actor, event.actor)
    subject = next((name for name in (event.actor, who) if event.text.startswith(f"{name} ")), "")
    number = NUMBER.fullmatch(event.subject)
    return {
        "url": reverse("admin:governance_auditevent_change", args=[event.pk]),
        "at": event.at,
        "kind": event.kind,
        "glyph": glyph,
        "look": look,
        "refused": event.refused,
        "who": who,
        "verb": "" if subject else _verb(event),  # where the sentence itself does not begin with who did it
        "text": event.text.removeprefix(subject).lstrip(),
        "subject": event.subject,
        "subject_url": reverse("admin:governance_spec_change", args=[number[1]]) if number else "",
        "values": list(_values(event)),
    }


def _verb(event: AuditEvent) -> str:
    if not event.refused:
        return ":"
    return " refused:" if event.actor in ACTORS else " was refused:"


def _values(event: AuditEvent) -> Iterable[dict[str, Any]]:
    """What the event's data say: what was and is now side by side, the rest as name and value."""
    data = dict(event.data)
    before, after = data.pop("before", None), data.pop("after", None)
    for name, (was, now) in _pairs(event.kind, before, after, data.pop("difference", {})):
        if was != now:
            yield {"name": _words(name), "before": _short(was), "after": _short(now)}
    for name, value in data.items():
        if value and name not in INNER:
            yield {"name": _words(name), "value": _short(value), "url": _address(name, value)}


def _pairs(kind: str, before: Any, after: Any, difference: Mapping[str, Any]) -> Iterable[tuple[str, tuple[Any, Any]]]:
    if isinstance(before, dict) or isinstance(after, dict):
        old, new = before or {}, after or {}
        yield from ((name, (old.get(name), new.get(name))) for name in {**old, **new})
    elif kind not in TOLD and before != after:
        yield CHANGED.get(kind, "Value"), (before, after)
    yield from ((name, (was, now)) for name, (was, now) in difference.items())


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _short(value: Any) -> dict[str, str]:
    """`title`: all of it, where `text` is a part."""
    text = _text(value)
    if DIGEST.fullmatch(text):
        return {"text": text[:12], "title": text, "look": "mono"}
    if UUID.fullmatch(text):
        return {"text": text[:8], "title": text, "look": "mono"}
    return {"text": text if len(text) <= SHOWN else f"{text[:SHOWN]}…", "title": text if len(text) > SHOWN else "", "look": ""}


def _text(value: Any) -> str:
    match value:
        case None | "":
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_text, value))
        case dict():
            return ", ".join(f"{_words(key)}: {_text(inner)}" for key, inner in value.items())
    return str(value)


def _address(name: str, value: Any) -> str:
    return reverse("admin:governance_run_change", args=[value]) if name == "run" and UUID.fullmatch(str(value)) else ""
