"""B15: an emergency is reviewed within 48 hours; overdue, it blocks that person's next one and is seen on the landing page."""

import pytest

from governance import workflow
from governance.models import BreakGlass
from tests import factories
from tests.governance.behaviours.ways import WAYS, browser, by_api, by_form, by_function
from tests.governance.exceptional import age, open_emergency


def reviewed(way, api, person, emergency) -> str:
    said = {"findings": "It was needed.", "justified": True}
    if way == "function":
        return by_function(workflow.review_emergency, actor=person, emergency=emergency, **said)
    if way == "page":
        return by_form(person, emergency.phase, "review_emergency", findings="It was needed.", justified="on")
    return by_api(api, person, "POST", f"/emergencies/{emergency.pk}/review", said)


def opened_again(way, api, cast, phase) -> str:
    said = {"incident": "INC-4712", "reason": "Again."}
    if way == "function":
        return by_function(workflow.break_glass, actor=cast.operator, phase=phase, **said)
    if way == "page":
        return by_form(cast.operator, phase, "break_glass", minutes=60, **said)
    return by_api(api, cast.operator, "POST", f"/changes/{phase.spec.number}/emergencies", said)


@pytest.fixture
def overdue(cast, spec) -> BreakGlass:
    return age(open_emergency(cast, factories.phase_of(spec)), hours=48.1)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("submission")
def test_b15_overdue_review_blocks_the_next_emergency_of_that_person(api, cast, spec, overdue, way):
    refused = opened_again(way, api, cast, factories.phase_of(spec))

    assert (refused, BreakGlass.objects.count()) == ("ReviewOverdue", 1)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("submission")
def test_b15_review_frees_the_person_again(api, cast, spec, overdue, way):
    assert reviewed(way, api, cast.auditor, overdue) == ""

    assert opened_again(way, api, cast, factories.phase_of(spec)) == ""
    assert BreakGlass.objects.get(pk=overdue.pk).justified is True


@pytest.mark.at("submission")
def test_b15_review_within_its_time_blocks_nobody(cast, spec):
    age(open_emergency(cast, factories.phase_of(spec)), hours=47.9)

    assert open_emergency(cast, factories.phase_of(spec)).pk


@pytest.mark.at("submission")
def test_b15_overdue_review_is_seen_on_the_landing_page_and_in_the_report(api, cast, spec, overdue):
    home = browser(cast.auditor).get("/").content.decode()

    assert "The review of this emergency is overdue" in home
    assert api.get(cast.auditor, "/reports/governance").json()["overdue"] == 1
