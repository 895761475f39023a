"""The page of a run: steering it, and following it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from governance import handoff, workflow
from governance.advice import next_step
from governance.models import DecisionPoint, Run, RunProgress, Sample, Step
from governance.monitoring import Metric, Period
from governance.orders import CHECKING, Activity, CheckResult, Judged, Moment, Question, RunKind, RunStatus, StepStatus, Verdict, Wish
from governance.orders import Step as StepValue
from governance.pages.run import run_page, shown_runs
from governance.pages.values import address_of
from tests import factories
from tests.governance.admin.acting import deployment, said

pytestmark = pytest.mark.at("staging")


@pytest.fixture
def queued(cast, spec) -> Run:
    phase = factories.phase_of(spec)
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

    page = run_page(cast.operator, shown_runs().get(pk=queued.pk))
    text = sign_in(cast.operator).get(address_of(queued)).content.decode()

    assert page["backfill"] == {
        "rows": 40_000, "percent": 25, "rate": 5_000, "batch": 700, "left": 30.0, "pass": 1, "rests": "replication lag",
    }  # fmt: skip
    assert "rests: replication lag" in text
    assert "<strong>40,000</strong>" in text
    assert "<strong>5,000</strong><p>rows a second" in text


def measure(run, *seconds, period=Period.DURING):
    for number, value in enumerate(seconds):
        at = timezone.now() + timedelta(seconds=number)
        Sample.objects.create(run=run, period=period, at=at, values={Metric.LATENCY: value}, latencies={"public.contractors": value})


def page_of(run, person, sign_in) -> str:
    return sign_in(person).get(address_of(run)).content.decode()


def test_what_was_measured_is_drawn_with_what_was_usual_and_where_the_run_is_steered(queued, cast, sign_in):
    measure(queued, 0.010, 0.012, period=Period.BEFORE)
    measure(queued, 0.100, 0.200)

    page = run_page(cast.operator, shown_runs().get(pk=queued.pk))["course"]
    text = page_of(queued, cast.operator, sign_in)

    assert (page["samples"], page["chart"]["now"], page["chart"]["limit"]["label"]) == (4, "200.0 ms", "250.0 ms")
    assert page["figures"][0] | {"line": ""} == {
        "name": "Latency of a query for one row", "before": "11.0 ms", "now": "200.0 ms", "worst": "200.0 ms", "line": "",
    }  # fmt: skip
    assert "give the target a metrics address" in text
    assert page["triggers"][0] == {
        "text": "Pauses: latency of a query for one row above 250.0 ms, 3 times in a row", "state": "passed", "now": "200.0 ms",
    }  # fmt: skip


def test_run_that_nobody_measured_says_so(queued, cast, sign_in):
    assert "Nothing is measured yet." in page_of(queued, cast.auditor, sign_in)


def test_page_of_a_dry_run_does_not_promise_to_measure(queued, cast, sign_in):
    Run.objects.filter(pk=queued.pk).update(kind=RunKind.DRY_RUN)

    text = page_of(queued, cast.auditor, sign_in)

    assert "Statements" in text
    assert "What clients wait for one row" not in text
    assert "Acts by itself" not in text


def test_activity_of_the_running_statement_is_shown_with_who_is_in_the_way(queued, cast, sign_in):
    claim = handoff.claim("run", queued.pk)
    activity = Activity("building the index: scanning table", 250, 1000, "blocks", 50.0, "report (pid 7)", "app (pid 8)")
    step = StepValue(1, "V.sql", 1, "CREATE INDEX", StepStatus.RUNNING, timezone.now(), activity=activity)
    for _ in range(3):
        handoff.progress(claim, step)

    page = run_page(cast.operator, shown_runs().get(pk=queued.pk))
    text = page_of(queued, cast.operator, sign_in)

    assert page["activity"] == {
        "position": 1, "checks": False, "phase": "building the index: scanning table", "done": 250, "total": 1000, "unit": "blocks",
        "percent": 25, "rate": 50, "left": 15.0,
        "waits_for": "report (pid 7)", "keeps_waiting": "app (pid 8)",
    }  # fmt: skip
    assert "250 of 1,000 blocks" in text
    assert "It waits for" in text
    assert "It keeps waiting" in text
    assert Step.objects.get(run=queued).history.count() == 1  # what changes by the second leaves no history


def test_long_reading_of_a_check_is_shown_though_no_statement_runs(queued, cast, sign_in):
    claim = handoff.claim("run", queued.pk)
    activity = Activity("reading public.contractors", 250, 1000, "rows", 50.0)
    handoff.progress(claim, StepValue(CHECKING, "", 0, "reading", StepStatus.RUNNING, timezone.now(), activity=activity))

    text = page_of(queued, cast.operator, sign_in)
    course = handoff.course_of(queued.pk)

    assert 'aria-label="Reading 25 percent"' in text
    assert "of about 1,000 rows" in text
    assert course.detail == "reading public.contractors, 250 of 1,000 rows, 50 a second, 15 s left"
    assert not Step.objects.filter(run=queued).exists()


def test_script_that_is_applied_in_part_is_not_called_applied(queued, cast):
    claim = handoff.claim("run", queued.pk)
    judged = Judged(2, "V.sql", 2, "REINDEX", StepStatus.UNKNOWN)
    done = StepValue(1, "V.sql", 1, "VACUUM", StepStatus.DONE, timezone.now())
    handoff.finish_run(claim, factories.outcome(RunStatus.INDETERMINATE, checks=(), steps=(done,), judged=(judged,)))

    page = run_page(cast.operator, shown_runs().get(pk=queued.pk))

    assert page["applied"] == []
    assert [step["state"] for step in page["steps"]][:2] == ["done", "unknown"]
    assert [act.label for act in page["points"][0]["acts"]] == ["It is applied", "It is not applied"]
    assert run_page(cast.auditor, shown_runs().get(pk=queued.pk))["points"][0]["acts"] == ()


def failed_check() -> CheckResult:
    return CheckResult("levels are known", Question.BUSINESS_RULES, Moment.AFTER, Verdict.FAILED, "3 rows")


def test_operator_decides_on_the_page_of_the_run(queued, cast, sign_in):
    run = factories.finish(queued, checks=(failed_check(),))
    client, url = sign_in(cast.operator), reverse("admin:governance_run_act", args=[run.pk])
    text = page_of(run, cast.operator, sign_in)
    assert "To be decided" in text
    assert 'value="keep"' in text
    assert 'value="roll_back"' in text

    assert "reason" in said(client.post(url, {"act": "keep", "reason": ""}))
    assert said(client.post(url, {"act": "keep", "reason": "it is the old import"})).endswith("Decided: it stays.")

    text = page_of(run, cast.operator, sign_in)
    assert 'value="keep"' not in text
    assert "it is the old import" in text


def test_operator_rolls_back_from_the_page_of_the_run(queued, cast, sign_in):
    run = factories.finish(queued)

    answer = sign_in(cast.operator).post(reverse("admin:governance_run_act", args=[run.pk]), {"act": "roll_back", "reason": "bids fail"})

    assert said(answer) == "The rollback is queued. Its page is under Runs."
    assert Run.objects.get(kind="rollback").reason == "bids fail"


@pytest.mark.parametrize("name", ["keep", "roll_back"])
@pytest.mark.parametrize("who", ["engineer", "reviewer", "stakeholder", "auditor"])
def test_nobody_else_decides(who, name, queued, cast, sign_in):
    run = factories.finish(queued, checks=(failed_check(),))

    answer = sign_in(getattr(cast, who)).post(reverse("admin:governance_run_act", args=[run.pk]), {"act": name, "reason": "I say so"})

    assert "it takes the role operator" in said(answer)
    assert DecisionPoint.objects.get(run=run).decided_at is None


@pytest.mark.parametrize("kind", RunKind)
@pytest.mark.parametrize("status", RunStatus)
def test_every_status_says_what_to_do_next(kind, status):
    assert len(next_step(kind, status)) > 20


def test_page_of_a_measured_run_takes_few_queries(queued, cast, sign_in, django_assert_max_num_queries):
    run = factories.finish(queued, checks=(failed_check(),))
    measure(run, *[0.01] * 20)
    client = sign_in(cast.operator)

    with django_assert_max_num_queries(12):
        client.get(address_of(run))
