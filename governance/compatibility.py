"""The matrix's rows: may a phase go out, and what cells does a run make."""

from governance import audit, matrix
from governance.analysis.classify import ChangeClass
from governance.matrix import Cell, Compatibility, Source
from governance.models import MatrixEntry, Phase, Release, ReleaseKind, Run, Target

UNKNOWN = Cell(Compatibility.UNKNOWN, "nothing is known about this client with the present backend")


def cells_on(target: Target) -> dict[Release, Cell]:
    """Every live client's cell with what the target is now."""
    entries = MatrixEntry.objects.filter(backend__name=target.name, backend__version=target.version).select_related("client")
    known = {entry.client_id: entry.cell for entry in entries}
    clients = Release.objects.filter(kind=ReleaseKind.CLIENT, live=True)
    return {client: known.get(client.pk, UNKNOWN) for client in clients}


def can_deploy(phase: Phase) -> str:
    """ "yes", or "no: …" or "unknown: …" with the clients and reasons."""
    change_class = ChangeClass(phase.change_class or ChangeClass.UNKNOWN)
    targets = Target.objects.filter(deployments__phase=phase, deployments__applied=False, environment__production=True)
    cells = [
        (str(client), matrix.derive(before, change_class, phase.spec.number))
        for target in targets
        for client, before in cells_on(target).items()
    ]
    answer = matrix.can_deploy(cells)
    return "yes" if answer.verdict == "yes" else f"{answer.verdict}: {'; '.join(answer.reasons)}"


def record_release(actor: audit.Actor, run: Run, before: dict[Release, Cell], version: str) -> Release:
    """A run made a new backend release: derive its cells from those with the backend before."""
    phase = run.deployment.phase
    release = Release.objects.filter(kind=ReleaseKind.BACKEND, name=run.target.name, version=version).first()
    release = release or audit.save(actor, Release(kind=ReleaseKind.BACKEND, name=run.target.name, version=version, run=run))
    for client, cell in before.items():
        derived = matrix.derive(cell, ChangeClass(phase.change_class), phase.spec.number)
        entry = MatrixEntry.objects.filter(client=client, backend=release).first() or MatrixEntry(client=client, backend=release)
        if entry.pk and entry.source != Source.DERIVED:
            continue  # what somebody said or tested of this very pair
        entry.verdict, entry.reason, entry.source, entry.run = derived.verdict, derived.reason, derived.source, run
        audit.save(actor, entry)
    return release
