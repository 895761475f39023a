"""Which client works with which backend: the grid, and behind every cell its reasons."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from governance.matrix import WORST_FIRST, Cell, Compatibility, Source
from governance.models import MatrixEntry, Release, ReleaseKind, Run, Target
from governance.pages.values import address_of

LATEST = 6  # versions of each backend, when no backend is chosen
UNKNOWN = Cell(Compatibility.UNKNOWN, "Nobody has declared, derived or tested this pair.")
MARKS = {Compatibility.FULL: "full", Compatibility.PARTIAL: "part", Compatibility.NO: "no", Compatibility.UNKNOWN: "unk"}
GLYPHS = {Compatibility.FULL: "ok", Compatibility.PARTIAL: "part", Compatibility.NO: "no", Compatibility.UNKNOWN: "unk"}
SOURCES = {
    Source.DECLARED: "Declared by an operator",
    Source.DERIVED: "Derived from what the change does",
    Source.TESTED: "Tested",
    Source.OVERRIDDEN: "Overridden, with a reason",
}
NUMBER = re.compile(r"\d+")
FORMULA = ("=", "+", "-", "@", "\t")  # with which a spreadsheet begins to calculate


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for."""

    name: str = ""  # clients of this name
    target: str = ""  # backends of this name
    retired: bool = False  # clients that nobody uses any more, too
    client: str = ""
    backend: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Wanted":
        texts = {name: given.get(name, "").strip() for name in ("name", "target", "client", "backend")}
        return cls(**texts, retired="retired" in given)

    @property
    def filtered(self) -> bool:
        return bool(self.name or self.target or self.retired)


@dataclass(frozen=True, slots=True)
class Grid:
    clients: Sequence[Release]
    backends: Sequence[Release]
    entries: Mapping[tuple[int, int], MatrixEntry]

    def cell(self, client: Release, backend: Release) -> Cell:
        entry = self.entries.get((client.pk, backend.pk))
        return entry.cell if entry else UNKNOWN

    def as_csv(self) -> str:
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(["Client", *(_plain(str(backend)) for backend in self.backends)])
        for client in self.clients:
            rows.writerow([_plain(str(client)), *(str(self.cell(client, backend).verdict) for backend in self.backends)])
        return text.getvalue()


def _plain(name: str) -> str:
    return f"'{name}" if name.startswith(FORMULA) else name


def grid_of(wanted: Wanted) -> Grid:
    releases = list(Release.objects.all())
    used = [each for each in releases if each.kind == ReleaseKind.CLIENT and (each.live or wanted.retired)]
    clients = sorted((each for each in used if wanted.name in ("", each.name)), key=_newest_first)
    backends = [each for each in releases if each.kind == ReleaseKind.BACKEND and wanted.target in ("", each.name)]
    places = {name: place for place, name in enumerate(Target.objects.in_rank_order().values_list("name", flat=True))}
    shown = sorted(
        backends if wanted.target else _latest(backends), key=lambda each: (places.get(each.name, len(places)), *_in_order(each))
    )
    entries = MatrixEntry.objects.filter(client__in=clients, backend__in=shown)
    known = entries.select_related("run__target", "run__deployment__phase__spec")
    return Grid(clients, shown, {(entry.client_id, entry.backend_id): entry for entry in known})


def _latest(backends: Iterable[Release]) -> list[Release]:
    by_name: dict[str, list[Release]] = defaultdict(list)
    for backend in sorted(backends, key=_in_order):
        by_name[backend.name].append(backend)
    return [backend for versions in by_name.values() for backend in versions[-LATEST:]]


def _version(release: Release) -> tuple[int, ...]:
    return tuple(map(int, NUMBER.findall(release.version)))


def _in_order(release: Release) -> tuple[str, tuple[int, ...], str]:
    return release.name, _version(release), release.version


def _newest_first(release: Release) -> tuple[str, tuple[int, ...], str]:
    return release.name, tuple(-part for part in _version(release)), release.version


def matrix_page(wanted: Wanted, grid: Grid, *, keeper: bool) -> dict[str, Any]:
    """`keeper`: may declare and override cells."""
    present = dict(Target.objects.values_list("name", "version"))
    names = Release.objects.order_by("kind", "name").values_list("kind", "name").distinct()
    chosen = _chosen(wanted, grid, present)
    return {
        "backends": [_head(backend, present) for backend in grid.backends],
        "rows": [_row(grid, client, chosen) for client in grid.clients],
        "why": _why(grid, *chosen, keeper) if chosen else None,
        "wanted": wanted,
        "names": [name for kind, name in names if kind == ReleaseKind.CLIENT],
        "targets": [name for kind, name in names if kind == ReleaseKind.BACKEND],
        "folded": not wanted.target,
        "latest": LATEST,
        "keeper": keeper,
        "add_url": reverse("admin:governance_release_add"),
    }


def _chosen(wanted: Wanted, grid: Grid, present: Mapping[str, str]) -> tuple[Release, Release] | None:
    """The cell that was asked for; otherwise the worst of those with what the targets are now."""
    pairs = [(client, backend) for client in grid.clients for backend in grid.backends]
    asked = [(client, backend) for client, backend in pairs if (str(client.pk), str(backend.pk)) == (wanted.client, wanted.backend)]
    live = [(client, backend) for client, backend in pairs if present.get(backend.name) == backend.version]
    return min(asked or live or pairs, key=lambda pair: WORST_FIRST.index(grid.cell(*pair).verdict), default=None)


def _head(backend: Release, present: Mapping[str, str]) -> dict[str, Any]:
    """`parts` of the name, between which a line may break."""
    return {"version": backend.version, "parts": backend.name.split("_"), "now": present.get(backend.name) == backend.version}


def _row(grid: Grid, client: Release, chosen: tuple[Release, Release] | None) -> dict[str, Any]:
    return {"client": client, "cells": [_cell(grid, client, backend, chosen) for backend in grid.backends]}


def _cell(grid: Grid, client: Release, backend: Release, chosen: tuple[Release, Release] | None) -> dict[str, Any]:
    verdict = grid.cell(client, backend).verdict
    return {**_look(verdict), "client": client.pk, "backend": backend.pk, "chosen": chosen == (client, backend)}


def _look(verdict: Compatibility) -> dict[str, str]:
    return {"word": verdict.capitalize(), "mark": MARKS[verdict], "glyph": GLYPHS[verdict]}


def _why(grid: Grid, client: Release, backend: Release, keeper: bool) -> dict[str, Any]:
    entry, cell = grid.entries.get((client.pk, backend.pk)), grid.cell(client, backend)
    add = f"{reverse('admin:governance_matrixentry_add')}?client={client.pk}&backend={backend.pk}"
    return {
        **_look(cell.verdict),
        "client": client,
        "backend": backend,
        "reason": cell.reason,
        "source": SOURCES[cell.source] if entry else "",
        "unknown": cell.verdict is Compatibility.UNKNOWN,
        "run": _run(entry.run) if entry and entry.run else None,
        "edit_url": (address_of(entry) if entry else add) if keeper else "",
        "declared": entry is not None,
    }


def _run(run: Run) -> dict[str, str]:
    phase = run.deployment.phase
    return {
        "url": address_of(run),
        "title": f"{run.get_kind_display()} on {run.target}",
        "change": f"{phase.spec.number} {phase}",
        "change_url": address_of(phase),
    }
