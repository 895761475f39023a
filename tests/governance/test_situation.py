"""What a change meets at its time makes its risk another one, with the reason."""

from datetime import time

import pytest
from django.db import transaction

from governance import assessment, audit, workflow
from governance.audit import System, save
from governance.errors import MissingEvidence
from governance.models import Environment
from governance.orders import RunStatus
from tests import factories

LONG = "-- Purpose: p\n-- Impact: i\nCREATE INDEX CONCURRENTLY contractors_name ON public.contractors (name);\n"
BACK = "-- Purpose: p\n-- Impact: i\nDROP INDEX CONCURRENTLY public.contractors_name;\n"


def reasons(phase):
    latest = phase.analyses.filter(target__isnull=False).order_by("pk").last()
    return {point["reason"]: point["points"] for point in latest.report["risk"]["points"]}


@transaction.atomic
def make_busy(begins, until):
    audit.append(System.FIXTURES, "test.set_up", "", "Busy hours.")
    production = Environment.objects.get(production=True)
    production.busy_from, production.busy_until = begins, until
    save(System.FIXTURES, production)


@pytest.mark.at("window")
def test_booking_in_busy_hours_adds_five_points(cast, spec):
    phase = factories.phase_of(spec)
    make_busy(time(0), time(23, 59))

    factories.book(cast, phase, factories.on(phase, production=True).target)

    assert reasons(phase)["It is booked in the busy hours of production, 00:00 to 23:59, every day"] == 5


@pytest.mark.at("window")
def test_booking_outside_of_them_weighs_nothing_again(cast, spec):
    phase = factories.phase_of(spec)
    before = phase.analyses.count()

    factories.book(cast, phase, factories.on(phase, production=True).target)

    assert phase.analyses.count() == before


def test_what_takes_longer_than_its_window_is_of_high_risk_and_asks_for_a_second_peer(cast):
    factories.make_targets()
    files = factories.script_files(forward=LONG, rollback=BACK, checks=factories.CHECKS.replace("level < 0", "name = ''"))
    spec = factories.make_spec(cast, files)
    factories.observe(factories.phase_of(spec), rows=10**9)
    phase = factories.bring_to_window(cast, spec)
    before = phase.risk

    factories.book(cast, phase, factories.on(phase, production=True).target, hours=1.2)

    phase = factories.phase_of(spec)
    assert (before in ("low", "medium"), phase.risk) == (True, "high")
    assert any(reason.startswith("It is forecast to take up to") for reason in reasons(phase))
    with pytest.raises(MissingEvidence, match="technical approval, 1 of 2"):
        workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))


@pytest.mark.at("staging")
def test_recent_failure_adds_ten_points_until_a_run_succeeds(cast, spec):
    phase = factories.phase_of(spec)
    factories.finish(workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False)), status=RunStatus.FAILED_CLEAN)

    assessment.reassess(System.RUNNER, phase)

    assert [points for reason, points in reasons(phase).items() if "failed on" in reason] == [10]
