"""B10: a forward script without its rollback is refused unless the change is irreversible and has a restore plan."""

import pytest

from governance import workflow
from governance.models import Spec
from tests import factories
from tests.governance.api.caller import submission
from tests.governance.behaviours.ways import WAYS, browser, by_api, by_function

ALONE = factories.script_files(rollback="")


def submit(way, api, cast, **given) -> str:
    if way == "function":
        return by_function(workflow.submit, actor=cast.engineer, specification=factories.specification(**given), scripts=ALONE)
    body = submission(**given)
    body["scripts"] = [{"name": file.name, "text": file.text} for file in ALONE]
    return by_api(api, cast.engineer, "POST", "/changes", body)


@pytest.fixture(autouse=True)
def targets(cast):
    return factories.make_targets()


@pytest.mark.parametrize("way", [way for way in WAYS if way != "page"])
def test_b10_forward_script_without_rollback_is_refused(api, cast, way):
    assert submit(way, api, cast) == "MissingRollback"
    assert not Spec.objects.exists()


def test_b10_form_says_what_is_missing_and_keeps_nothing(cast):
    page = browser(cast.engineer).post("/governance/spec/add/", {"title": "Levels", "scripts": []})

    assert page.status_code == 200
    assert not Spec.objects.exists()


@pytest.mark.parametrize("given", [{"irreversible": True, "restore_plan": "  "}, {"irreversible": True, "restore_plan": ""}])
def test_b10_irreversible_without_a_restore_plan_is_refused(cast, given):
    refused = by_function(workflow.submit, actor=cast.engineer, specification=factories.specification(**given), scripts=ALONE)

    assert refused == "BadSpecification"


def test_b10_irreversible_with_a_restore_plan_is_taken(cast):
    spec = factories.make_spec(cast, ALONE, irreversible=True, restore_plan="From the archive.")

    assert factories.dossier(factories.phase_of(spec)).unpaired == ()
