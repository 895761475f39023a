"""Cells kept as rows: derived when a release comes, when a run has made one, and when presence, bindings or usage change."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from governance import audit
from governance.audit import save
from governance.compatibility.evidence import Known, known_clients
from governance.compatibility.lines import Line, line_of
from governance.compatibility.prospects import derive_prospects
from governance.compatibility.rows import rulings_as_json
from governance.matrix import Cell, Derivation, Source
from governance.matrix.derivation import NOT_MADE_FOR
from governance.models import MatrixEntry, Release, ReleaseKind, Run, Target

FIELDS = ("verdict", "reason", "rulings", "run")


def record_release(actor: audit.Actor, run: Run, version: str, fingerprint: str = "") -> Release:
    """A run made a new backend release, or one anew that had been rolled back."""
    made = Release.objects.filter(kind=ReleaseKind.BACKEND, name=run.target.name, version=version).first()
    release = made or Release(kind=ReleaseKind.BACKEND, name=run.target.name, version=version)
    release.target, release.schema_version, release.run, release.fingerprint = run.target, version, run, fingerprint
    save(actor, release)
    derive_entries(actor, [run.target])
    return release


def derive_entries(actor: audit.Actor, targets: Iterable[Target] | None = None, clients: Iterable[Release] | None = None) -> int:
    """How many cells changed. `clients`: only theirs."""
    wanted = Target.objects.select_related("environment") if targets is None else targets
    changed = sum(_derive_on(actor, line_of(target), clients) for target in wanted) + derive_prospects(actor)
    if changed:
        audit.append(actor, "matrix.derive", "", f"{changed} cells of the compatibility matrix were derived.")
    return changed


def _derive_on(actor: audit.Actor, line: Line, clients: Iterable[Release] | None) -> int:
    only = None if clients is None else {client.pk for client in clients}
    now = timezone.now()
    known = [each for each in known_clients(line.target.environment, now) if only is None or each.pk in only]
    entries: dict[int, list[MatrixEntry]] = {}
    for entry in MatrixEntry.objects.filter(backend__in=line.backends, client__in=[each.pk for each in known]):
        entries.setdefault(entry.client_id, []).append(entry)
    derivation = Derivation(line.steps, now.date())
    return sum(_keep_row(actor, line, each, derivation, entries.get(each.pk, [])) for each in known)


def _keep_row(actor: audit.Actor, line: Line, known: Known, derivation: Derivation, entries: list[MatrixEntry]) -> int:
    client = known.client(line.places.get(known.row["made_for"]))
    row = derivation.row(client, line.bases(entries), len(line.backends))
    derived = {entry.backend_id: entry for entry in entries if entry.source == Source.DERIVED}
    changes = [_entry(derived.get(backend.pk), known.pk, backend, cell) for backend, cell in zip(line.backends, row, strict=True)]
    for entry in (each for each in changes if each):
        save(actor, entry)
    return sum(entry is not None for entry in changes)


def _entry(entry: MatrixEntry | None, client: int, backend: Release, cell: Cell) -> MatrixEntry | None:
    """What has to be saved; None where nothing changes, where the cell is somebody's own word, and where there is no run to tell of."""
    if cell.source is not Source.DERIVED or (entry is None and cell == NOT_MADE_FOR and not backend.run):
        return None
    values: dict[str, Any] = {"verdict": cell.verdict, "reason": cell.reason, "rulings": rulings_as_json(cell), "run": backend.run}
    if entry and all(getattr(entry, name) == value for name, value in values.items()):
        return None
    entry = entry or MatrixEntry(client_id=client, backend=backend, source=Source.DERIVED)
    for name, value in values.items():
        setattr(entry, name, value)
    entry.at = timezone.now()
    return entry
