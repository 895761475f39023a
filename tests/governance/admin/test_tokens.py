"""The page on which people make and revoke API tokens."""

import pytest
from django.urls import reverse

from governance import workflow
from governance.models import ApiToken
from tests.governance.admin.acting import said

PAGE = "admin:tokens"
ASKED = {"name": "CI of bids-api", "scopes": ["read", "submit"], "days": "30"}


def make(person, name="CI of bids-api"):
    workflow.make_token(actor=person, name=name, scopes=["read"], days=30)
    return ApiToken.objects.get(name=name)


def test_a_new_token_is_shown_once_and_works(cast, sign_in):
    client = sign_in(cast.engineer)

    answer = client.post(reverse(PAGE), ASKED)

    plain = answer.context["page"]["made"]
    assert plain in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert workflow.person_of(plain)[0] == cast.engineer
    assert plain not in client.get(reverse(PAGE)).content.decode()


@pytest.mark.parametrize("wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["rule"]}, {"days": "0"}, {"days": "366"}])
def test_a_token_that_cannot_be_made_says_why_at_its_field(wrong, cast, sign_in):
    answer = sign_in(cast.engineer).post(reverse(PAGE), ASKED | wrong)

    assert answer.context["page"]["form"].errors.keys() == wrong.keys()
    assert not ApiToken.objects.exists()


def test_a_second_token_of_one_name_is_refused_in_words(cast, sign_in):
    make(cast.engineer)

    answer = sign_in(cast.engineer).post(reverse(PAGE), ASKED)

    assert "Revoke it first" in answer.content.decode()
    assert ApiToken.objects.count() == 1


def test_people_see_and_revoke_their_own(cast, sign_in):
    mine = make(cast.engineer, "mine")
    make(cast.reviewer, "hers")
    client = sign_in(cast.engineer)

    page = client.get(reverse(PAGE)).content.decode()
    client.post(reverse(PAGE), {"revoke": mine.pk})

    assert "mine" in page
    assert "hers" not in page
    mine.refresh_from_db()
    assert mine.revoked_at


def test_operators_revoke_everybodys(cast, sign_in):
    token = make(cast.engineer)

    answer = sign_in(cast.operator).post(reverse(PAGE), {"revoke": token.pk})

    token.refresh_from_db()
    assert token.revoked_at
    assert "revoked" in said(answer)


def test_nobody_else_revokes_them(cast, sign_in):
    token = make(cast.engineer)

    answer = sign_in(cast.stakeholder).post(reverse(PAGE), {"revoke": token.pk})

    token.refresh_from_db()
    assert token.revoked_at is None
    assert "it takes the role" in said(answer)
