"""What the pages' tests look at: a person's view of an address, bookings, and snapshots of a small schema."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from governance import audit, handoff
from governance.audit import Row, System, save
from governance.facts import Facts, TableFacts
from governance.models import Booking, Observation, Phase, SchemaSnapshot, Target, Window
from governance.orders import Observed, RunStatus
from governance.schema.fingerprint import fingerprint
from governance.schema.model import Schema, SchemaObject
from governance.windows import WindowKind
from tests import factories
from tests.factories import Cast

REWRITE = "-- Purpose: room\n-- Impact: rewrites\nALTER TABLE public.contractors ALTER COLUMN level TYPE numeric(12,2);\n"


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def html(person: User, address: str) -> str:
    response = browser(person).get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def words(page: str) -> str:
    """What a person reads, in one line."""
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))
    return re.sub(r" (?=[,.;:])", "", text)


def keep(row: Row) -> Row:
    audit.append(System.FIXTURES, "test.set_up", "", "A row for a test.")
    return save(System.FIXTURES, row)


def make_window(target: Target, starts: datetime, hours: float = 4, kind: str = WindowKind.MAINTENANCE, name: str = "night") -> Window:
    ends = starts + timedelta(hours=hours)
    return keep(Window(environment=target.environment, kind=kind, name=name, starts=starts, ends=ends))


def book(person: User, phase: Phase, target: Target, window: Window, **given: Any) -> Booking:
    usual = {"starts": window.starts, "ends": window.ends, "booked_by": person}
    return keep(Booking(window=window, phase=phase, target=target, **{**usual, **given}))


def analysed(cast: Cast, target: Target, version: str, forward: str = factories.FORWARD, rows: int = 100) -> Phase:
    """A change on a table of so many rows, 8 kB each."""
    phase = factories.phase_of(factories.make_spec(cast, factories.script_files(version, forward)))
    observe(target, factories.facts(target.name, rows), phase)
    return phase


def observe(target: Target, facts: Facts, phase: Phase | None = None) -> None:
    found = Observation.objects.filter(target=target, phase=phase, status=RunStatus.QUEUED).first()
    row = found or keep(Observation(target=target, phase=phase))
    claim = handoff.claim("observe", row.pk)
    assert claim
    handoff.finish_observation(claim, Observed(facts))


def thing(kind: str, name: str, parent: str, **attributes: str) -> SchemaObject:
    return SchemaObject.of(kind, name, parent, {key.replace("_", " "): value for key, value in attributes.items()})


def table(name: str, *columns: str, **attributes: str) -> list[SchemaObject]:
    """With a primary key over the first column."""
    own = [thing("table", name, "public", owner="owner", **attributes)]
    own += [thing("column", f"{name}.{column}", name, position=str(at), type="bigint") for at, column in enumerate(columns, 1)]
    return [*own, thing("constraint", f"{name}.pk", name, definition=f"PRIMARY KEY ({columns[0]})")]


def reference(name: str, column: str, other: str) -> SchemaObject:
    return thing("constraint", f"{name}.{column}_fkey", name, definition=f"FOREIGN KEY ({column}) REFERENCES {other}(id) ON DELETE CASCADE")


def snapshot(
    target: Target, objects: Iterable[SchemaObject], *, days_ago: int = 0, until: datetime | None = None, **given: Any
) -> SchemaSnapshot:
    schema = Schema.of(objects)
    usual = {"version": "1.0.0", "valid_from": timezone.now() - timedelta(days=days_ago), "valid_to": until}
    row = SchemaSnapshot(target=target, fingerprint=fingerprint(schema), content=schema.as_json(), **{**usual, **given})
    return keep(row)


def table_facts(name: str, rows: int | None, size: int) -> TableFacts:
    schema, _, own = name.partition(".")
    return TableFacts(schema, own, "r", rows, size)
