"""Home, for every role: what waits and since when, what comes, how delivery goes, what is owed, how the databases are."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance import calibration, handoff, workflow
from governance.delivery import Ended, figures
from governance.models import CommentKind, Deployment, RunActivity
from governance.orders import RunKind, RunStatus, SchemaReading
from governance.pages.figures import figure_rows
from governance.pages.overview import overview_page
from governance.policy import ApprovalKind
from governance.workflow import Debt, Result
from tests import factories
from tests.governance.conftest import STAGES, wanted_of
from tests.governance.pages.scenes import words
from tests.portal.test_csp import INLINE

MOST_QUERIES = 15
PEOPLE = ("engineer", "reviewer", "stakeholder", "operator", "auditor")


@pytest.fixture
def beginning(request, beginning):
    return beginning or wanted_of(request, {"spec": STAGES["submission"]})


def home_of(person):
    client = Client()
    client.force_login(person)
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


def page_of(person):
    return overview_page(person, workflow.roles_of(person))


def waits(person):
    return [row["what"] for row in page_of(person)["waiting"]]


def deploy(cast, spec):
    """Through production, to closure."""
    phase = factories.bring_to_production(cast, spec)
    deployment = phase.deployments.select_related("target__environment").get(target__environment__production=True)
    factories.finish(workflow.start(actor=cast.operator, deployment=deployment), schema=SchemaReading("f" * 64, {}))
    return factories.phase_of(spec)


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("filled", [False, pytest.param(True, marks=pytest.mark.at("submission"))])
def test_home_opens_for_every_role_with_and_without_changes(cast, name, filled):
    page = home_of(getattr(cast, name))

    assert INLINE.search(page) is None
    assert ("First steps" in page) is not filled
    assert "How we deliver" in page


def test_home_tells_whoever_has_no_role_to_ask_for_one(db):
    page = home_of(factories.make_user("sam"))

    assert "no role yet" in page
    assert "How we deliver" not in page


@pytest.mark.parametrize("name", ["operator", "auditor"])
def test_home_asks_few_questions_of_the_database(cast, spec, name):
    phase = factories.bring_to_staging(cast, spec)
    workflow.start(actor=cast.operator, deployment=phase.deployments.get(target__environment__production=False))
    client = Client()
    client.force_login(getattr(cast, name))
    client.get("/")

    with CaptureQueriesContext(connection) as queries:
        page = client.get("/").content.decode()

    print(f"home of {name}: {len(queries)} queries")
    assert "0 %" in page
    assert len(queries) <= MOST_QUERIES


def test_technical_approval_waits_for_reviewers_until_one_has_given_it(cast, spec):
    phase = factories.phase_of(spec)
    factories.observe(phase)
    factories.rehearse(cast, phase)
    before = waits(cast.reviewer), waits(cast.operator)

    factories.approve(cast, factories.phase_of(spec), ApprovalKind.TECHNICAL)

    assert before == (["technical approval"], [])
    assert (waits(cast.reviewer), waits(cast.second_reviewer), waits(cast.operator)) == ([], [], ["run below production"])


def test_row_of_an_approval_leads_to_its_page_and_says_since_when(cast, spec):
    phase = factories.phase_of(spec)
    factories.observe(phase)
    factories.rehearse(cast, phase)

    row = page_of(cast.reviewer)["waiting"][0]

    assert row["url"] == reverse("admin:approve", args=[phase.pk, "technical"])
    assert row["age"] == "just now"


def test_change_of_my_own_does_not_wait_for_my_approval(cast, spec):
    phase = factories.phase_of(spec)
    factories.observe(phase)
    factories.rehearse(cast, phase)
    cast.engineer.groups.set(cast.reviewer.groups.all())

    assert waits(cast.engineer) == []


def test_business_is_asked_once_a_window_is_booked_and_the_booking_comes_next(cast, spec):
    phase = factories.bring_to_window(cast, spec)
    before = waits(cast.stakeholder), waits(cast.operator)
    deployment = phase.deployments.select_related("target__environment").get(target__environment__production=True)

    workflow.book(actor=cast.operator, phase=phase, target=deployment.target, window=factories.make_window(deployment.target))

    page = page_of(cast.stakeholder)
    assert before == ([], ["window"])
    assert [row["what"] for row in page["waiting"]] == ["business approval"]
    assert [(row["target"], row["word"]) for row in page["next"]] == [("production_db", "Waits for approval")]


def test_figures_and_databases_are_unknown_before_anything_ran_and_known_afterwards(cast, spec):
    before = page_of(cast.auditor)

    deploy(cast, spec)

    after = page_of(cast.auditor)
    figures = {figure["name"]: (figure["value"], figure["note"]) for figure in after["figures"]}
    assert [figure["unit"] for figure in before["figures"]] == ["unknown"] * 4
    assert figures["Deployments"] == ("0.1", "1 in 90 days")
    assert figures["Change failure"] == ("0", "0 of 1 change")
    assert figures["Time to restore"] == ("", "nothing had to be restored")
    assert [(row["state"], row["note"]) for row in before["databases"]] == [("unknown", "not observed yet")] * 2
    assert [row["state"] for row in after["databases"]] == ["unknown", "ok"]
    assert Deployment.objects.get(target__name="production_db").version_after in home_of(cast.auditor)


def test_follow_up_past_its_date_is_overdue(cast, spec):
    phase = deploy(cast, spec)
    debt = Debt("Remove the old view", cast.engineer, date.today() - timedelta(days=3))
    results = {"Worst wait": Result("0.1 s", True)}
    workflow.review(actor=cast.reviewer, phase=phase, performance_impact="None.", lessons="None.", results=results, follow_ups=[debt])

    debts = page_of(cast.auditor)["debts"]

    assert debts["overdue"] == 1
    assert [(row["title"], row["word"], row["overdue"]) for row in debts["rows"]] == [("Remove the old view", "3 days", True)]


def test_first_steps_name_what_is_missing_and_who_does_it(cast):
    nothing = page_of(cast.operator)["steps"]
    factories.make_targets()

    targets = page_of(cast.engineer)["steps"]

    assert [(step["done"], bool(step["url"])) for step in nothing] == [
        (True, False),
        (False, True),
        (False, True),
        (False, False),
        (False, True),
        (False, True),
    ]
    assert [(step["done"], bool(step["url"])) for step in targets] == [
        (True, False),
        (True, False),
        (True, False),
        (False, True),
        (True, False),
        (False, True),
    ]


def test_the_author_reads_whom_a_change_waits_for(cast, spec):
    phase = factories.phase_of(spec)
    factories.observe(phase)
    factories.rehearse(cast, phase)

    page = page_of(cast.engineer)

    assert [row["what"] for row in page["others"]] == ["Reviewer: technical approval"]
    assert page_of(cast.reviewer)["others"] == []


def test_changes_that_are_asked_for_wait_for_who_wrote_the_change(cast, spec):
    phase = factories.phase_of(spec)
    factories.observe(phase)
    factories.rehearse(cast, phase)

    workflow.comment(actor=cast.reviewer, phase=phase, text="Name the column better.", kind=CommentKind.CHANGES)

    assert waits(cast.engineer) == ["changes that were asked for"]
    assert waits(cast.reviewer) == []


def test_a_run_at_work_waits_for_nobody_and_a_paused_one_for_an_operator(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    run = workflow.start(actor=cast.operator, deployment=phase.deployments.get(target__environment__production=False))
    at_work = waits(cast.operator), [row["what"] for row in page_of(cast.engineer)["others"]]
    claim = handoff.claim("run", run.pk)

    handoff.finish_run(claim, factories.outcome(RunStatus.PAUSED, checks=(), message="Paused at a boundary."))

    assert at_work == ([], ["End of a run"])
    assert waits(cast.operator) == ["paused run"]


def test_a_run_at_work_says_how_long_it_takes_and_whether_anybody_is_blocked(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    run = workflow.start(actor=cast.operator, deployment=phase.deployments.get(target__environment__production=False))
    silent = page_of(cast.auditor)["running"][0]
    activity = RunActivity.objects.create(run=run, position=1, at=timezone.now(), done=250, total=1000, unit="blocks", rate=0.5)
    page, text = page_of(cast.auditor)["running"][0], home_of(cast.auditor)
    RunActivity.objects.update(keeps_waiting="app (pid 8)")
    blocking = home_of(cast.auditor)
    RunActivity.objects.update(at=activity.at - timedelta(minutes=1))

    late = page_of(cast.auditor)["running"][0]

    assert (silent["left"], silent["blocks"]) == (late["left"], late["blocks"]) == (None, None)
    assert (page["left"], page["blocks"]) == (1500.0, False)
    assert "25 min 00 left" in text
    assert "Nobody is blocked" in text
    assert "Others wait for it" in blocking


@pytest.mark.parametrize(
    ("number", "before", "note"),
    [(3, 0, "3 in 90 days"), (3, 2, "up from 0.2"), (1, 2, "down from 0.2"), (2, 2, "as in the period before")],
)
def test_deployments_are_compared_with_the_period_before(number, before, note):
    now = timezone.now()
    first = Ended(0, RunKind.DEPLOY, RunStatus.SUCCEEDED, now, now, now)
    here, earlier = (figures(replace(first, deployment=each) for each in range(count)) for count in (number, before))

    assert figure_rows(here, earlier, now)[0]["note"] == note


def test_a_rejected_change_waits_for_who_wrote_it(cast, spec):
    phase = factories.bring_to_approval(cast, spec)
    digest = workflow.digest_for(phase, ApprovalKind.TECHNICAL)

    workflow.reject(actor=cast.reviewer, phase=phase, kind=ApprovalKind.TECHNICAL, digest=digest, reason="No index.")

    assert waits(cast.engineer) == ["answer to a rejection"]
    assert (waits(cast.reviewer), waits(cast.second_reviewer)) == ([], [])


def test_home_says_how_forecasts_are_kept_once_enough_runs_have_ended(cast, spec, monkeypatch):
    deploy(cast, spec)
    before = home_of(cast.engineer)
    monkeypatch.setattr(calibration, "ENOUGH", 2)  # below production, and in it

    after = home_of(cast.engineer)

    assert "2 runs with a forecast ended so far. The share is told after 8 more runs." in words(before)
    assert "100 % of 2 runs ended inside their forecast; 90 % was promised." in words(after)


def test_home_does_not_say_that_nothing_waits_while_a_first_step_is_to_do(cast):
    operator, auditor = page_of(cast.operator), page_of(cast.auditor)

    assert operator["waits"] == "4 first steps wait for you."
    assert sum(bool(step["url"]) for step in operator["steps"]) == 4
    assert auditor["waits"] == "Nothing waits for you."


def test_the_first_steps_lead_to_a_domain_since_no_change_goes_on_without_one(cast):
    steps = {step["title"]: step for step in page_of(cast.operator)["steps"]}
    others = {step["title"]: step for step in page_of(cast.engineer)["steps"]}

    assert list(steps)[-2:] == ["Add a domain", "Submit the first change"]
    assert steps["Add a domain"]["url"] == reverse("admin:governance_domain_add")
    assert not steps["Add a domain"]["done"]
    assert (others["Add a domain"]["url"], others["Add a domain"]["who"]) == ("", "an operator")

    factories.make_domain("sales")
    assert {step["title"]: step["done"] for step in page_of(cast.operator)["steps"]}["Add a domain"]
