"""API tokens: made once, kept as a hash, and worth nothing once they are old, revoked, or their person has left."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from governance import workflow
from governance.access import BadToken, hash_of
from governance.errors import BadInput, MissingRole, NotReady
from governance.models import ApiToken, AuditEvent, TokenUse


def make(person, **given):
    return workflow.make_token(**{"actor": person, "name": "CI", "scopes": ["read", "submit"], "days": 30, **given})


def test_a_token_leads_to_its_person(cast):
    plain = make(cast.engineer)

    person, token = workflow.person_of(plain)

    assert (person, token.name, token.scopes) == (cast.engineer, "CI", ["read", "submit"])
    assert plain.startswith("lg_")


def test_only_the_hash_of_a_token_is_kept(cast):
    plain = make(cast.engineer)

    row = ApiToken.objects.get()
    kept = [str(list(rows.values())) for rows in (ApiToken.objects, ApiToken.history, AuditEvent.objects)]
    assert row.hash == hash_of(plain)
    assert not any(plain in text for text in kept)
    assert row.hash not in kept[2]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": " "}, "needs a name"),
        ({"name": "n" * 101}, "needs a name"),
        ({"scopes": []}, "Name at least one"),
        ({"scopes": ["read", "rule"]}, "no other"),
        ({"days": 0}, "1 to 365"),
        ({"days": 366}, "1 to 365"),
    ],
)
def test_a_token_that_says_too_little_or_asks_too_much_is_refused(cast, given, why):
    with pytest.raises(BadInput, match=why):
        make(cast.engineer, **given)

    assert not ApiToken.objects.exists()
    assert AuditEvent.objects.filter(kind="refused.make_token").exists()


def test_two_tokens_of_a_person_have_two_names_until_one_is_revoked(cast):
    make(cast.engineer)

    with pytest.raises(BadInput, match="called “CI”"):
        make(cast.engineer)
    workflow.revoke_token(actor=cast.engineer, token=ApiToken.objects.get())

    assert make(cast.engineer)


def test_a_superuser_without_a_role_gets_no_token(superuser):
    with pytest.raises(MissingRole):
        make(superuser)


def test_an_unknown_token_is_refused(cast):
    with pytest.raises(BadToken, match="Nobody has this token"):
        workflow.person_of("lg_guessed")


def test_an_expired_token_is_refused(cast):
    plain = make(cast.engineer)
    row = ApiToken.objects.get()
    row.expires_at = timezone.now() - timedelta(seconds=1)
    row.save()

    with pytest.raises(BadToken, match="expired"):
        workflow.person_of(plain)


def test_a_revoked_token_is_refused(cast):
    plain = make(cast.engineer)
    workflow.revoke_token(actor=cast.engineer, token=ApiToken.objects.get())

    with pytest.raises(BadToken, match="revoked"):
        workflow.person_of(plain)


def test_the_token_of_somebody_who_left_is_refused(cast):
    plain = make(cast.engineer)
    cast.engineer.is_active = False
    cast.engineer.save()

    with pytest.raises(BadToken, match="no longer active"):
        workflow.person_of(plain)


def test_operators_revoke_everybodys_tokens_and_others_only_their_own(cast):
    make(cast.engineer)
    row = ApiToken.objects.get()

    with pytest.raises(MissingRole):
        workflow.revoke_token(actor=cast.reviewer, token=row)
    workflow.revoke_token(actor=cast.operator, token=row)

    assert ApiToken.objects.get().revoked_at
    assert AuditEvent.objects.get(kind="token.revoke").actor == "otto"
    with pytest.raises(NotReady):
        workflow.revoke_token(actor=cast.operator, token=row)


def test_the_last_use_of_a_token_is_kept_at_most_once_a_minute(cast):
    plain = make(cast.engineer)
    workflow.person_of(plain)
    first = TokenUse.objects.get().at

    workflow.person_of(plain)
    again = TokenUse.objects.get().at
    TokenUse.objects.update(at=first - timedelta(minutes=2))
    workflow.person_of(plain)

    assert again == first
    assert TokenUse.objects.get().at >= first


def test_the_command_makes_and_revokes_a_token(cast):
    out = StringIO()

    call_command("token", "--as", "erin", "--name", "CI", "--scope", "read", "--scope", "submit", stdout=out)
    person, token = workflow.person_of(out.getvalue().strip())
    call_command("token", "--as", "erin", "--name", "CI", "--revoke", stdout=out)

    assert (person, token.scopes) == (cast.engineer, ["read", "submit"])
    assert ApiToken.objects.get().revoked_at


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--as", "nobody", "--name", "CI"], "Nobody here"),
        (["--as", "erin", "--name", "CI", "--days", "999"], "1 to 365"),
        (["--as", "erin", "--name", "CI", "--revoke"], "no token called"),
    ],
)
def test_the_command_says_why_it_refuses(cast, arguments, why):
    with pytest.raises(CommandError, match=why):
        call_command("token", *arguments)
