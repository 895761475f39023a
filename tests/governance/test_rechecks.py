"""A check whose answer is unknown is asked again: by whom, when not, and what counts then."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from governance import audit, handoff, workflow
from governance.audit import System, save
from governance.dossier import gather
from governance.errors import NotReady
from governance.handoff.building import run_order
from governance.lifecycle import Stage
from governance.models import AuditEvent, CheckAnswer, CheckResult, DecisionPoint, Recheck, Run
from governance.orders import (
    CHECKING,
    Activity,
    Moment,
    Question,
    Rechecked,
    RecheckOrder,
    RunStatus,
    SchemaReading,
    Step,
    StepStatus,
    Verdict,
    Wish,
)
from governance.orders import CheckResult as Found
from tests import factories
from tests.governance.api.caller import Caller
from tests.governance.behaviours.ways import WAYS, browser, by_api, by_function, by_page

pytestmark = pytest.mark.at("production")
ACTS = {"ask_again": workflow.ask_again, "stop_asking": workflow.stop_asking}


@pytest.fixture
def api() -> Caller:
    return Caller()


@pytest.fixture
def unknown(cast, spec) -> CheckResult:
    """Of a run in production that answers all else."""
    run = workflow.start(actor=cast.operator, deployment=factories.on(factories.phase_of(spec), production=True))
    name = next(check.name for check in run_order(run).checks if check.moment is Moment.AFTER)
    given = tuple(Found(f"check {each}", each, Moment.AFTER, Verdict.PASSED, "0 rows") for each in Question)
    stopped = Found(name, Question.ACCURACY, Moment.AFTER, Verdict.UNKNOWN, "a person stopped it")
    factories.finish(run, checks=(*given, stopped), schema=SchemaReading("f" * 64, {"tables": []}))
    return CheckResult.objects.select_related("run__deployment__phase__spec").get(run=run, name=name)


def asked(way: str, api: Any, person: Any, result: CheckResult, act: str = "ask_again") -> str:
    if way == "function":
        return by_function(ACTS[act], actor=person, result=result)
    if way == "page":
        return by_page(person, reverse("admin:governance_run_act", args=[result.run_id]), act=act, check=result.pk)
    return by_api(api, person, "POST", f"/runs/{result.run_id}/{act}", {"check": result.name})


def answer(result: CheckResult, verdict: Verdict, evidence: str = "1,000 rows, none differs") -> None:
    """What the runner does when it is woken."""
    claim = handoff.claim("recheck", result.rechecks.live().get().pk)
    assert claim
    assert isinstance(claim.order, RecheckOrder)
    (check,) = claim.order.of.checks
    handoff.finish_recheck(claim, Rechecked(Found(check.name, check.question, check.moment, verdict, evidence, strength="All of them.")))


def page_of(person: Any, result: CheckResult) -> str:
    return browser(person).get(reverse("admin:governance_run_change", args=[result.run_id])).content.decode()


@pytest.mark.parametrize("way", WAYS)
def test_reviewers_and_operators_ask_again_and_nobody_else(api, cast, unknown, way):
    refused = [asked(way, api, person, unknown) for person in (cast.engineer, cast.stakeholder, cast.auditor)]
    done = asked(way, api, cast.reviewer, unknown)
    twice = asked(way, api, cast.operator, unknown)

    assert (refused, done, twice) == (["MissingRole"] * 3, "", "NotReady")
    assert (Recheck.objects.get().result, Recheck.objects.get().requested_by) == (unknown, cast.reviewer)


@pytest.mark.parametrize("way", WAYS)
def test_a_reading_is_stopped_by_those_who_may_ask(api, cast, unknown, way):
    none = asked(way, api, cast.operator, unknown, "stop_asking")
    workflow.ask_again(actor=cast.reviewer, result=unknown)
    claim = handoff.claim("recheck", Recheck.objects.get().pk)
    read = Step(
        CHECKING, "", 0, "", StepStatus.RUNNING, Recheck.objects.get().started_at, activity=Activity("reading public.bids", 5, 9, "rows")
    )
    before = handoff.heed_recheck(claim, read)

    refused = asked(way, api, cast.engineer, unknown, "stop_asking")
    done = asked(way, api, cast.operator, unknown, "stop_asking")

    assert (none, refused, done) == ("NotReady", "MissingRole", "")
    assert (before, handoff.heed_recheck(claim, read)) == (Wish.NONE, Wish.STOP)


def test_one_that_still_waits_is_stopped_at_once(cast, unknown):
    workflow.ask_again(actor=cast.reviewer, result=unknown)

    workflow.stop_asking(actor=cast.operator, result=unknown)

    row = Recheck.objects.get()
    assert (row.status, row.message) == (RunStatus.FAILED_CLEAN, "Stopped before it was asked.")
    assert handoff.claim("recheck", row.pk) is None
    assert workflow.ask_again(actor=cast.reviewer, result=unknown).pk != row.pk


def test_what_is_found_then_counts_and_the_first_answer_stays(cast, spec, unknown):
    before = factories.phase_of(spec).at
    workflow.ask_again(actor=cast.reviewer, result=unknown)

    answer(unknown, Verdict.PASSED)

    unknown.refresh_from_db()
    assert (before, unknown.verdict, unknown.evidence) == (Stage.POST_MIGRATION_VERIFICATION, Verdict.UNKNOWN, "a person stopped it")
    assert (CheckAnswer.objects.get().verdict, CheckAnswer.objects.get().strength) == (Verdict.PASSED, "All of them.")
    assert factories.phase_of(spec).at > before
    assert [event.actor for event in AuditEvent.objects.filter(kind__in=("check.ask", "check.asked"))] == ["system:runner", "rosa"]


def test_what_fails_then_is_brought_to_a_decision_and_to_whoever_supersedes(cast, spec, unknown):
    workflow.ask_again(actor=cast.reviewer, result=unknown)

    answer(unknown, Verdict.FAILED, "3 rows differ")

    verdicts = {target.name: target.answers.get(Question.ACCURACY) for target in gather(factories.phase_of(spec)).on(production=True)}
    assert verdicts == {unknown.run.target.name: Verdict.FAILED}
    assert f"The check “{unknown.name}” fails now that it was asked again: 3 rows differ." in DecisionPoint.objects.get().text
    workflow.supersede_check(actor=cast.second_reviewer, result=unknown, verdict=Verdict.PASSED, reason="Test accounts.")
    assert gather(factories.phase_of(spec)).on(production=True)[0].answers[Question.ACCURACY] is Verdict.PASSED


def test_page_offers_it_says_who_asked_and_shows_both_answers(cast, spec, unknown):
    tab = f"/governance/spec/{spec.pk}/change/?tab=checks"
    offered = page_of(cast.operator, unknown), browser(cast.reviewer).get(tab).content.decode()
    others = page_of(cast.engineer, unknown)
    workflow.ask_again(actor=cast.reviewer, result=unknown)
    meanwhile = page_of(cast.operator, unknown)
    answer(unknown, Verdict.PASSED)
    after = page_of(cast.operator, unknown), browser(cast.reviewer).get(tab).content.decode()

    assert all(">Ask again</button>" in page for page in offered)
    assert ">Ask again</button>" not in others
    assert 'data-live="true"' in meanwhile
    assert all(text in meanwhile for text in ("rosa asked it again", "waits for the runner", ">Stop asking</button>"))
    assert all(text in page for page in after for text in ("a person stopped it", "1,000 rows, none differs: passed", "All of them."))
    assert not any(text in page for page in after for text in (">Ask again</button>", ">Supersede</summary>"))


def test_pages_with_an_unknown_answer_ask_the_database_no_more_than_others(cast, spec, unknown, django_assert_max_num_queries):
    client, tab = browser(cast.operator), f"/governance/spec/{spec.pk}/change/?tab=checks"

    for prepare in (
        lambda: None,
        lambda: workflow.ask_again(actor=cast.reviewer, result=unknown),
        lambda: answer(unknown, Verdict.UNKNOWN),
    ):
        prepare()
        for address in (tab, reverse("admin:governance_run_change", args=[unknown.run_id])):
            with django_assert_max_num_queries(15):
                client.get(address)


def test_over_http_the_run_says_what_was_found_and_what_counts(api, cast, unknown):
    workflow.ask_again(actor=cast.reviewer, result=unknown)
    answer(unknown, Verdict.PASSED)

    run = api.get(cast.auditor, f"/runs/{unknown.run_id}").json()

    found = next(check for check in run["checks"] if check["name"] == unknown.name)
    assert (found["verdict"], found["holds"]) == ("unknown", "passed")
    assert [(each["name"], each["verdict"], each["evidence"]) for each in run["asked_again"]] == [
        (unknown.name, "passed", "1,000 rows, none differs")
    ]


def known(cast, unknown):
    return unknown.run.checks.filter(verdict=Verdict.PASSED)[0]


def superseded(cast, unknown):
    workflow.supersede_check(actor=cast.reviewer, result=unknown, verdict=Verdict.FAILED, reason="Seen by hand.")
    return unknown


def answered(cast, unknown):
    workflow.ask_again(actor=cast.reviewer, result=unknown)
    answer(unknown, Verdict.PASSED)
    return unknown


def rolled_back(cast, unknown):
    workflow.roll_back(actor=cast.operator, deployment=unknown.run.deployment, reason="No.")
    factories.finish(Run.objects.get(kind="rollback"), status=RunStatus.ROLLED_BACK, schema=SchemaReading("f" * 64, {"tables": []}))
    return unknown


def edited(cast, unknown):
    phase = factories.phase_of(unknown.run.deployment.phase.spec)
    factories.at_once("UPDATE governance_script SET text = text || '-- more' WHERE phase_id = %s AND kind = 'forward'", [phase.pk])
    return unknown


def followed(cast, unknown):
    """By another run on the target."""
    audit.append(System.FIXTURES, "test.set_up", "", "A later run.")
    now, run = timezone.now(), unknown.run
    given = {"kind": "deploy", "status": RunStatus.SUCCEEDED, "script_digest": run.script_digest, "started_at": now, "finished_at": now}
    save(System.FIXTURES, Run(deployment=run.deployment, target=run.target, **given))
    return unknown


REFUSED = {
    known: "is answered: passed",
    superseded: "is answered: failed",
    answered: "is answered: passed",
    rolled_back: "left nothing on production_db that could be asked about now",
    edited: "have changed since",
    followed: "with it went what production_db had kept to compare with",
}


@pytest.mark.parametrize("scene", REFUSED)
def test_what_cannot_be_asked_any_more_is_refused_in_words(cast, unknown, scene):
    result = scene(cast, unknown)

    with pytest.raises(NotReady, match=REFUSED[scene]):
        workflow.ask_again(actor=cast.operator, result=CheckResult.objects.get(pk=result.pk))


def test_what_came_meanwhile_ends_the_request_in_words(cast, unknown):
    workflow.ask_again(actor=cast.reviewer, result=unknown)
    followed(cast, unknown)

    claim = handoff.claim("recheck", Recheck.objects.get().pk)

    assert claim is None
    assert (Recheck.objects.get().status, Recheck.objects.get().finished_at is None) == (RunStatus.FAILED_CLEAN, False)
    assert "with it went what production_db had kept" in Recheck.objects.get().message
