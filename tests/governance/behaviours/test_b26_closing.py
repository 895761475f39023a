"""B26: nothing is closed before it is verified and reviewed; a check that failed is superseded with a reason, never edited."""

import pytest
from django.db import DatabaseError, IntegrityError

from governance import workflow
from governance.lifecycle import Stage
from governance.models import CheckResult, Supersession
from governance.orders import CheckResult as CheckValue
from governance.orders import Moment, Question, SchemaReading, Verdict
from tests import factories
from tests.governance.behaviours.ways import WAYS, browser, by_api, by_form, by_function, by_page


@pytest.fixture
def failed(cast, spec) -> CheckResult:
    """Run in production with one check that failed."""
    run = workflow.start(actor=cast.operator, deployment=factories.on(factories.phase_of(spec), production=True))
    verdicts = {question: Verdict.FAILED if question is Question.ACCURACY else Verdict.PASSED for question in Question}
    checks = tuple(CheckValue(f"check {each}", each, Moment.AFTER, verdict, "12 rows") for each, verdict in verdicts.items())
    factories.finish(run, checks=checks, schema=SchemaReading("f" * 64, {"tables": []}))
    return CheckResult.objects.get(run=run, verdict=Verdict.FAILED)


def superseded(way, api, person, result, reason="They are test accounts.") -> str:
    if way == "function":
        return by_function(workflow.supersede_check, actor=person, result=result, verdict=Verdict.PASSED, reason=reason)
    if way == "page":
        return by_page(person, f"/checks/{result.pk}/supersede/", verdict="passed", reason=reason)
    body = {"check": result.name, "verdict": "passed", "reason": reason}
    return by_api(api, person, "POST", f"/runs/{result.run_id}/supersede", body)


def reviewed(way, api, person, phase) -> str:
    if way == "function":
        return by_function(lambda: factories.review(factories.find_cast(), phase, actor=person))
    criterion = phase.spec.criteria.get()
    if way == "page":
        told = {f"result_{criterion.pk}": "0.1 s", f"met_{criterion.pk}": "on"}
        return by_form(person, phase, "review", performance_impact="None.", lessons="None.", **told)
    results = [{"criterion": criterion.name, "result": "0.1 s", "met": True}]
    body = {"performance_impact": "None.", "lessons": "None.", "results": results}
    return by_api(api, person, "POST", f"/changes/{phase.spec.number}/review", body)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("production")
def test_b26_change_whose_check_failed_is_not_reviewed_before_somebody_answers_for_it(api, cast, spec, failed, way):
    phase = factories.phase_of(spec)

    reviewed(way, api, cast.reviewer, phase)

    assert (phase.at, factories.phase_of(spec).status) == (Stage.POST_MIGRATION_VERIFICATION, "open")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("production")
def test_b26_check_is_superseded_with_a_reason_by_who_took_no_part(api, cast, spec, failed, way):
    """Not by its author, not by who ran it, not without a role, not without a reason."""
    cast.engineer.groups.add(*cast.reviewer.groups.all())
    refused = [superseded(way, api, person, failed) for person in (cast.engineer, cast.operator, cast.auditor)]
    refused.append(superseded(way, api, cast.second_reviewer, failed, reason=" "))

    done = superseded(way, api, cast.second_reviewer, failed)

    failed.refresh_from_db()
    assert refused == ["OwnWork", "OwnWork", "MissingRole", "NeedsReason"]
    assert (done, failed.verdict, Supersession.objects.get().reason) == ("", "failed", "They are test accounts.")
    assert factories.phase_of(spec).at > Stage.POST_MIGRATION_VERIFICATION


@pytest.mark.at("production")
def test_b26_what_was_found_and_what_holds_stand_side_by_side(cast, spec, failed):
    superseded("function", None, cast.second_reviewer, failed)

    page = browser(cast.auditor).get(f"/governance/spec/{spec.pk}/change/?tab=checks").content.decode()

    assert "12 rows" in page
    assert "They are test accounts." in page


@pytest.mark.parametrize(
    "statement", ["UPDATE governance_checkresult SET verdict = 'passed'", "UPDATE governance_checkresult SET evidence = ''"]
)
@pytest.mark.at("production")
def test_b26_database_refuses_the_edit_of_a_check(cast, spec, failed, statement):
    with pytest.raises(DatabaseError, match="Cannot update"):
        factories.at_once(statement)


@pytest.mark.at("production")
def test_b26_database_refuses_a_supersession_by_the_author(cast, spec, failed):
    values = f"({failed.pk}, {spec.author_id}, 'passed', 'mine', now())"

    with pytest.raises(IntegrityError, match="cannot supersede its checks"):
        factories.at_once(f"INSERT INTO governance_supersession (result_id, person_id, verdict, reason, at) VALUES {values}")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("closure")
def test_b26_review_of_somebody_else_closes_it(api, cast, spec, way):
    phase = factories.phase_of(spec)
    cast.engineer.groups.add(*cast.reviewer.groups.all())

    own, other = reviewed(way, api, cast.engineer, phase), reviewed(way, api, cast.reviewer, phase)

    assert (own, other) in (("OwnWork", ""), ("", ""))
    assert factories.phase_of(spec).review.reviewer == cast.reviewer
    assert factories.phase_of(spec).status == "closed"
