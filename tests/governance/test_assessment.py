"""What the analysis is told of the world around a change: who uses what, and what else is booked."""

import pytest

from governance import assessment, workflow
from governance.models import Binding, Finding, Release
from tests import factories
from tests.governance.pages.scenes import keep

HEAD = "-- Purpose: p\n-- Impact: i\n"
DROP = f"{HEAD}ALTER TABLE public.contractors DROP COLUMN grade;\n"
BACK = f"{HEAD}ALTER TABLE public.contractors ADD COLUMN grade text;\n"


@pytest.fixture
def client(cast):
    factories.make_targets()
    return keep(Release(kind="client", name="App", version="2.1"))


def dropped(cast):
    spec = factories.make_spec(cast, factories.script_files(forward=DROP, rollback=BACK))
    return Finding.objects.filter(analysis__phase__spec=spec, code="breaks-live-client")


@pytest.mark.parametrize(
    ("used", "found"), [("public.contractors.grade", True), ("public.contractors", True), ("public.contractors.name", False)]
)
def test_a_live_client_that_uses_what_is_dropped_is_named(cast, client, used, found):
    keep(Binding(client=client, by="GET /contractors", object=used))

    findings = dropped(cast)

    assert [("App 2.1" in each.message or "App 2.1" in each.why) for each in findings] == [True] * found


def test_a_client_that_nobody_uses_any_more_breaks_nothing(cast, client):
    keep(Binding(client=client, by="GET /contractors", object="public.contractors.grade"))
    client.live = False
    keep(client)

    assert not dropped(cast).exists()


def test_scripts_of_another_change_in_the_same_window_are_neighbours(cast):
    factories.make_targets()
    other = factories.bring_to_window(cast, factories.make_spec(cast))
    phase = factories.bring_to_window(cast, factories.make_spec(cast, factories.script_files("20260101_1000"), title="Another"))
    target = phase.deployments.get(target__environment__production=True).target
    window = factories.make_window(target, hours=4)
    half = window.starts + (window.ends - window.starts) / 2
    workflow.book(actor=cast.operator, phase=other, target=target, window=window, ends=half)

    before = assessment.surroundings(phase).neighbours
    workflow.book(actor=cast.operator, phase=phase, target=target, window=window, starts=half)

    assert before == ()
    assert {script.version for script in assessment.surroundings(phase).neighbours} == {"20260101_0900"}
