"""A production database whose clients are known."""

import pytest
from django.db import transaction

from governance import audit
from governance.audit import System, save
from governance.models import Binding, MatrixEntry, Release
from tests import factories


@transaction.atomic
def make_client(version: str = "1.0", uses: str = "", **given: object) -> Release:
    """Of which production_db 1.0.0 is known to be fine."""
    audit.append(System.FIXTURES, "test.set_up", "", "A client for a test.")
    client = save(System.FIXTURES, Release(kind="client", name="App", version=version, **given))
    backend = Release.objects.filter(kind="backend", name="production_db", version="1.0.0").first()
    backend = backend or save(System.FIXTURES, Release(kind="backend", name="production_db", version="1.0.0"))
    save(System.FIXTURES, MatrixEntry(client=client, backend=backend, verdict="full", reason="as tested"))
    if uses:
        save(System.FIXTURES, Binding(client=client, object=uses, by="GET /contractors name"))
    return client


@pytest.fixture
def targets(db: None) -> None:
    factories.make_targets()
