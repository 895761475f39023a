"""Consistency checks of domains: kept with the domain, asked in every rehearsal, and needed to leave integration testing."""

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from governance import audit, handoff, workflow
from governance.audit import System, save
from governance.consistency import consistency_checks
from governance.dossier import gather
from governance.lifecycle import Stage, State
from governance.models import Domain, DomainTable, Rehearsal
from governance.orders import CheckResult, Moment, Question, Rehearsed, RunStatus, Verdict
from tests import factories

CHECK = """\
-- check: every bid is somebody's
-- question: referential integrity
-- expect: no rows
SELECT FROM bids b LEFT JOIN users u ON u.id = b.bidder WHERE u.id IS NULL;
"""


@transaction.atomic
def with_checks(text=CHECK):
    audit.append(System.FIXTURES, "test.set_up", "", "Checks for a test.")
    bidding = save(System.FIXTURES, Domain(slug="asking", name="Asking", checks=text))
    people = save(System.FIXTURES, Domain(slug="asked", name="People"))
    save(System.FIXTURES, DomainTable(domain=bidding, name="public.bids"))
    save(System.FIXTURES, DomainTable(domain=people, name="public.users"))
    return bidding


def rehearse(cast, phase, *verdicts):
    workflow.request_rehearsal(actor=cast.engineer, phase=phase)
    claim = handoff.claim("rehearse", Rehearsal.objects.get(phase=phase, status=RunStatus.QUEUED).pk)
    found = tuple(CheckResult(f"c{number}", Question.ACCURACY, Moment.AFTER, each, "3 rows") for number, each in enumerate(verdicts))
    handoff.finish_rehearsal(claim, Rehearsed(Verdict.PASSED, (), message="as a test says", consistency=found))
    return claim.order


@pytest.mark.django_db
def test_check_says_whose_it_is_and_which_other_domains_it_spans():
    with_checks()

    [check] = consistency_checks()

    assert check.name == "Asking: every bid is somebody's (with People)"
    assert check.question is Question.REFERENTIAL_INTEGRITY


def test_check_that_cannot_be_read_is_refused_with_what_would_be_right():
    with pytest.raises(ValidationError, match="`-- check:` line"):
        Domain(slug="a", name="A", checks="SELECT 1").full_clean(validate_unique=False, validate_constraints=False)


@pytest.mark.at("approval")
def test_without_checks_nothing_is_asked(cast, spec):
    phase = factories.phase_of(spec)

    assert gather(phase).consistency is State.DONE


@pytest.mark.at("approval")
@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ([Verdict.PASSED], State.DONE),
        ([Verdict.PASSED, Verdict.FAILED], State.MISSING),
        ([Verdict.PASSED, Verdict.UNKNOWN], State.MISSING),
    ],
)
def test_rehearsal_of_these_scripts_answers_the_checks(cast, spec, verdicts, state):
    phase = factories.phase_of(spec)
    with_checks()
    assert gather(phase).consistency is State.STALE

    order = rehearse(cast, phase, *verdicts)

    assert [check.name for check in order.consistency] == ["Asking: every bid is somebody's (with People)"]
    assert gather(phase).consistency is state


@pytest.mark.at("approval")
def test_check_that_is_edited_is_asked_again(cast, spec):
    phase, domain = factories.phase_of(spec), with_checks()
    rehearse(cast, phase, Verdict.PASSED)

    with transaction.atomic():
        audit.append(System.FIXTURES, "test.set_up", "", "Another check.")
        domain.checks = CHECK.replace("IS NULL", "IS NOT NULL")
        save(System.FIXTURES, domain)

    assert gather(phase).consistency is State.STALE


@pytest.mark.at("approval")
def test_what_made_up_rows_cannot_tell_a_test_suite_answers(cast, spec):
    phase = factories.phase_of(spec)
    with_checks()
    rehearse(cast, phase, Verdict.UNKNOWN)

    workflow.add_evidence(actor=cast.engineer, phase=phase, suite="end to end", service="bids", passed=True)

    dossier = gather(phase)
    assert dossier.consistency is State.DONE
    assert "0 of 1 hold on made-up rows of all domains; a test suite has to answer the rest: c0" in dossier.consistency_detail


@pytest.mark.at("submission")
def test_broken_check_holds_a_change_at_integration_testing(cast, spec):
    with_checks()
    phase = factories.phase_of(spec)
    factories.observe(phase)

    rehearse(cast, phase, Verdict.FAILED)

    assert factories.phase_of(spec).at is Stage.INTEGRATION_TESTING
