"""What no text can hold is refused in words, on pages and in the API."""

import pytest

from governance.models import PolicyVersion
from governance.pages.policy import as_text
from tests.governance.api.caller import Caller
from tests.governance.pages.scenes import browser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/audit/?q=%00", "/governance/release/?kind=%00", "/schema/a%00b/"])
def test_page_says_that_the_address_cannot_be_read(cast, address):
    answer = browser(cast.operator).get(address)

    assert (answer.status_code, "a character that no text can hold" in answer.content.decode()) == (400, True)


def test_page_takes_no_form_with_such_a_character(cast):
    answer = browser(cast.operator).post("/policy/", {"rules": "a", "reason": "a\0b"})

    assert (answer.status_code, PolicyVersion.objects.count()) == (400, 1)


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ("[" * 3000 + "]" * 3000, "lists within lists"),
        ("- {kind: [technical], why: w}", "kind cannot be"),
        ('{} - {{kind: technical, people: 2, why: "a\\0b"}}', "a character that no text can hold"),
        ("- x\n" * 20_000, "at most 50000 characters"),
    ],
)
def test_policy_in_yaml_is_refused_with_what_cannot_be_read(cast, rules, why):
    rules = rules.replace("{} -", f"{as_text(PolicyVersion.objects.active().get())}\n-").replace("{{", "{").replace("}}", "}")

    page = browser(cast.operator).post("/policy/", {"rules": rules, "reason": "More eyes."}).content.decode()

    assert why in page
    assert PolicyVersion.objects.count() == 1


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
