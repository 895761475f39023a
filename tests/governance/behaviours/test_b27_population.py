"""B27: rejected, cancelled and failed changes stay in the population, in the list and in what is exported."""

import csv

import pytest

from governance import workflow
from governance.counting import outcomes
from governance.orders import RunStatus
from governance.policy import ApprovalKind
from governance.population import Outcome
from tests import factories
from tests.governance.behaviours.ways import browser


@pytest.fixture
def numbers(cast) -> dict[str, str]:
    """One change of each outcome."""
    factories.make_targets()
    made = {outcome: factories.make_spec(cast, factories.script_files(f"2026010{n}_0900")) for n, outcome in enumerate(Outcome, 1)}
    workflow.cancel(actor=cast.engineer, phase=factories.phase_of(made[Outcome.CANCELLED]), reason="Not needed.")
    rejected = factories.bring_to_approval(cast, made[Outcome.REJECTED])
    digest = workflow.digest_for(rejected, ApprovalKind.TECHNICAL)
    workflow.reject(actor=cast.reviewer, phase=rejected, kind=ApprovalKind.TECHNICAL, digest=digest, reason="No index.")
    failed = factories.bring_to_staging(cast, made[Outcome.FAILED])
    run = workflow.start(actor=cast.operator, deployment=factories.on(failed, production=False))
    factories.finish(run, status=RunStatus.FAILED_CLEAN)
    undone = factories.bring_to_window(cast, made[Outcome.ROLLED_BACK])
    factories.roll_back_staging(cast, undone)
    factories.review(cast, factories.bring_to_closure(cast, made[Outcome.CLOSED]))
    return {spec.number: outcome for outcome, spec in made.items()}


def test_b27_everything_stays_in_the_population_whatever_became_of_it(api, cast, numbers):
    listed = browser(cast.auditor).get("/governance/spec/?o=-1").content.decode()
    rows = list(csv.DictReader(browser(cast.auditor).get("/report/?as=csv").content.decode().splitlines()))
    answer = api.get(cast.auditor, "/reports/population").json()

    assert outcomes() == dict.fromkeys(Outcome, 1)
    assert {row["number"]: row["outcome"] for row in rows} == numbers
    assert (answer["count"], {each["number"]: each["outcome"] for each in answer["changes"]}) == (len(numbers), numbers)
    assert all(number in listed for number in numbers)


def test_b27_text_that_looks_like_a_formula_is_exported_as_text(cast):
    factories.make_targets()
    factories.make_spec(cast, title="=HYPERLINK(1)")

    exported = browser(cast.auditor).get("/report/?as=csv").content.decode()

    assert ",'=HYPERLINK(1)," in exported
