"""A field's value as people read it: states as shape and word, links to what is named, dates with their zone, data folded."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timezone import localtime

from governance.models import Phase, Spec

STATES = frozenset({"status", "verdict", "decision", "level"})  # fields whose value is a state, not only a word
JUDGED = frozenset({"passed", "met"})  # false is bad, not only absent
CODE = frozenset({"script.text", "step.statement", "finding.safe_form", "rehearsal.difference"})
DIGESTS = frozenset({"digest", "script_digest", "release_digest", "fingerprint", "commit"})
NAMES = {
    "spec": "Change", "phase": "Change", "other": "Needs", "at": "When", "bump": "Version step", "facts_at": "Facts of", "rank": "Order",
    "passed": "Result", "starts": "From", "ends": "To", "start": "Begins", "longest_lock": "Longest lock", "wal_bytes": "WAL, bytes",
    "said_category": "Category the author gave", "monitoring_seconds": "Monitoring, seconds", "xid": "Transaction", "other_id": "Needs",
}  # fmt: skip
EMPTY = "–"
WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def name_of(field: Any) -> str:
    verbose = str(field.verbose_name)
    return NAMES.get(field.name, verbose[:1].upper() + verbose[1:])


def pill(state: str, word: str) -> SafeString:
    """A state: shape, then word, colour last."""
    return render_to_string("_partials/pill.html", {"kind": "", "state": state, "word": word})


def risk(level: str, word: str, points: Iterable[Mapping[str, Any]] = ()) -> SafeString:
    """`points`: what it is made of, folded behind it."""
    weightiest = sorted(points, key=lambda each: -each["points"])
    return render_to_string("_partials/risk_why.html", {"risk": {"level": level, "word": word}, "points": weightiest})


def risk_of(phase: Phase, points: Iterable[Mapping[str, Any]] | None) -> dict[str, str] | None:
    """What `_partials/risk.html` draws; None before there is an analysis."""
    if not phase.risk:
        return None
    return {"level": phase.risk, "word": f"{phase.get_risk_display()} risk", "why": reasons_in_words(points or ())}


def reasons_in_words(points: Iterable[Mapping[str, Any]]) -> str:
    """Of a risk, the weightiest first."""
    return "; ".join(f"{each['reason']} ({each['points']})" for each in sorted(points, key=lambda each: -each["points"]))


def person_name(person: User | None) -> str:
    return person.get_full_name() or person.get_username() if person else "Lockgate"


def title_of(record: models.Model) -> str:
    """A name of one word stays as it is: staging_db is no sentence."""
    text = str(record)
    return capfirst(text) if " " in text else text


def address_of(record: models.Model) -> str:
    """The page of a record, "" where it has none; a phase's is that of its change."""
    if isinstance(record, Phase):
        return f"{_page_of(Spec).format(record.spec_id)}?phase={record.pk}"
    return _page_of(type(record)).format(record.pk)


@cache
def _page_of(model: type[models.Model]) -> str:
    """With {} for the key. Asked for once, since a page has hundreds of links."""
    if not admin.site.is_registered(model):
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=["KEY"]).replace("KEY", "{}")


def link_to(record: models.Model) -> SafeString | str:
    if isinstance(record, User):
        return person_name(record)
    address = address_of(record)
    return format_html('<a href="{}">{}</a>', address, record) if address else str(record)


def shown(record: models.Model, field: Any, *, linked: bool = True) -> SafeString | str:
    """One value, short enough for a row of a list; `linked`: it may hold a link itself."""
    value = getattr(record, field.name)
    if isinstance(field, models.BooleanField):
        return _truth(field.name, value)
    if value in (None, ""):
        return EMPTY
    match field:
        case models.ForeignKey():
            return link_to(value) if linked else str(value)
        case models.DateField():  # and DateTimeField
            return moment(value)
        case models.FloatField():
            return duration(value)
        case models.BigIntegerField():
            return f"{value:,}"
    if field.name in DIGESTS:
        return format_html('<span class="digest" title="{}">{}</span>', value, value[:12])
    return _word(record, field, str(value)) if field.choices else str(value)


def lock_name(mode: str) -> str:
    """AccessExclusiveLock as “access exclusive”."""
    return WORDS.sub(" ", mode.removesuffix("Lock")).lower()


def duration(seconds: float | None) -> SafeString:
    return render_to_string("_partials/duration.html", {"seconds": seconds})


def moment(value: date) -> SafeString:
    here = localtime(value) if isinstance(value, datetime) else value
    written = date_format(here, "DATETIME_FORMAT" if isinstance(value, datetime) else "DATE_FORMAT")
    return format_html('<time datetime="{}">{}</time>', here.isoformat(), written)


def time_of(value: datetime) -> SafeString:
    """As in a list, where the column says what it is of: the year only when it is another one."""
    here = localtime(value)
    written = date_format(here, "D j M, H:i" if here.year == localtime().year else "j M Y, H:i")
    parts = here.isoformat(), date_format(here, "DATETIME_FORMAT"), written, here.tzname()
    return format_html('<time datetime="{}" title="{}">{}</time> <span class="quiet">{}</span>', *parts)


def _truth(name: str, value: bool | None) -> SafeString:
    if value is None:
        return pill("unknown", "Not known")
    if name in JUDGED:
        words = {"passed": ("Passed", "Failed")}.get(name, ("Met", "Not met"))
        return pill("passed" if value else "failed", words[not value])
    return pill("done" if value else "", "Yes" if value else "No")


def _word(record: models.Model, field: Any, value: str) -> SafeString | str:
    word = getattr(record, f"get_{field.name}_display")()
    if field.name == "risk":
        return risk(value, word)
    return pill(value, word) if field.name in STATES else word


def told(record: models.Model, field: Any) -> SafeString | str:
    """One value with all there is of it, for the record's own page."""
    value = getattr(record, field.name)
    if isinstance(field, models.JSONField) and value:
        return data(value)
    if isinstance(field, models.TextField) and value:
        if f"{record._meta.model_name}.{field.name}" in CODE:
            return format_html('<pre class="quote">{}</pre>', value)
        return format_html_join("", "<p>{}</p>", ((line,) for line in value.splitlines() if line.strip()))
    if field.name in DIGESTS and value:
        return format_html('<span class="digest">{}</span>', value)
    if isinstance(field, models.URLField) and value:
        return format_html('<a href="{}" rel="noreferrer">{}</a>', value, value)
    return shown(record, field)


def data(value: Any) -> SafeString | str:
    """Nested data as lists and tables; what is long is folded behind its size."""
    if isinstance(value, dict):
        rows = ((str(key).replace("_", " ").capitalize(), data(inner)) for key, inner in value.items())
        return format_html('<dl class="fact">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return _table(value)
    return brief(value)


def _table(rows: list[dict[str, Any]]) -> SafeString:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    head = format_html_join("", '<th scope="col">{}</th>', ((column.replace("_", " ").capitalize(),) for column in columns))
    lines = ((format_html_join("", "<td>{}</td>", ((brief(row.get(column)),) for column in columns)),) for row in rows)
    body = format_html_join("", "<tr>{}</tr>", lines)
    table = format_html('<div class="scroll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>', head, body)
    return format_html("<details><summary>{} {}</summary>{}</details>", len(rows), "entry" if len(rows) == 1 else "entries", table)


def brief(value: Any) -> str:
    """A value in one cell: what is nested is named, not spelled out."""
    match value:
        case None | "" | [] | {}:
            return EMPTY
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case dict():
            return str(value["name"]) if "name" in value else ", ".join(f"{key} {brief(inner)}" for key, inner in value.items())
        case list():
            return ", ".join(brief(inner) for inner in value)
        case _:
            return str(value)
