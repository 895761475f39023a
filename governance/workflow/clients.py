"""What is told of clients: their contracts, where they are, what they use. Every report derives the matrix anew."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from governance import audit, compatibility
from governance.analysis.uses import uses_of
from governance.audit import save
from governance.compatibility.names import UnknownClient
from governance.errors import BadInput
from governance.matrix.contract import Bound, Contract, bindings_of
from governance.models import (
    ApiVersion,
    Binding,
    BindingSource,
    Distribution,
    Environment,
    Presence,
    PresenceSource,
    Release,
    ReleaseKind,
    Traffic,
    Usage,
    UsageMode,
)
from governance.workflow.acts import act, checked, permit

TRAITS = ("distribution", "complete", "strict", "closed_values", "integer_bits", "live")


@dataclass(frozen=True, slots=True)
class Count:
    """How often one client used one object on a day."""

    client: str
    version: str
    object: str  # a column or table, or a field of the API version
    mode: str
    count: int
    api_version: str = ""


@act
def register_client(*, actor: User, contract: Contract) -> Release:
    """A new release of a client, or what is known of one; its declared bindings are replaced."""
    permit(actor, "register_client")
    known = Release.objects.filter(kind=ReleaseKind.CLIENT, name=contract.name, version=contract.version).first()
    release = known or Release(kind=ReleaseKind.CLIENT, name=contract.name, version=contract.version)
    for name in TRAITS:
        setattr(release, name, getattr(contract, name))
    release.made_for, release.api_version = _backend(contract.made_for), _api(contract.api_version)
    save(actor, checked(release))
    count = replace_bindings(actor, release, contract.uses, BindingSource.DECLARED)
    audit.append(actor, "client.register", "", f"{actor} registered {release}, which uses {count} objects.", complete=release.complete)
    compatibility.derive_entries(actor, clients=[release])
    return release


def _backend(name: str) -> Release | None:
    """“Backend 2.0”: by name and version. Raises BadInput."""
    if not name:
        return None
    called, _, version = name.rpartition(" ")
    found = Release.objects.filter(kind=ReleaseKind.BACKEND, name=called, version=version).first()
    if found is None:
        raise BadInput(
            f"No backend release is known as “{name}”. Write its name and version, for example Backend 2.0, or leave made_for out."
        )
    return found


def _api(number: str) -> ApiVersion | None:
    """Raises BadInput."""
    found = ApiVersion.objects.filter(number=number).first() if number else None
    if number and found is None:
        raise BadInput(f"No API version is known as “{number}”. Add it in the portal first, or leave api_version out.")
    return found


def replace_bindings(actor: User, owner: Release | ApiVersion, bound: Iterable[Bound], source: BindingSource) -> int:
    """Those of the source: what it does not name any more is deleted."""
    of = {"client": owner} if isinstance(owner, Release) else {"api_version": owner}
    before = {(each.by, each.object): each for each in Binding.objects.filter(**of, source=source)}
    wanted = _merged(bound)
    for key in before.keys() - wanted.keys():
        audit.delete(actor, before[key])
    for key, (reads, writes) in wanted.items():
        binding = before.get(key) or Binding(**of, by=key[0], object=key[1], source=source)
        if binding.pk is None or (binding.reads, binding.writes) != (reads, writes):
            binding.reads, binding.writes = reads, writes
            save(actor, checked(binding))
    return len(wanted)


def _merged(bound: Iterable[Bound]) -> dict[tuple[str, str], tuple[bool, bool]]:
    found: dict[tuple[str, str], tuple[bool, bool]] = {}
    for each in bound:
        reads, writes = found.get((each.by, each.object), (False, False))
        found[each.by, each.object] = (reads or each.reads, writes or each.writes)
    return found


@act
def import_openapi(*, actor: User, api_version: ApiVersion, document: Mapping[str, Any]) -> int:
    """What stands behind an API version's fields, by the document's x-columns. How many bindings there are."""
    permit(actor, "register_client")
    count = replace_bindings(actor, api_version, bindings_of(f"the document of {api_version}", document), BindingSource.OPENAPI)
    audit.append(actor, "api.bindings", "", f"{actor} imported {count} bindings of {api_version} from its OpenAPI document.")
    compatibility.derive_entries(actor, clients=api_version.clients.all())
    return count


@act
def import_statements(*, actor: User, client: Release, queries: Iterable[str], schema: str = "public") -> int:
    """What a client's queries use, as pg_stat_statements has them. How many bindings there are."""
    permit(actor, "register_client")
    count = replace_bindings(actor, client, (bound for query in queries for bound in uses_of(query, schema)), BindingSource.STATEMENTS)
    audit.append(actor, "client.bindings", "", f"{actor} imported {count} bindings of {client} from pg_stat_statements.")
    compatibility.derive_entries(actor, clients=[client])
    return count


@act
def record_presence(*, actor: User, release: Release, environment: Environment, here: bool = True, beside: bool = False) -> Presence | None:
    """A release has come to an environment, or left it. A deployed one takes the place of other versions of it, unless `beside`."""
    permit(actor, "report_use")
    now = timezone.now()
    present = Presence.objects.select_for_update(no_key=True).filter(environment=environment, until=None, release__name=release.name)
    replaced = here and release.distribution == Distribution.DEPLOYED and not beside
    for each in present.filter(release__kind=release.kind):
        if (each.release_id == release.pk and not here) or (each.release_id != release.pk and replaced):
            each.until = now
            save(actor, each)
    row = present.filter(release=release).first()
    if here and row is None:
        row = save(actor, Presence(release=release, environment=environment, since=now))
    audit.append(actor, "presence.here" if here else "presence.gone", "", f"{release} {'is in' if here else 'has left'} {environment}.")
    compatibility.derive_entries(actor, clients=[release])
    return row


@act
def record_usage(*, actor: User, environment: Environment, day: date, requests: int, counts: Sequence[Count]) -> int:
    """A day's traffic; sent again, it is added up no second time but replaced. How many of its requests name their client.

    Raises:
        UnknownClient, BadInput: nothing is kept.
    """
    permit(actor, "report_use")
    identified = sum(each.count for each in counts)
    _check_counts(requests, counts)
    releases = {(each.name, each.version): each for each in Release.objects.filter(kind=ReleaseKind.CLIENT)}
    for each in counts:
        if (each.client, each.version) not in releases:
            raise UnknownClient(f"{each.client} {each.version}", {name for name, _ in releases})
    seen = {releases[each.client, each.version] for each in counts}
    Usage.objects.filter(environment=environment, day=day).delete()
    Usage.objects.bulk_create([_usage(environment, day, releases[each.client, each.version], each) for each in _added_up(counts)])
    Traffic.objects.update_or_create(
        environment=environment, day=day, defaults={"requests": requests, "identified": min(identified, requests)}
    )
    for release in seen:
        _observe(actor, release, environment, day)
    audit.append(
        actor, "usage.report", "", f"{actor} reported {requests} requests to {environment} on {day}, {identified} by known clients."
    )
    compatibility.derive_entries(actor)
    return identified


def _check_counts(requests: int, counts: Sequence[Count]) -> None:
    wrong = [each for each in counts if each.count < 0 or each.mode not in set(UsageMode)]
    if requests < 0 or wrong:
        raise BadInput(f"Counts are not negative, and a mode is one of {', '.join(UsageMode)}. Correct the report and send it again.")


def _added_up(counts: Sequence[Count]) -> list[Count]:
    found: dict[Count, int] = {}
    for each in counts:
        key = replace(each, count=0)
        found[key] = found.get(key, 0) + each.count
    return [replace(key, count=count) for key, count in found.items()]


def _usage(environment: Environment, day: date, release: Release, count: Count) -> Usage:
    return Usage(
        environment=environment,
        day=day,
        client=release,
        object=count.object,
        mode=count.mode,
        api_version=count.api_version,
        count=count.count,
    )


def _observe(actor: User, release: Release, environment: Environment, day: date) -> None:
    """Whoever sends requests is there."""
    at = timezone.make_aware(datetime.combine(day, datetime.min.time()))
    row = Presence.objects.filter(release=release, environment=environment, until=None).first()
    if row is None:
        row = Presence(release=release, environment=environment, since=at, source=PresenceSource.OBSERVED)
    if row.last_seen is None or row.last_seen < at:
        row.last_seen = at
        save(actor, row)
