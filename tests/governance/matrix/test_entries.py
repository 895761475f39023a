"""Cells that are kept: derived from what lies between a target's backends, with the history of each."""

import pytest

from governance import workflow
from governance.matrix.contract import Bound, Contract
from governance.models import MatrixEntry, Release
from tests import factories
from tests.governance.matrix.conftest import make_client

pytestmark = pytest.mark.django_db
NAME = "public.contractors.name"


def cells(**of: str) -> dict[tuple[str, str], str]:
    rows = MatrixEntry.objects.filter(source="derived", **of).select_related("client", "backend")
    return {(row.client.version, row.backend.version): row.verdict for row in rows}


def deployed_below_production(cast):
    """A column more on staging_db, whose backend release is 1.1.0 since."""
    spec = factories.make_spec(cast)
    phase = factories.bring_to_staging(cast, spec)
    factories.finish(workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False)))
    return spec


def test_a_run_derives_every_client_and_a_client_that_comes_later_is_derived_when_it_registers(cast):
    factories.make_targets()
    deployed_below_production(cast)
    of_run = cells()

    workflow.register_client(
        actor=cast.engineer,
        contract=Contract("App", "2.0", (Bound("public.contractors.level", True, True),), complete=True, made_for="staging_db 1.1.0"),
    )

    entry = MatrixEntry.objects.get(client__version="2.0", backend__version="1.1.0")
    assert of_run == {}
    assert (entry.verdict, entry.reason) == ("full", "made for this backend")
    assert entry.history.get().history_user == cast.engineer


def test_what_is_learnt_of_a_client_changes_its_cells_and_keeps_what_they_were(cast):
    factories.make_targets()
    client = make_client("1.0", strict=True)
    backend = workflow.save_record(actor=cast.operator, record=Release(kind="backend", name="staging_db", version="1.0.0"))
    workflow.save_record(actor=cast.operator, record=MatrixEntry(client=client, backend=backend, verdict="full", reason="as declared"))
    deployed_below_production(cast)
    before = cells(backend__name="staging_db")

    workflow.register_client(actor=cast.engineer, contract=Contract("App", "1.0", (Bound("public.projects"),), complete=True, strict=True))
    after = cells(backend__name="staging_db")

    entry = MatrixEntry.objects.get(source="derived", backend__name="staging_db")
    assert (before, after) == ({("1.0", "1.1.0"): "unknown"}, {("1.0", "1.1.0"): "full"})
    assert [each.verdict for each in entry.history.order_by("pk")] == ["unknown", "full"]
    assert entry.run is not None


def test_what_came_with_a_backend_that_no_run_made_is_not_known(cast):
    factories.make_targets()
    known, unknown = make_client("1.0", uses=NAME), make_client("2.0", uses=NAME)
    backend = workflow.save_record(actor=cast.operator, record=Release(kind="backend", name="production_db", version="1.1.0"))

    workflow.save_record(actor=cast.operator, record=MatrixEntry(client=known, backend=backend, verdict="full", reason="as declared"))

    assert cells(client__version=unknown.version) == {("2.0", "1.1.0"): "unknown"}
    assert cells(client__version=known.version) == {}


def test_a_backend_that_is_only_named_for_a_test_is_still_to_come(cast):
    factories.make_targets()
    make_client("1.0", uses=NAME)
    tested = make_client("2.0", uses=NAME)

    backend = workflow.backend_named(cast.engineer, "production_db", "2.0.0")
    workflow.record_test(actor=cast.engineer, client=tested, backend=backend, passed=True, suite="end to end")

    assert cells() == {}
