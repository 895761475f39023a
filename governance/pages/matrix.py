"""Which client works with which backend: the grid, and behind every cell its reasons."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from governance.acts import ACTS
from governance.compatibility import rulings_as_json
from governance.lifecycle import Role
from governance.matrix import WORST_FIRST, Cell, Circumstances, Compatibility, Ruling, Source, Statement, number_of, standing
from governance.models import MatrixEntry, Override, Presence, Release, ReleaseKind, Run, Target
from governance.pages.values import address_of

LATEST = 6  # versions of each backend, when no backend is chosen
UNKNOWN = Cell(Compatibility.UNKNOWN, "Nobody has declared, derived or tested this pair.")
# A cell is written here and not in the template, which takes four times as long for the thousands of them.
CELL = '<td class="m-{}"><a href="{}"{}><svg class="ic"><use href="#g-{}"/></svg>{}</a></td>'
CURRENT, NOT_CURRENT = SafeString(' aria-current="true"'), SafeString("")
VIEWS = {"": "Grid", "changes": "Who breaks", "clients": "Until when", "deprecations": "Deprecations"}
MARKS = {Compatibility.FULL: "full", Compatibility.PARTIAL: "part", Compatibility.NO: "no", Compatibility.UNKNOWN: "unk"}
GLYPHS = {Compatibility.FULL: "ok", Compatibility.PARTIAL: "part", Compatibility.NO: "no", Compatibility.UNKNOWN: "unk"}
SOURCES = {
    Source.DECLARED: "Declared by an operator",
    Source.DERIVED: "Derived from what the change does",
    Source.TESTED: "Tested",
    Source.OVERRIDDEN: "Overridden, with a reason",
}
FORMULA = ("=", "+", "-", "@", "\t")  # with which a spreadsheet begins to calculate


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for."""

    name: str = ""  # clients of this name
    target: str = ""  # backends of this name
    retired: bool = False  # clients that nobody uses any more, too
    client: str = ""
    backend: str = ""
    view: str = ""  # one of VIEWS

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Wanted":
        texts = {name: given.get(name, "").strip() for name in ("name", "target", "client", "backend", "view")}
        return cls(**{**texts, "view": texts["view"] if texts["view"] in VIEWS else ""}, retired="retired" in given)

    @property
    def filtered(self) -> bool:
        return bool(self.name or self.target or self.retired)

    @property
    def query(self) -> str:
        """Of the same grid, for the links of its cells."""
        return urlencode(
            {name: value for name in ("name", "target") if (value := getattr(self, name))} | ({"retired": "on"} if self.retired else {})
        )


@dataclass(frozen=True)
class Grid:
    clients: Sequence[Release]
    backends: Sequence[Release]
    said: Mapping[tuple[int, int], Sequence[Statement]]
    targets: Mapping[str, Target]
    now: datetime

    @cached_property
    def circumstances(self) -> dict[int, Circumstances]:
        """By key of the backend. One that belongs to no target is taken to be in production."""
        of = {backend.pk: self.targets.get(backend.name) for backend in self.backends}
        return {
            backend.pk: Circumstances(self.now, target.environment.production if (target := of[backend.pk]) else True, backend.fingerprint)
            for backend in self.backends
        }

    def cell(self, client: Release, backend: Release) -> Cell:
        said = self.said.get((client.pk, backend.pk))
        return standing(said, self.circumstances[backend.pk]) if said else UNKNOWN

    @cached_property
    def cells(self) -> list[list[Cell]]:
        """By client and backend, in their order."""
        return [[self.cell(client, backend) for backend in self.backends] for client in self.clients]

    def as_csv(self) -> str:
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(["Client", *(_plain(str(backend)) for backend in self.backends)])
        for client, cells in zip(self.clients, self.cells, strict=True):
            rows.writerow([_plain(str(client)), *(str(cell.verdict) for cell in cells)])
        return text.getvalue()

    def as_json(self) -> list[dict[str, Any]]:
        """Every pair, with its reasons."""
        return [
            {
                "client": {"name": client.name, "version": client.version, "live": client.live},
                "backend": {"name": backend.name, "version": backend.version},
                "verdict": str(cell.verdict),
                "reason": cell.reason,
                "source": str(cell.source),
                "rulings": rulings_as_json(cell),
            }
            for client, cells in zip(self.clients, self.cells, strict=True)
            for backend, cell in zip(self.backends, cells, strict=True)
        ]


def _plain(name: str) -> str:
    return f"'{name}" if name.startswith(FORMULA) else name


def grid_of(wanted: Wanted, *, reasons: bool = False) -> Grid:
    """`reasons`: of every cell, which only an export shows."""
    releases = list(Release.objects.all())
    used = [each for each in releases if each.kind == ReleaseKind.CLIENT and (each.live or wanted.retired)]
    clients = sorted((each for each in used if wanted.name in ("", each.name)), key=_newest_first)
    backends = [each for each in releases if each.kind == ReleaseKind.BACKEND and wanted.target in ("", each.name)]
    targets = {target.name: target for target in Target.objects.in_rank_order()}
    places = {name: place for place, name in enumerate(targets)}
    shown = sorted(
        backends if wanted.target else _latest(backends), key=lambda each: (places.get(each.name, len(places)), *_in_order(each))
    )
    now = timezone.now()
    pairs = Q(client__in=clients, backend__in=shown)
    said: dict[tuple[int, int], list[Statement]] = defaultdict(list)
    for client, backend, statement in _statements(MatrixEntry.objects.filter(pairs), reasons=reasons):
        said[client, backend].append(statement)
    for override in Override.objects.filter(pairs, withdrawn_at=None):
        said[override.client_id, override.backend_id].append(override.statement)
    return Grid(clients, shown, said, targets, now)


def _statements(entries: QuerySet[MatrixEntry], *, reasons: bool) -> Iterator[tuple[int, int, Statement]]:
    """Without their reasons most of them are the same few."""
    if reasons:
        yield from ((entry.client_id, entry.backend_id, entry.statement) for entry in entries.order_by())
        return
    known: dict[tuple[str, str, str], Statement] = {}
    columns = ("client", "backend", "verdict", "source", "fingerprint")
    for client, backend, verdict, source, fingerprint in entries.order_by().values_list(*columns):
        key = verdict, source, fingerprint
        if key not in known:
            known[key] = Statement(Cell(Compatibility(verdict), "", Source(source)), fingerprint)
        yield client, backend, known[key]


def _latest(backends: Iterable[Release]) -> list[Release]:
    by_name: dict[str, list[Release]] = defaultdict(list)
    for backend in sorted(backends, key=_in_order):
        by_name[backend.name].append(backend)
    return [backend for versions in by_name.values() for backend in versions[-LATEST:]]


def _in_order(release: Release) -> tuple[str, tuple[int, ...], str]:
    return release.name, number_of(release.version), release.version


def _newest_first(release: Release) -> tuple[str, tuple[int, ...], str]:
    return release.name, tuple(-part for part in number_of(release.version)), release.version


def matrix_page(wanted: Wanted, grid: Grid, *, roles: frozenset[Role], keeper: bool) -> dict[str, Any]:
    """`keeper`: may register releases and declare cells."""
    present = {name: target.version for name, target in grid.targets.items()}
    chosen = _chosen(wanted, grid, present)
    return {
        "backends": [_head(backend, present) for backend in grid.backends],
        "rows": _rows(wanted, grid, chosen),
        "why": _why(grid, *chosen, roles) if chosen else None,
        "folded": not wanted.target,
        "latest": LATEST,
        **frame(wanted, keeper=keeper),
    }


def frame(wanted: Wanted, *, keeper: bool) -> dict[str, Any]:
    """What all views of the matrix share."""
    names = list(Release.objects.order_by("kind", "name").values_list("kind", "name").distinct())
    return {
        "wanted": wanted,
        "views": [{"view": view, "label": label, "here": view == wanted.view} for view, label in VIEWS.items()],
        "names": [name for kind, name in names if kind == ReleaseKind.CLIENT],
        "targets": [name for kind, name in names if kind == ReleaseKind.BACKEND],
        "keeper": keeper,
        "add_url": reverse("admin:governance_release_add"),
    }


def _chosen(wanted: Wanted, grid: Grid, present: Mapping[str, str]) -> tuple[Release, Release] | None:
    """The cell that was asked for; otherwise the worst of those with what the targets are now."""
    pairs = [
        (client, backend, cell)
        for client, cells in zip(grid.clients, grid.cells, strict=True)
        for backend, cell in zip(grid.backends, cells, strict=True)
    ]
    asked = [pair for pair in pairs if (str(pair[0].pk), str(pair[1].pk)) == (wanted.client, wanted.backend)]
    live = [pair for pair in pairs if present.get(pair[1].name) == pair[1].version]
    found = min(asked or live or pairs, key=lambda pair: WORST_FIRST.index(pair[2].verdict), default=None)
    return (found[0], found[1]) if found else None


def _head(backend: Release, present: Mapping[str, str]) -> dict[str, Any]:
    """`parts` of the name, between which a line may break."""
    return {"version": backend.version, "parts": backend.name.split("_"), "now": present.get(backend.name) == backend.version}


def _rows(wanted: Wanted, grid: Grid, chosen: tuple[Release, Release] | None) -> list[dict[str, Any]]:
    """`here`: the environments that a client was said or seen to be in."""
    before = f"?{wanted.query}&" if wanted.query else "?"
    here: dict[int, list[str]] = defaultdict(list)
    for release, environment in Presence.objects.filter(until=None).values_list("release", "environment__name"):
        here[release].append(environment)
    return [
        {
            "client": client,
            "here": ", ".join(sorted(here[client.pk])),
            "cells": format_html_join("", CELL, _cells(before, client, zip(grid.backends, cells, strict=True), chosen)),
        }
        for client, cells in zip(grid.clients, grid.cells, strict=True)
    ]


def _cells(
    before: str, client: Release, cells: Iterable[tuple[Release, Cell]], chosen: tuple[Release, Release] | None
) -> Iterator[tuple[str, str, SafeString, str, str]]:
    for backend, cell in cells:
        shown, current = LOOKS[cell.verdict], chosen == (client, backend)
        url = f"{before}client={client.pk}&backend={backend.pk}"
        yield shown["mark"], url, CURRENT if current else NOT_CURRENT, shown["glyph"], shown["word"]


def look(verdict: Compatibility) -> dict[str, str]:
    return {"word": verdict.capitalize(), "mark": MARKS[verdict], "glyph": GLYPHS[verdict]}


LOOKS = {verdict: look(verdict) for verdict in Compatibility}


def _why(grid: Grid, client: Release, backend: Release, roles: frozenset[Role]) -> dict[str, Any]:
    of_pair = {"client": client, "backend": backend}
    entries = list(MatrixEntry.objects.filter(**of_pair).select_related("run__target", "run__deployment__phase__spec"))
    override = _override(of_pair, grid.now)
    said = [each.statement for each in entries] + ([override.statement] if override else [])
    circumstances = grid.circumstances[backend.pk]
    cell, pair = standing(said, circumstances) if said else UNKNOWN, f"client={client.pk}&backend={backend.pk}"
    derived = next((each for each in entries if each.source == Source.DERIVED and cell.source is Source.DERIVED), None)
    return {
        **LOOKS[cell.verdict],
        **of_pair,
        "reason": cell.reason,
        "source": SOURCES[cell.source] if said else "",
        "unknown": cell.verdict is Compatibility.UNKNOWN,
        "rulings": [_ruling(ruling) for ruling in cell.rulings],
        "said": [{**LOOKS[each.cell.verdict], "source": SOURCES[each.cell.source], "reason": each.reason} for each in entries],
        "override": override,
        "waits_for_second": override is not None and not override.seconded_by_id and circumstances.production,
        "run": _run(derived.run) if derived and derived.run else None,
        "declare_url": f"{reverse('admin:governance_matrixentry_add')}?{pair}" if Role.OPERATOR in roles and not entries else "",
        "override_url": f"{reverse('admin:governance_override_add')}?{pair}" if entries and roles & ACTS["override_cell"].roles else "",
    }


def _override(of_pair: Mapping[str, Release], now: datetime) -> Override | None:
    rows = Override.objects.filter(**of_pair, withdrawn_at=None, expires_at__gt=now)
    return rows.select_related("asked_by", "seconded_by").first()


def _ruling(ruling: Ruling) -> dict[str, Any]:
    number = ruling.change.removeprefix("CHG-")
    url = reverse("admin:governance_spec_change", args=[number]) if number.isdigit() else ""
    return {"ruling": ruling, "text": f"{ruling.text[:1].upper()}{ruling.text[1:]}", "change_url": url}


def _run(run: Run) -> dict[str, str]:
    phase = run.deployment.phase
    return {
        "url": address_of(run),
        "title": f"{run.get_kind_display()} on {run.target}",
        "change": f"{phase.spec.number} {phase}",
        "change_url": address_of(phase),
    }
