"""B25: what happened is kept without end. Nobody purges any of it: no function, page, call or statement takes it away."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.urls import reverse

from governance import audit
from governance.models import GOVERNED, Approval, AuditEvent, Run, Spec
from tests import factories
from tests.governance.behaviours.ways import browser

KEPT = (Spec, Approval)
REFUSED = (DatabaseError, ProtectedError)


@pytest.mark.parametrize("model", [*KEPT, Run, AuditEvent])
@pytest.mark.at("window")
def test_b25_page_deletes_no_record_for_anybody(cast, spec, superuser, model):
    row = model._default_manager.first()
    address = reverse(f"admin:governance_{model._meta.model_name}_delete", args=[row.pk])

    answers = [browser(person).post(address, {"post": "yes"}).status_code for person in (cast.operator, cast.auditor, superuser)]

    assert answers == [403] * 3
    assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.at("window")
def test_b25_api_has_no_call_that_takes_a_change_away(api, cast, spec):
    document = api.get(cast.auditor, "/openapi.json").json()

    taking = [path for path, calls in document["paths"].items() if "delete" in calls]

    assert [path for path in taking if path.endswith("/changes/{number}") or "/runs" in path or "/approvals" in path] == []
    assert api.send(api.token(cast.operator), "DELETE", f"/changes/{spec.number}").status_code == 405


@pytest.mark.parametrize("model", KEPT)
@pytest.mark.at("window")
def test_b25_function_cannot_take_a_record_with_what_happened_to_it(cast, spec, model):
    row = model._default_manager.first()

    with pytest.raises(REFUSED), transaction.atomic():
        audit.delete(cast.operator, row)

    assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.at("window")
def test_b25_database_keeps_events_and_every_history(cast, spec):
    histories = sorted(model.history.model._meta.db_table for model in GOVERNED)
    left = [table for table in ("governance_auditevent", *histories) if not (_refused(f"DELETE FROM {table}") or _is_empty(table))]

    assert left == []
    assert [table for table in histories if not _refused(f"TRUNCATE {table}")] == []


def _refused(statement: str) -> bool:
    try:
        with transaction.atomic():
            factories.at_once(statement)
    except DatabaseError:
        return True
    return False


def _is_empty(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT NOT EXISTS (SELECT 1 FROM {table})")
        return cursor.fetchone()[0]
