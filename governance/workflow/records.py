"""Rows that people set up in the admin: targets, domains, windows, releases. Saved and deleted with an event."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.forms.models import model_to_dict

from governance import audit
from governance.audit import save
from governance.errors import MissingRole
from governance.lifecycle import Role
from governance.models import Governed
from governance.workflow.acts import act, roles_of, subject_of

KEEPERS = frozenset({Role.OPERATOR})


def permit_keeper(person: User) -> None:
    if not person.is_active or not roles_of(person) & KEEPERS:
        raise MissingRole(person.get_username(), "change the portal's set-up", KEEPERS)


@act
def save_record(*, actor: User, record: Governed, changed: Iterable[str] = ()) -> Governed:
    permit_keeper(actor)
    added = record._state.adding
    before = {} if added else _values(type(record)._default_manager.get(pk=record.pk))
    save(actor, record)
    after = _values(record)
    kind = record._meta.model_name
    what = f"{actor} {'added' if added else 'changed'} {record._meta.verbose_name} “{record}”."
    difference = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
    audit.append(actor, f"{kind}.{'add' if added else 'change'}", subject_of(record), what, changed=list(changed), difference=difference)
    return record


@act
def delete_record(*, actor: User, record: Governed) -> None:
    permit_keeper(actor)
    kind, what = record._meta.model_name, f"{actor} deleted {record._meta.verbose_name} “{record}”."
    audit.append(actor, f"{kind}.delete", subject_of(record), what, before=_values(record))
    record.delete()


def _values(record: Governed) -> dict[str, Any]:
    return {name: str(value) for name, value in model_to_dict(record).items() if not isinstance(value, list)}
