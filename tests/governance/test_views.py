"""The pages beside the admin's: for whoever has a role, and nobody else; nothing inline."""

import pytest
from django.test import Client

from tests import factories
from tests.factories import Cast
from tests.governance.pages.scenes import browser, html, snapshot, table
from tests.portal.test_csp import INLINE

PAGES = ("/calendar/", "/matrix/", "/audit/", "/schema/", "/schema/staging_db/", "/schema/staging_db/public.bids/")
pytestmark = pytest.mark.django_db


@pytest.fixture
def known(cast: Cast) -> None:
    staging, _ = factories.make_targets()
    snapshot(staging, table("public.bids", "id"))


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.usefixtures("known")
def test_every_role_may_see_the_page_and_nothing_in_it_is_inline(cast, address):
    pages = [html(person, address) for person in (cast.engineer, cast.reviewer, cast.stakeholder, cast.operator, cast.auditor)]

    assert all(INLINE.search(page) is None for page in pages)


@pytest.mark.parametrize("address", [*PAGES, "/matrix/?as=csv"])
@pytest.mark.usefixtures("known")
def test_who_has_no_role_is_refused_and_who_is_nobody_is_asked_to_sign_in(address):
    person = factories.make_user("newcomer")

    refused, asked = browser(person).get(address), Client().get(address)

    assert refused.status_code == 403
    assert asked.status_code == 302
    assert asked["Location"].startswith("/login/?next=/")


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.usefixtures("known")
def test_pages_only_answer_to_reading(cast, address):
    response = browser(cast.operator).post(address)

    assert response.status_code == 405


@pytest.mark.parametrize("address", PAGES[:4])
def test_navigation_leads_to_the_page_and_marks_it(superuser, address):
    page = html(superuser, address)

    assert f'<a href="{address}" aria-current="page">' in page
