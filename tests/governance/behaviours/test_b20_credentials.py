"""B20: the credentials of targets are nowhere in the portal, its processes have roles of their own, and privileges can be reviewed."""

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from governance.models import Target
from tests import factories
from tests.governance.behaviours.ways import browser

SECRET = "postgresql://runner:7h3-s3cr3t@db.example.com/shop"


@pytest.fixture
def target(cast, monkeypatch) -> Target:
    monkeypatch.setenv("PRODUCTION_DB_URL", SECRET)
    return factories.make_targets()[1]


@pytest.mark.parametrize("name", ["engineer", "operator", "auditor"])
def test_b20_no_page_and_no_answer_holds_a_connection_string(api, cast, target, name):
    person = getattr(cast, name)
    pages = [f"/governance/target/{target.pk}/change/", "/governance/target/", f"/schema/{target.name}/", "/schema/"]

    shown = [browser(person).get(page).content.decode() for page in pages] + [api.get(person, "/targets").content.decode()]

    assert [text for text in shown if "7h3-s3cr3t" in text or "db.example.com" in text] == []


def test_b20_a_target_holds_the_name_of_a_variable_and_nothing_that_is_a_string(target):
    held = {str(value) for value in Target.objects.filter(pk=target.pk).values_list().get()}

    assert "PRODUCTION_DB_URL" in held
    assert not any("postgresql://" in value for value in held)


def test_b20_connection_string_in_place_of_a_name_is_refused(cast, target):
    target.connection = SECRET

    with pytest.raises(ValidationError, match="name of an environment variable"):
        target.full_clean()


def test_b20_portal_and_runner_sign_in_as_roles_of_their_own():
    text = (settings.BASE_DIR / "deploy" / "roles.sql").read_text()

    assert all(f":{{?{role}}}" in text for role in ("owner", "web", "runner"))


def test_b20_privileges_are_reviewed_on_one_page(cast, superuser):
    page = browser(superuser).get("/auth/user/").content.decode()

    assert all(name in page for name in ("erin", "rosa", "stella", "otto", "ada"))
    assert all(role in page for role in ("engineer", "reviewer", "stakeholder", "operator", "auditor"))
