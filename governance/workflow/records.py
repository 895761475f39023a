"""Rows that people set up in the admin: targets, domains, windows, releases. Saved and deleted with an event."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model, ProtectedError
from django.forms.models import model_to_dict

from governance import audit, compatibility
from governance.audit import save
from governance.errors import MissingRole, NotAllowed, NotReady, RecordInUse
from governance.hanging import Kind, hanging_on
from governance.lifecycle import Role
from governance.models import (
    ApiVersion,
    Availability,
    Binding,
    Consideration,
    Domain,
    DomainTable,
    Environment,
    Governed,
    MatrixEntry,
    Presence,
    Release,
    Resource,
    Shield,
    Target,
    Threshold,
    Window,
)
from governance.workflow.acts import act, checked, roles_of, subject_of

KEEPERS = frozenset({Role.OPERATOR})
SET_UP = (
    Environment, Target, Domain, DomainTable, Consideration, Window, Release, MatrixEntry, ApiVersion, Shield, Presence, Binding,
    Resource, Availability, Threshold,
)  # fmt: skip
CHECKED = (Window, Resource, Availability, Threshold, DomainTable)  # whatever way they come, they are checked as their form checks them
EVIDENCE = (Release, MatrixEntry, ApiVersion, Shield, Presence, Binding)  # of which the matrix's cells are derived


def permit_keeper(person: User, record: Governed) -> None:
    if not isinstance(record, SET_UP):
        raise NotAllowed(f"“{record}” says what happened and is not edited by hand. Use the acts on the page of its change.")
    if not person.is_active or not roles_of(person) & KEEPERS:
        raise MissingRole(person.get_username(), "change the portal's set-up", KEEPERS)


@act
def save_record(*, actor: User, record: Governed, changed: Iterable[str] = ()) -> Governed:
    permit_keeper(actor, record)
    if isinstance(record, CHECKED):
        checked(record)
    added = record._state.adding
    before = {} if added else _values(type(record)._default_manager.get(pk=record.pk))
    save(actor, record)
    after = _values(record)
    kind = record._meta.model_name
    what = f"{actor} {'added' if added else 'changed'} {record._meta.verbose_name} “{record}”."
    difference = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
    audit.append(actor, f"{kind}.{'add' if added else 'change'}", subject_of(record), what, changed=list(changed), difference=difference)
    if isinstance(record, EVIDENCE):
        compatibility.derive_entries(actor)
    return record


@act
def link_record(*, actor: User, record: Governed, chosen: Mapping[str, Iterable[Model]]) -> None:
    """Choose what a record is linked with, by field: a domain's owners, a resource's targets."""
    permit_keeper(actor, record)
    wanted = {name: set(rows) for name, rows in chosen.items()}
    difference = {
        name: [_names(before), _names(wanted[name])] for name in wanted if (before := set(getattr(record, name).all())) != wanted[name]
    }
    for name in difference:
        getattr(record, name).set(wanted[name])
    if difference:
        what = f"{actor} changed the {' and '.join(difference)} of {record._meta.verbose_name} “{record}”."
        audit.append(actor, f"{record._meta.model_name}.link", subject_of(record), what, difference=difference)


def _names(rows: Iterable[Model]) -> list[str]:
    return sorted(map(str, rows))


@act
def delete_record(*, actor: User, record: Governed) -> None:
    permit_keeper(actor, record)
    _hold(record)
    if isinstance(record, Domain) and record.specs.exists():  # a link between many and many protects nothing
        raise RecordInUse(str(record), map(str, record.specs.all()))
    if needed := [kind for kind in hanging_on(record) if kind.keeps]:
        raise RecordInUse(str(record), [name for kind in needed for name in _first(kind)])
    kind, what = record._meta.model_name, f"{actor} deleted {record._meta.verbose_name} “{record}”."
    audit.append(actor, f"{kind}.delete", subject_of(record), what, before=_values(record))
    try:
        audit.delete(actor, record)
    except ProtectedError as error:
        raise RecordInUse(str(record), ["something that has just come up"]) from error
    if isinstance(record, EVIDENCE):
        compatibility.derive_entries(actor)


def _hold(record: Governed) -> None:
    """Until it is gone nothing new can refer to it; who is about to is waited for. Raises NotReady."""
    if not type(record)._default_manager.select_for_update(of=("self",), no_key=False).filter(pk=record.pk).exists():
        raise NotReady(f"{record._meta.verbose_name} “{record}” is deleted already. Nothing is left to do.")


def _first(kind: Kind) -> list[str]:
    return [*map(str, kind.first), *([f"{kind.more:,} more {kind.model._meta.verbose_name_plural}"] if kind.more else [])]


def _values(record: Governed) -> dict[str, Any]:
    return {name: str(value) for name, value in model_to_dict(record).items() if not isinstance(value, list)}
