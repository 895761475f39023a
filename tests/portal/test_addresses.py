"""What no text can hold is no address, on pages and in the API."""

import pytest

from tests.governance.api.caller import Caller
from tests.governance.pages.scenes import browser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/audit/?q=%00", "/governance/release/?kind=%00", "/schema/a%00b/"])
def test_page_says_that_the_address_cannot_be_read(cast, address):
    answer = browser(cast.operator).get(address)

    assert (answer.status_code, "a character that no text can hold" in answer.content.decode()) == (400, True)


@pytest.mark.parametrize("address", ["/api/v1/events?subject=%00", "/api/v1/targets/a%00b/schema"])
def test_api_answers_with_a_problem(cast, address):
    answer = browser(cast.operator).get(address)

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["code"] == "MalformedRequest"


def test_request_that_is_larger_than_may_be_is_refused_with_the_limit(cast, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20

    answer = Caller().post(cast.engineer, "/changes", {"x": "y" * 2**20})

    assert (answer.status_code, answer.json()["code"]) == (413, "TooMuch")
    assert "1.0 MiB at most" in answer.json()["detail"]
