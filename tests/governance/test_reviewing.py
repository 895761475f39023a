"""The look back: what was measured, what was learned, and what is owed."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from governance import workflow
from governance.errors import BadSpecification, MissingRole, NotAllowed, NotReady
from governance.models import AuditEvent, Criterion, FollowUp, Sample, Spec
from governance.orders import SchemaReading, Step, StepStatus
from governance.specification import Criterion as CriterionValue
from governance.specification import parse
from governance.workflow import Debt, Result
from tests import factories
from tests.governance.api.caller import Caller
from tests.governance.behaviours.ways import WAYS, browser, by_api, by_function, by_page
from tests.governance.conftest import wanted_of

MEASURED = (CriterionValue("Worst wait", "under 1 s", "longest_lock < 1"), CriterionValue("Nobody calls", "no call"))


def to_be_run(cast) -> None:
    """A change with such criteria that may run in production."""
    factories.make_targets()
    factories.bring_to_production(cast, factories.make_spec(cast, criteria=MEASURED))


def with_debt(cast) -> None:
    """The same change, closed, with debt that is overdue."""
    to_be_run(cast)
    closed(cast, follow_ups=[Debt("Drop the old column", cast.engineer, timezone.localdate() - timedelta(days=3))])


@pytest.fixture
def beginning(request, beginning):
    return beginning or wanted_of(request, {"debt": with_debt, "cast": to_be_run})


def closed(cast, lock: float = 0.31, **given):
    phase = factories.phase_of(Spec.objects.get())
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))
    step = Step(1, "V20260101_0900__levels.sql", 3, "ALTER TABLE", StepStatus.DONE, timezone.now(), seconds=0.02)
    factories.finish(run, longest_lock=lock, steps=(step,), schema=SchemaReading("f" * 64, {"tables": []}))
    usual = {"results": {"Nobody calls": Result("nobody", True)}, "lessons": "Validate constraints in a script of their own."}
    return factories.review(cast, factories.phase_of(phase.spec), **{**usual, **given})


@pytest.mark.parametrize(("lock", "came"), [(0.31, ("0.31 s", True)), (2.0, ("2 s", False))])
def test_criterion_that_was_measured_is_judged_by_its_measure(cast, lock, came):
    closed(cast, lock)

    criterion = Criterion.objects.get(name="Worst wait")
    assert (criterion.result, criterion.met) == came


@pytest.mark.at("submission")
def test_what_was_measured_around_the_run_is_shown_and_judges(cast, spec):
    criterion = CriterionValue("Worst wait", "under half a second", "lock_wait < 0.5")
    files = factories.script_files("20260102_0900")
    phase = factories.bring_to_production(cast, factories.make_spec(cast, files, criteria=(criterion,)))
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))
    for period, wait in (("before", 0.0), ("during", 0.7), ("after", 0.1)):
        Sample.objects.create(run=run, period=period, at=timezone.now(), values={"lock_wait": wait})
    factories.finish(run, schema=SchemaReading("f" * 64, {"tables": []}))
    factories.review(cast, factories.phase_of(phase.spec), results={})

    page = browser(cast.auditor).get(f"/governance/spec/{phase.spec_id}/change/?tab=review").content.decode()

    judged = Criterion.objects.get(spec=phase.spec)
    assert (judged.result, judged.met) == ("700.0 ms", False)
    assert all(text in page for text in ("Longest wait for a lock", "0.0 ms", "700.0 ms", "100.0 ms"))


def test_reviewer_does_not_say_otherwise_than_what_was_measured(cast):
    closed(cast, 2.0, results={"Worst wait": Result("0.1 s", True), "Nobody calls": Result("nobody", True)})

    assert Criterion.objects.get(name="Worst wait").met is False


def test_measure_that_is_none_is_refused_with_the_change(cast):
    with pytest.raises(BadSpecification, match="measures nothing that runs leave"):
        factories.make_spec(cast, factories.script_files("20260102_0900"), criteria=(CriterionValue("Fast", "fast", "speed < 1"),))


def test_specification_file_holds_measures():
    text = "---\ntitle: T\ncriteria: [{name: Wait, expected: short, measure: longest_lock < 1}, {name: Calls, expected: none}]\n---\n"

    found = parse("spec.md", text).criteria

    assert [each.measure for each in found] == ["longest_lock < 1", ""]


def test_page_puts_forecast_and_actual_side_by_side(cast):
    review = closed(cast, incidents="INC-4711: bids were late.")

    page = browser(cast.auditor).get(f"/governance/spec/{review.phase.spec_id}/change/?tab=review").content.decode()

    statements, whole = page.index(">Statements<"), page.index(">Whole run, watching and checks included<")
    assert "under 0.1 s</td>" in page[statements:whole]
    assert "As forecast" in page[statements:whole]
    assert all(text in page for text in ("Forecast and actual", "0.31 s", "INC-4711: bids were late.", "longest_lock &lt; 1"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=validating constraint", 1),
        ("search=constraint -validate", 0),
        ("search=INC-4711", 1),
        ("search=ponies", 0),
        ("table=public.contractors", 1),
        ("table=public.bids", 0),
        ("", 1),
    ],
)
def test_lessons_are_searched_by_words_and_by_table(cast, query, found):
    closed(cast, incidents="INC-4711.")
    address = query.replace("search=", "q=").replace(" ", "+")

    answer = Caller().get(cast.engineer, f"/lessons?{query.replace(' ', '%20')}").json()
    page = browser(cast.engineer).get(f"/lessons/?{address}").content.decode()

    assert len(answer) == found
    assert ("Validate constraints in a script of their own." in page) is bool(found)


def test_next_author_of_the_same_tables_sees_what_was_learned(cast):
    closed(cast)
    spec = factories.make_spec(cast, factories.script_files("20270101_0900"))

    page = browser(cast.engineer).get(f"/governance/spec/{spec.pk}/change/").content.decode()

    assert "Learned from changes of the same tables" in page
    assert "Validate constraints in a script of their own." in page


@pytest.fixture
def debt(cast) -> FollowUp:
    return FollowUp.objects.get()


@pytest.mark.parametrize("way", WAYS)
def test_owner_says_that_debt_is_done(cast, debt, way):
    api = Caller()
    ways = {
        "function": lambda person: by_function(workflow.finish_debt, actor=person, debt=debt),
        "page": lambda person: by_page(person, "/debts/", debt=debt.pk, act="done"),
        "api": lambda person: by_api(api, person, "POST", f"/debts/{debt.pk}/done"),
    }

    refused = [ways[way](person) for person in (cast.reviewer, cast.engineer, cast.engineer)]

    debt.refresh_from_db()
    assert refused == ["NotAllowed", "", "NotReady"]
    assert (debt.settled_by, debt.waived_because) == (cast.engineer, "")


@pytest.mark.parametrize("way", WAYS)
def test_somebody_else_waives_debt_with_a_reason(cast, debt, way):
    cast.engineer.groups.add(*cast.reviewer.groups.all())
    api = Caller()
    ways = {
        "function": lambda person, reason: by_function(workflow.waive_debt, actor=person, debt=debt, reason=reason),
        "page": lambda person, reason: by_page(person, "/debts/", debt=debt.pk, act="waive", reason=reason),
        "api": lambda person, reason: by_api(api, person, "POST", f"/debts/{debt.pk}/waive", {"reason": reason}),
    }

    tries = ((cast.auditor, "r"), (cast.engineer, "r"), (cast.reviewer, " "), (cast.reviewer, "The table goes."))

    refused = [ways[way](*each) for each in tries]

    debt.refresh_from_db()
    assert refused == ["MissingRole", "MissingRole", "NeedsReason", ""]
    assert (debt.settled_by, debt.waived_because) == (cast.reviewer, "The table goes.")


def test_overdue_debt_is_on_home_and_in_the_list(cast, debt):
    home, page = (browser(cast.auditor).get(path).content.decode() for path in ("/", "/debts/"))

    assert "1 overdue" in home
    assert "3 days overdue" in page
    assert [each["title"] for each in Caller().get(cast.auditor, "/debts?overdue=true").json()] == ["Drop the old column"]


def test_database_keeps_a_waiver_to_what_is_over(cast, debt):
    with pytest.raises(DatabaseError, match="follow_up_waived_is_over"):
        factories.at_once("UPDATE governance_followup SET waived_because = 'x'")


def test_settling_leaves_one_event(cast, debt):
    workflow.finish_debt(actor=cast.engineer, debt=debt)

    assert AuditEvent.objects.get(kind="debt.done").actor == "erin"


@pytest.mark.parametrize(("act", "refusal"), [(workflow.finish_debt, NotAllowed), (workflow.waive_debt, MissingRole)])
def test_debt_of_somebody_else_is_not_done_nor_waived_by_an_auditor(cast, debt, act, refusal):
    given = {"reason": "r"} if act is workflow.waive_debt else {}

    with pytest.raises(refusal):
        act(actor=cast.auditor, debt=debt, **given)

    assert FollowUp.objects.get().done_at is None


def test_debt_that_is_settled_is_settled_once(cast, debt):
    workflow.waive_debt(actor=cast.reviewer, debt=debt, reason="The table goes.")

    with pytest.raises(NotReady, match="was settled at"):
        workflow.waive_debt(actor=cast.reviewer, debt=debt, reason="Again.")
