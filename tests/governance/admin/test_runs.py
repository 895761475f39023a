"""The page of a run: steering it, and following it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from governance import workflow
from governance.models import Run, RunProgress
from governance.orders import Wish
from governance.pages.run import run_page
from governance.pages.values import address_of
from tests import factories
from tests.governance.admin.acting import deployment, said


@pytest.fixture
def queued(cast, spec) -> Run:
    phase = factories.bring_to_staging(cast, spec)
    return workflow.start(actor=cast.operator, deployment=deployment(phase, production=False))


@pytest.mark.parametrize("wish", [Wish.PAUSE, Wish.STOP])
def test_operator_steers_a_run(wish, queued, cast, sign_in):
    sign_in(cast.operator).post(reverse("admin:governance_run_act", args=[queued.pk]), {"act": wish})

    assert Run.objects.get(pk=queued.pk).wish == wish


@pytest.mark.parametrize("name", ["pause", "stop", "resume"])
@pytest.mark.parametrize("who", ["engineer", "reviewer", "stakeholder", "auditor"])
def test_nobody_else_steers_a_run(who, name, queued, cast, sign_in):
    answer = sign_in(getattr(cast, who)).post(reverse("admin:governance_run_act", args=[queued.pk]), {"act": name})

    assert Run.objects.get(pk=queued.pk).wish == Wish.NONE
    assert "it takes the role operator" in said(answer)


def test_an_unknown_wish_is_refused(queued, cast, sign_in):
    answer = sign_in(cast.operator).post(reverse("admin:governance_run_act", args=[queued.pk]), {"act": "explode"})

    assert "no act" in said(answer)
    assert Run.objects.get(pk=queued.pk).wish == Wish.NONE


def test_the_body_of_a_run_is_sent_only_when_it_changed(queued, cast, sign_in):
    client = sign_in(cast.operator)
    url = reverse("admin:governance_run_body", args=[queued.pk])

    first = client.get(url)
    same = client.get(url, {"after": first.headers["ETag"]})
    factories.finish(queued)
    after = client.get(url, {"after": first.headers["ETag"]})

    assert [first.status_code, same.status_code, after.status_code] == [200, 304, 200]
    assert 'data-live="true"' in first.content.decode()
    assert 'data-live="false"' in after.content.decode()
    assert "</html>" not in first.content.decode()


def test_the_body_of_a_run_is_for_people_with_a_role(queued, everybody, client, sign_in):
    url = reverse("admin:governance_run_body", args=[queued.pk])

    assert client.get(url).status_code == 302
    assert sign_in(everybody["nobody"]).get(url).status_code == 403


def test_only_operators_see_the_buttons_of_a_run(queued, cast, sign_in):
    url = reverse("admin:governance_run_change", args=[queued.pk])

    pages = {name: sign_in(getattr(cast, name)).get(url).content.decode() for name in ("operator", "auditor")}

    assert 'value="pause"' in pages["operator"]
    assert 'value="pause"' not in pages["auditor"]


def test_a_backfill_shows_how_far_it_is_how_fast_and_how_long_it_takes(queued, cast, sign_in):
    RunProgress.objects.create(
        run=queued,
        position=1,
        at=timezone.now(),
        rows=40_000,
        seen=50_000,
        total=200_000,
        rate=5_000.0,
        batch=700,
        throttled="replication lag",
    )

    page = run_page(cast.operator, Run.objects.get(pk=queued.pk))
    text = sign_in(cast.operator).get(address_of(queued)).content.decode()

    assert page["backfill"] == {
        "rows": 40_000, "percent": 25, "rate": 5_000, "batch": 700, "left": 30.0, "pass": 1, "rests": "replication lag",
    }  # fmt: skip
    assert "rests: replication lag" in text
