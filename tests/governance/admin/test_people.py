"""People and roles: who may see them, and the event of every change."""

import re

import pytest
from django.contrib.auth.models import Group, User

from governance.models import AuditEvent
from tests.governance.pages.scenes import words

PASSWORD = "between-two-gates"


def posted(person: User, **given: object) -> dict[str, object]:
    usual = {"username": person.username, "first_name": "Nora", "last_name": "Ek", "email": "", "is_active": "on", "is_staff": "on"}
    return usual | given


def test_administrator_gives_a_role_with_an_event(superuser, everybody, sign_in):
    nora, reviewer = everybody["nobody"], Group.objects.get(name="reviewer")

    sign_in(superuser).post(f"/auth/user/{nora.pk}/change/", posted(nora, groups=[reviewer.pk]))

    event = AuditEvent.objects.get(kind="person.change")
    assert list(nora.groups.all()) == [reviewer]
    assert (event.actor, event.subject, event.data["after"]) == ("root", "nora", ["reviewer"])


def test_taking_a_role_away_and_closing_an_account_is_an_event(superuser, cast, sign_in):
    sign_in(superuser).post(f"/auth/user/{cast.reviewer.pk}/change/", posted(cast.reviewer, is_active=""))

    event = AuditEvent.objects.get(kind="person.change")
    assert (event.data["before"], event.data["after"], event.data["active"]) == (["reviewer"], [], False)


def test_setting_a_password_is_an_event(superuser, cast, sign_in):
    given = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}

    sign_in(superuser).post(f"/auth/user/{cast.reviewer.pk}/password/", given)

    assert User.objects.get(pk=cast.reviewer.pk).check_password(PASSWORD)
    assert AuditEvent.objects.get(kind="person.password").subject == cast.reviewer.username


def test_a_password_that_is_not_accepted_leaves_no_event(superuser, cast, sign_in):
    answer = sign_in(superuser).post(f"/auth/user/{cast.reviewer.pk}/password/", {"password1": "short", "password2": "short"})

    assert answer.status_code == 200
    assert not AuditEvent.objects.filter(kind="person.password").exists()


def test_administrator_adds_a_person(superuser, sign_in):
    given = {"username": "vera", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}

    sign_in(superuser).post("/auth/user/add/", given)

    assert User.objects.get(username="vera").is_staff, "may sign in"
    assert AuditEvent.objects.get(kind="person.add").subject == "vera"


@pytest.mark.parametrize(("given", "word"), [({"is_staff": True}, "Yes"), ({}, "No"), ({"is_staff": True, "is_active": False}, "No")])
def test_the_list_says_who_may_sign_in(superuser, sign_in, given, word):
    User.objects.create_user("nina", **given)

    page = sign_in(superuser).get("/auth/user/?q=nina").content.decode()

    assert words(re.search(r'<td class="field-active">.*?</td>', page, re.DOTALL)[0]).strip() == word


@pytest.mark.parametrize("who", ["engineer", "reviewer", "stakeholder", "operator", "auditor"])
def test_people_are_for_administrators(who, cast, sign_in):
    client = sign_in(getattr(cast, who))
    pages = ("/auth/user/", "/auth/user/add/", f"/auth/user/{cast.reviewer.pk}/change/", f"/auth/user/{cast.reviewer.pk}/password/")

    answers = [client.get(page).status_code for page in pages]

    assert answers == [403] * 4


def test_nobody_deletes_a_person(superuser, cast, sign_in):
    client = sign_in(superuser)

    answer = client.post(f"/auth/user/{cast.reviewer.pk}/delete/", {"post": "yes"})

    assert answer.status_code == 403
    assert "delete_selected" not in client.get("/auth/user/").content.decode()
    assert User.objects.filter(pk=cast.reviewer.pk).exists()


def test_administrator_cannot_make_superusers_in_the_form(superuser, cast, sign_in):
    sign_in(superuser).post(f"/auth/user/{cast.reviewer.pk}/change/", posted(cast.reviewer, is_superuser="on"))

    assert not User.objects.get(pk=cast.reviewer.pk).is_superuser


def test_whoever_adds_a_person_reads_what_the_roles_are_and_where_they_are_given(superuser, everybody, sign_in):
    client = sign_in(superuser)

    added = words(client.get("/auth/user/add/").content.decode())
    person = words(client.get(f"/auth/user/{everybody['nobody'].pk}/change/").content.decode())

    assert "The next page asks for name and roles" in added
    assert "An engineer submits changes, a reviewer approves how they are made" in person


def test_pages_of_people_stand_under_people(superuser, cast, sign_in):
    at = f"/auth/user/{cast.reviewer.pk}"
    client = sign_in(superuser)

    pages = {path: client.get(path).content.decode() for path in ("/auth/user/", "/auth/user/add/", f"{at}/change/", f"{at}/password/")}
    trails = {path: words(page.partition('<div class="breadcrumbs">')[2].partition("</div>")[0]).strip() for path, page in pages.items()}

    assert list(trails.values()) == [
        "Home › People",
        "Home › People › Add",
        f"Home › People › {cast.reviewer}",
        f"Home › People › {cast.reviewer} › Password",
    ]
    assert "Authentication and Authorization" not in "".join(pages.values()) + client.get("/records/").content.decode()
