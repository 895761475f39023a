"""What domains ask is answered by their owners, who stay free to approve, or by the author."""

import pytest
from django.db import transaction

from governance import workflow
from governance.errors import BadInput, NotAllowed
from governance.lifecycle import Stage
from governance.models import Answer, Consideration, Domain, SpecEditor
from tests import factories
from tests.factories import Cast
from tests.governance.api.caller import Caller
from tests.governance.behaviours.ways import WAYS, browser, by_api, by_form, by_function
from tests.governance.conftest import Scene
from tests.governance.pages.scenes import keep


@transaction.atomic
def asked(cast: Cast) -> None:
    """A change on whose domain a question is open."""
    factories.make_targets()
    domain = Domain.objects.get()
    _own(domain, cast.stakeholder)
    keep(Consideration(domain=domain, question="Who sees the level?"))
    factories.observe(factories.phase_of(factories.make_spec(cast)))


@pytest.fixture
def beginning() -> Scene:
    return asked


@pytest.fixture
def question(cast) -> Consideration:
    return Consideration.objects.get()


@transaction.atomic
def _own(domain, person):
    factories.audit.append(factories.System.FIXTURES, "test.set_up", "", "An owner for a test.")
    domain.owners.add(person)


def answer_by(way, person, spec, question) -> str:
    said = {"question": question.question, "text": "Everybody."}
    ways = {
        "function": lambda: by_function(workflow.answer, actor=person, spec=spec, consideration=question, text="Everybody."),
        "page": lambda: by_form(person, factories.phase_of(spec), "answer", **{f"answer_{question.pk}": "Everybody."}),
        "api": lambda: by_api(Caller(), person, "PUT", f"/changes/{spec.number}/answers", said),
    }
    return ways[way]()


@pytest.mark.parametrize("way", WAYS)
def test_owner_answers_and_stays_free_to_approve(cast, spec, question, way):
    before = factories.phase_of(spec).at

    refused = answer_by(way, cast.stakeholder, spec, question)

    assert (before, refused, factories.phase_of(spec).at) == (Stage.DESIGN, "", Stage.LOCAL_TESTING)
    assert Answer.objects.get().person == cast.stakeholder
    assert not SpecEditor.objects.filter(person=cast.stakeholder).exists()


@pytest.mark.parametrize("way", WAYS)
def test_author_answers_too(cast, spec, question, way):
    assert answer_by(way, cast.engineer, spec, question) == ""


@pytest.mark.parametrize("way", WAYS)
def test_somebody_else_does_not_answer_for_the_domain(cast, spec, question, way):
    assert answer_by(way, cast.reviewer, spec, question) == "NotAllowed"
    assert not Answer.objects.exists()


def test_question_of_a_domain_that_is_not_touched_is_not_answered(cast, spec):
    other = keep(Consideration(domain=factories.make_domain("bidding"), question="Who bids?"))

    with pytest.raises(BadInput, match="does not touch Bidding"):
        workflow.answer(actor=cast.engineer, spec=spec, consideration=other, text="Contractors.")


def test_answer_that_is_taken_back_leads_back_to_design(cast, spec, question):
    workflow.answer(actor=cast.stakeholder, spec=spec, consideration=question, text="Everybody.")

    workflow.edit_specification(actor=cast.engineer, spec=spec, changes={}, answers={question.pk: " "})

    assert factories.phase_of(spec).at in (Stage.DESIGN, Stage.LOCAL_TESTING)


def test_approvers_read_questions_and_answers(cast, spec, question):
    workflow.answer(actor=cast.stakeholder, spec=spec, consideration=question, text="Everybody who signs in.")
    phase = factories.phase_of(spec)
    addresses = (f"/approve/{phase.pk}/technical/", f"/governance/spec/{spec.pk}/change/")

    pages = [browser(cast.reviewer).get(address).content.decode() for address in addresses]

    assert all("Who sees the level?" in page and "Everybody who signs in." in page for page in pages)


def test_refusal_says_whom_to_ask(cast, spec, question):
    with pytest.raises(NotAllowed, match="Ask one of its owners"):
        workflow.answer(actor=cast.auditor, spec=spec, consideration=question, text="Nobody.")
