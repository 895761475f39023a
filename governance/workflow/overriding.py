"""People's and tests' own word on a pair of releases, and on there being nobody who uses something."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from governance import audit, compatibility
from governance.audit import save
from governance.compatibility.names import UnknownBackend
from governance.errors import AlreadyDecided, BadInput, NotAllowed, NotReady
from governance.manifest import content_digest
from governance.matrix import Compatibility, Source
from governance.models import Acknowledgement, Environment, MatrixEntry, Override, Phase, Release, ReleaseKind, Target
from governance.workflow.acts import act, checked, lock, permit


@act
def override(*, actor: User, client: Release, backend: Release, verdict: str, reason: str, expires_at: datetime) -> Override:
    """Say otherwise than the derivation for a while. In production it counts once somebody else has seconded it."""
    permit(actor, "override_cell", reason=reason)
    if expires_at <= timezone.now():
        raise BadInput("An override ends some time from now. Choose a later moment.")
    if MatrixEntry.objects.filter(client=client, backend=backend, source=Source.TESTED, verdict=Compatibility.NO).exists():
        raise NotAllowed(f"A test of {client} with {backend} failed, which no override can hide. Mend what failed and test again.")
    row = checked(Override(client=client, backend=backend, verdict=verdict, reason=reason, expires_at=expires_at, asked_by=actor))
    save(actor, row)
    text = f"{actor} says that {client} with {backend} is {verdict}, until {expires_at:%d %b %Y %H:%M} UTC: {reason}"
    audit.append(actor, "override.ask", "", text, override=row.pk)
    return row


@act
def second_override(*, actor: User, override: Override) -> Override:
    """Another person stands for it."""
    permit(actor, "override_cell", reason=override.reason)
    held = _held(override)
    if held.asked_by_id == actor.pk:
        raise AlreadyDecided(actor.get_username(), "override")
    held.seconded_by = actor
    save(actor, held)
    audit.append(actor, "override.second", "", f"{actor} stands for {held}.", override=held.pk)
    return held


@act
def withdraw_override(*, actor: User, override: Override) -> Override:
    permit(actor, "override_cell", reason=override.reason)
    held = _held(override)
    held.withdrawn_at = timezone.now()
    save(actor, held)
    audit.append(actor, "override.withdraw", "", f"{actor} withdrew {held}.", override=held.pk)
    return held


def _held(override: Override) -> Override:
    held = Override.objects.select_for_update(of=("self",), no_key=True).select_related("client", "backend").get(pk=override.pk)
    if held.withdrawn_at:
        raise NotReady(f"{held} was withdrawn at {held.withdrawn_at:%d %b %Y %H:%M} UTC. Ask for a new one.")
    return held


@act
def record_test(
    *, actor: User, client: Release, backend: Release, passed: bool, suite: str, partly: bool = False, fingerprint: str = ""
) -> MatrixEntry:
    """What a test suite found out about a pair. It counts for the schema that it ran on: the backend's, unless said otherwise."""
    permit(actor, "report_use")
    entry = MatrixEntry.objects.filter(client=client, backend=backend, source=Source.TESTED).first()
    entry = entry or MatrixEntry(client=client, backend=backend, source=Source.TESTED)
    passing = Compatibility.PARTIAL if partly else Compatibility.FULL
    entry.verdict = passing if passed else Compatibility.NO
    entry.reason, entry.at = f"{suite} {'passed' if passed else 'failed'}", timezone.now()
    entry.fingerprint = fingerprint or backend.fingerprint
    save(actor, checked(entry))
    audit.append(actor, "matrix.test", "", f"{entry}: {entry.reason}.", client=client.pk, backend=backend.pk)
    compatibility.derive_entries(actor, clients=[client])
    return entry


def backend_named(actor: User, name: str, version: str) -> Release:
    """A backend release, made where it is what a target will be after a change. Raises UnknownBackend."""
    found = Release.objects.filter(kind=ReleaseKind.BACKEND, name=name, version=version).first()
    target = Target.objects.filter(name=name).first()
    if found or target is None:
        if found is None:
            known = Release.objects.filter(kind=ReleaseKind.BACKEND).order_by("name").values_list("name", flat=True).distinct()
            raise UnknownBackend(f"{name} {version}", known)
        return found
    with transaction.atomic():
        audit.append(actor, "release.add", "", f"{actor} named {name} {version}, which is still to come.")
        return save(actor, checked(Release(kind=ReleaseKind.BACKEND, name=name, version=version, target=target, schema_version=version)))


@act
def acknowledge_nobody(*, actor: User, phase: Phase, environment: Environment, reason: str) -> Acknowledgement:
    """A person says that nobody uses what these scripts take away, where no client is known. Edited scripts need it anew."""
    phase = lock(phase)
    permit(actor, "acknowledge_nobody", stage=phase.at, reason=reason)
    row = Acknowledgement(phase=phase, environment=environment, digest=content_digest(phase), person=actor, reason=reason)
    try:
        with transaction.atomic():
            save(actor, row)
    except IntegrityError as error:
        raise AlreadyDecided("Somebody", "acknowledgement") from error
    audit.append(actor, "phase.nobody", phase.spec.number, f"{row}: {reason}", digest=row.digest, environment=environment.name)
    return row
