"""B3: the runner recomputes the digest from what it is about to execute, and refuses when it is another."""

import pytest

from governance import handoff
from governance.models import AuditEvent, Run
from tests import factories
from tests.governance.behaviours.approving import start
from tests.governance.behaviours.ways import WAYS


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("staging")
def test_b3_what_was_altered_after_the_run_was_asked_for_is_not_run(cast, spec, api, way):
    phase = factories.phase_of(spec)
    assert start(way, api, cast.operator, phase, production=False) == ""
    run = Run.objects.get()
    factories.at_once("UPDATE governance_script SET text = text || 'DROP TABLE users;' WHERE kind = 'forward'")

    claim = handoff.claim("run", run.pk)

    run.refresh_from_db()
    assert (claim, run.status) == (None, "failed_clean")
    assert AuditEvent.objects.filter(kind="refused.run", data__code="DigestChanged").exists()
