"""The list of what waits for an approval: each person's own first, then what others decide."""

import pytest
from django.test import Client

from governance import workflow
from governance.pages.duties import decisions
from governance.pages.home import navigation
from governance.policy import ApprovalKind
from tests import factories

pytestmark = pytest.mark.at("submission")


def asked_of(person):
    found = decisions(person, workflow.roles_of(person))
    return [row["what"] for row in found["theirs"]], [row["what"] for row in found["others"]]


def test_a_reviewer_finds_what_to_decide_and_the_author_reads_who_does(cast, spec):
    factories.bring_to_approval(cast, spec)

    answers = asked_of(cast.reviewer), asked_of(cast.engineer)

    assert answers == ((["Reviewer: technical approval"], []), ([], ["Reviewer: technical approval"]))


def test_who_has_decided_or_asked_for_changes_is_not_asked_again(cast, spec):
    phase = factories.bring_to_approval(cast, spec)
    workflow.comment(actor=cast.second_reviewer, phase=phase, text="Name the range.", kind="changes")

    assert asked_of(cast.reviewer) == ([], [])


@pytest.mark.parametrize("name", ["reviewer", "stakeholder", "auditor"])
def test_the_page_leads_to_the_approval_and_to_all_decisions(cast, spec, name):
    phase = factories.bring_to_approval(cast, spec)
    client = Client()
    client.force_login(getattr(cast, name))

    page = client.get("/approve/").content.decode()

    assert f'href="/approve/{phase.pk}/technical/"' in page
    assert 'href="/governance/approval/"' in page
    assert ("Nothing waits for your approval" in page) is (name != "reviewer")


def test_the_navigation_counts_what_the_person_can_decide(cast, spec):
    phase = factories.bring_to_approval(cast, spec)
    before = [navigation(person, workflow.roles_of(person))["approvals"] for person in (cast.reviewer, cast.second_reviewer, cast.engineer)]
    cast.engineer.groups.set(cast.reviewer.groups.all())
    workflow.reject(
        actor=cast.reviewer,
        phase=phase,
        kind=ApprovalKind.TECHNICAL,
        digest=workflow.digest_for(phase, ApprovalKind.TECHNICAL),
        reason="No.",
    )

    after = [navigation(person, workflow.roles_of(person))["approvals"] for person in (cast.reviewer, cast.engineer)]

    assert (before, after) == ([1, 1, 0], [0, 0])
