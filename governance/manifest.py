"""What would run: a phase's scripts, targets and booking as the values that digests are made of."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from governance import policy
from governance.digest import release_digest, script_digest
from governance.models import Booking, Phase, Rehearsal, Script
from governance.orders import Limits, Manifest, Release, RunStatus, ScriptKind
from governance.orders import Script as ScriptValue
from governance.versions import read_script, version_key

ORDER = (ScriptKind.FORWARD, ScriptKind.ROLLBACK, ScriptKind.CHECK)


def script_values(rows: Iterable[Script]) -> tuple[ScriptValue, ...]:
    values = (read_script(row.name, row.text) for row in rows)
    return tuple(sorted(values, key=lambda script: (ORDER.index(script.kind), version_key(script.version))))


def unrehearsed(phase: Phase) -> Manifest:
    return Manifest(script_values(phase.scripts.all()), Limits(), "")


def content_digest(phase: Phase) -> str:
    """Of the scripts alone: what analyses and rehearsals are made for."""
    return script_digest(unrehearsed(phase))


def manifest_of(phase: Phase) -> Manifest:
    bare = unrehearsed(phase)
    latest = Rehearsal.objects.filter(phase=phase, digest=script_digest(bare), status=RunStatus.SUCCEEDED).order_by("-requested_at").first()
    return replace(bare, rehearsal=latest.verdict if latest else "")


def release_of(phase: Phase, digest: str) -> Release | None:
    """What business approves: None before every production target is booked."""
    deployments = phase.deployments.filter(target__environment__production=True)
    targets = sorted(deployments.values_list("target__name", flat=True))
    bookings = list(Booking.objects.filter(phase=phase, cancelled_at=None, target__environment__production=True))
    return release_from(digest, targets, bookings)


def release_from(digest: str, targets: Sequence[str], bookings: Sequence[Booking]) -> Release | None:
    """`targets` and `bookings`: those in production."""
    if not targets or len(bookings) < len(targets):
        return None
    return Release(digest, tuple(targets), min(b.starts for b in bookings), max(b.ends for b in bookings), policy.VERSION)


def digests_of(phase: Phase) -> tuple[str, str]:
    """The script digest, and the release digest or "" before there is a booking."""
    digest = script_digest(manifest_of(phase))
    release = release_of(phase, digest)
    return digest, release_digest(release) if release else ""
