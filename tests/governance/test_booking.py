"""Recurring windows, room, people, order, and what bookings do to each other, for whoever books."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from governance import audit, handoff, openings, workflow
from governance.audit import System
from governance.dossier import gather
from governance.errors import BadSpecification, DependencyCycle, MissingRole, NeedsReason, NotReady, OutsideWindow
from governance.gates import check_open
from governance.models import AuditEvent, Booking, Collision, Dependency, DependencyKind, Domain, Reservation, Spec, Window
from governance.orders import RunStatus, Step, StepStatus, Wish
from governance.policy import ApprovalKind
from governance.refused_bookings import BookingCollides, OutOfOrder, PersonAway, PersonBusy, ResourceFull, Unacknowledged, WindowFull
from governance.windows import Slot, Tier
from tests import factories
from tests.factories import Cast
from tests.governance.conftest import STAGES, wanted_of

HOUR = timedelta(hours=1)
MAKES_ITEMS = "-- Purpose: items\n-- Impact: a table\nCREATE TABLE public.items (id bigint PRIMARY KEY);\n"
DROPS_ITEMS = "-- Purpose: undo\n-- Impact: drops it\nDROP TABLE public.items;\n"
ALTERS_ITEMS = "-- Purpose: items\n-- Impact: one column\nALTER TABLE public.items ADD COLUMN level integer;\n"
UNALTERS_ITEMS = "-- Purpose: undo\n-- Impact: one column\nALTER TABLE public.items DROP COLUMN level;\n"


@pytest.fixture
def spec(cast: Cast) -> Spec:
    return Spec.objects.earliest("pk")


@pytest.fixture
def phase(cast: Cast, spec):
    return factories.bring_to_window(cast, spec)


@pytest.fixture
def other(cast: Cast):
    return factories.phase_of(Spec.objects.latest("pk"))


def second(cast: Cast, version: str = "20260102_0900", **given):
    return factories.bring_to_window(cast, factories.make_spec(cast, factories.script_files(version), **given))


def two_changes(cast: Cast) -> None:
    """Both wait for their windows."""
    STAGES["window"](cast)
    second(cast)


@pytest.fixture
def beginning(request, beginning):
    return beginning or wanted_of(request, {"other": two_changes})


def production_of(phase):
    return factories.on(phase, production=True).target


def elsewhere(phase):
    """The same phase on a production target of its own."""
    target = factories.make_target(production_of(phase).environment, f"db_{factories.unique()}")
    factories.add_deployment(phase, target)
    return target


def book(cast: Cast, phase, window, target=None, **given) -> Booking:
    return workflow.book(actor=cast.operator, phase=phase, target=target or production_of(phase), window=window, **given)


@pytest.mark.at("window")
def test_a_recurring_window_is_booked_for_its_next_time_or_for_a_later_one(cast, phase):
    window = factories.make_window(production_of(phase), starts_in=-24 * 8, rule="FREQ=WEEKLY")

    soon = book(cast, phase, window)
    later = book(cast, phase, window, starts=soon.starts + timedelta(days=14, hours=1))

    assert soon.starts == window.starts + timedelta(days=14)
    assert (later.starts, later.ends) == (soon.starts + timedelta(days=14, hours=1), soon.ends + timedelta(days=14))


@pytest.mark.at("window")
def test_a_booking_lies_in_one_time_of_its_window(cast, phase):
    window = factories.make_window(production_of(phase), starts_in=1, rule="FREQ=DAILY")

    with pytest.raises(OutsideWindow, match="is daily, UTC, and it is not open at"):
        book(cast, phase, window, starts=window.ends + HOUR)
    with pytest.raises(OutsideWindow, match="Book inside it"):
        book(cast, phase, window, starts=window.starts, ends=window.ends + 24 * HOUR)


@pytest.mark.at("window")
def test_windows_hold_for_a_target_or_for_a_domain_that_the_change_touches(cast, phase):
    target, nothing = production_of(phase), {"environment": None}
    other = factories.make_target(target.environment, "other_db")
    labor, bidding = Domain.objects.get(slug="labor"), factories.make_domain("bidding")

    assert book(cast, phase, factories.make_window(target, **nothing, target=target)).pk
    assert book(cast, phase, factories.make_window(target, **nothing, domain=labor)).pk
    for scope in ({"target": other}, {"domain": bidding}):
        with pytest.raises(OutsideWindow, match="or of a domain that the change touches"):
            book(cast, phase, factories.make_window(target, **nothing, **scope))


@pytest.mark.at("production")
def test_a_blackout_of_a_domain_closes_for_changes_that_touch_it_only(cast, spec):
    phase = factories.phase_of(spec)
    target = production_of(phase)
    factories.make_blackout(target, environment=None, domain=Domain.objects.get(slug="labor"))

    now = timezone.now()

    assert openings.state_of(target, [], now).open
    assert not openings.state_of(target, ["labor"], now).open
    with pytest.raises(OutsideWindow, match="sale"):
        check_open(factories.on(phase, production=True))


@pytest.mark.at("window")
def test_a_soft_blackout_takes_one_business_approval_more(cast, phase):
    window = factories.make_window(production_of(phase))
    factories.make_blackout(production_of(phase), tier=Tier.SOFT)
    book(cast, phase, window)

    factories.approve(cast, phase, ApprovalKind.BUSINESS)

    business = gather(phase).business
    assert (business.given, business.needed) == (1, 2)


@pytest.mark.at("window")
def test_an_advisory_blackout_asks_for_nothing_and_is_said(cast, phase):
    factories.make_blackout(production_of(phase), tier=Tier.ADVISORY)
    book(cast, phase, factories.make_window(production_of(phase)))

    state = openings.state_at([production_of(phase)], timezone.now())

    assert gather(phase).business.needed == 1
    assert state.open
    assert "advisory blackout “sale”" in state.advice[0]


@pytest.mark.at("window")
def test_a_recurring_blackout_laid_over_a_booking_is_a_conflict(cast, phase):
    booking = book(cast, phase, factories.make_window(production_of(phase), starts_in=24 * 14))

    factories.make_blackout(production_of(phase), starts_in=1, hours=24, rule="FREQ=WEEKLY")

    assert booking.starts < timezone.now() + timedelta(days=15)
    assert gather(phase).on(production=True)[0].conflict == "blackout “sale” on production_db"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"rule": "every Saturday"}, "rule: .*it cannot be read"),
        ({"zone": "Europe/Berlim"}, "zone: .*no time zone has this name"),
        ({"environment": None}, "exactly one of them"),
        ({"capacity": 0}, "greater than or equal to 1"),
    ],
)
@pytest.mark.at("window")
def test_a_window_that_makes_no_sense_is_refused_in_words(cast, phase, given, why):
    starts = timezone.now()
    usual = {"environment": production_of(phase).environment, "name": "night", "starts": starts, "ends": starts + HOUR}

    with pytest.raises(BadSpecification, match=why):
        workflow.save_record(actor=cast.operator, record=Window(**{**usual, **given}))


def test_a_window_has_room_for_as_many_changes_as_it_says(cast, phase, other):
    window = factories.make_window(production_of(phase), capacity=2)
    book(cast, phase, window)
    others = [other, second(cast, "20260103_0900")]
    targets = [elsewhere(each) for each in others]

    booked = book(cast, others[0], window, targets[0], acknowledge=True)
    with pytest.raises(WindowFull, match=f"room for 2 changes at once, and {phase.spec.number}"):
        book(cast, others[1], window, targets[1], acknowledge=True)

    assert booked.slot == 2


def test_an_operator_is_booked_for_one_change_at_a_time(cast, phase, other):
    window = factories.make_window(production_of(phase), capacity=2)
    book(cast, phase, window, operator=cast.operator)
    target = elsewhere(other)

    with pytest.raises(PersonBusy, match=f"otto is booked for {phase.spec.number} on production_db"):
        book(cast, other, window, target, operator=cast.operator)

    assert Reservation.objects.live().get().booking.phase == phase


@pytest.mark.at("window")
def test_people_have_the_role_and_the_time(cast, phase):
    window = factories.make_window(production_of(phase))
    factories.make_availability(cast.operator, starts_in=24)

    with pytest.raises(MissingRole, match="stella may not run it"):
        book(cast, phase, window, operator=cast.stakeholder)
    with pytest.raises(PersonAway, match="otto is not available from"):
        book(cast, phase, window, operator=cast.operator)


def test_whoever_is_on_call_is_so_while_the_change_is_watched_and_for_several(cast, phase, other):
    target = production_of(phase)
    factories.at_once("UPDATE governance_environment SET monitoring_seconds = 3600 WHERE production")
    window = factories.make_window(target, capacity=2)
    booking = book(cast, phase, window, on_call=cast.reviewer)

    book(cast, other, window, elsewhere(other), on_call=cast.reviewer, acknowledge=True)

    first = Reservation.objects.get(booking=booking)
    assert first.ends == booking.ends + HOUR
    assert Reservation.objects.live().filter(person=cast.reviewer).count() == 2


def test_targets_on_one_server_share_its_room(cast, phase, other):
    target = elsewhere(other)
    server = factories.make_resource(production_of(phase), target)
    window = factories.make_window(target, capacity=2)
    book(cast, phase, window)

    with pytest.raises(ResourceFull, match=f"{server.name} has 1 at once to give, and {phase.spec.number} takes it"):
        book(cast, other, window, target, acknowledge=True)


@pytest.mark.at("window")
def test_a_withdrawn_booking_gives_everything_back_and_says_why(cast, phase):
    window = factories.make_window(production_of(phase))
    factories.make_resource(production_of(phase))
    booking = book(cast, phase, window, operator=cast.operator)
    with pytest.raises(NeedsReason):
        workflow.withdraw(actor=cast.operator, booking=booking, reason=" ")

    workflow.withdraw(actor=cast.operator, booking=booking, reason="the sale goes on")

    assert not Booking.objects.live().exists()
    assert not Reservation.objects.live().exists()
    assert "the sale goes on" in AuditEvent.objects.get(kind="booking.withdraw").text
    with pytest.raises(NotReady, match="was withdrawn at"):
        workflow.withdraw(actor=cast.operator, booking=booking, reason="again")


def test_what_disturbs_another_booking_is_acknowledged_or_not_booked(cast, phase, other):
    window = factories.make_window(production_of(phase), capacity=2)
    first = book(cast, phase, window)
    target = elsewhere(other)

    with pytest.raises(Unacknowledged, match="otto would start and watch both"):
        book(cast, other, window, target)
    booking = book(cast, other, window, target, acknowledge=True)

    collision = Collision.objects.get()
    assert (collision.booking, collision.other, collision.acknowledged_by, collision.score) == (booking, first, cast.operator, 0.3)
    assert AuditEvent.objects.filter(kind="booking.acknowledge", subject=other.spec.number).exists()
    assert workflow.collisions_of(first) == [collision]


def test_a_collision_that_comes_up_later_holds_the_change_until_it_is_acknowledged(cast, phase, other):
    window = factories.make_window(production_of(phase), capacity=2)
    book(cast, phase, window)
    booking = book(cast, other, window, elsewhere(other), acknowledge=True)
    factories.at_once("UPDATE governance_collision SET acknowledged_at = NULL, acknowledged_by_id = NULL")

    held = [each.conflict for each in gather(other).targets]
    workflow.acknowledge_collisions(actor=cast.operator, booking=booking)

    assert any("otto would start and watch both" in conflict for conflict in held)
    assert not any(each.conflict for each in gather(other).targets)


def test_changes_that_must_not_run_together_are_not_booked_together(cast, phase, other):
    window = factories.make_window(production_of(phase), capacity=2)
    booking = book(cast, phase, window, ends=timezone.now() + HOUR)
    workflow.link(actor=cast.engineer, spec=other.spec, other=phase.spec, kind=DependencyKind.CONFLICTS)
    target = elsewhere(other)

    with pytest.raises(BookingCollides, match="must not run at the same time"):
        book(cast, other, window, target, acknowledge=True)

    assert book(cast, other, window, target, starts=booking.ends).pk


def test_a_change_is_not_booked_before_what_it_requires(cast, phase, other):
    window = factories.make_window(production_of(phase), hours=8)
    workflow.link(actor=cast.engineer, spec=other.spec, other=phase.spec)
    with pytest.raises(OutOfOrder, match=f"requires {phase.spec.number}, which is neither deployed to production_db nor booked there"):
        book(cast, other, window)
    middle = window.starts + 4 * HOUR
    book(cast, phase, window, starts=middle, ends=middle + 2 * HOUR)

    with pytest.raises(BookingCollides, match=f"{other.spec.number} requires {phase.spec.number}, which is not over before"):
        book(cast, other, window, starts=window.starts, ends=middle)
    booking = book(cast, other, window, starts=middle + 2 * HOUR)

    assert booking.pk
    later = factories.make_window(production_of(phase), starts_in=48, hours=4)
    with pytest.raises(BookingCollides, match="is not over before"):  # nor is what it requires moved behind it
        book(cast, phase, later)


@pytest.mark.at("window")
def test_a_circle_of_requirements_is_refused_with_the_way_round(cast, phase):
    other = factories.make_spec(cast, factories.script_files("20260102_0900"))
    workflow.link(actor=cast.engineer, spec=other, other=phase.spec)

    with pytest.raises(DependencyCycle, match=f"{phase.spec.number} → {other.number} → {phase.spec.number}"):
        workflow.link(actor=cast.engineer, spec=phase.spec, other=other)

    workflow.unlink(actor=cast.engineer, spec=other, other=phase.spec)
    assert workflow.link(actor=cast.engineer, spec=phase.spec, other=other).pk


@pytest.mark.at("window")
def test_the_analysis_finds_what_alters_the_table_of_another_change(cast, phase):
    maker = factories.make_spec(cast, factories.script_files("20260102_0900", MAKES_ITEMS, DROPS_ITEMS, ""))
    user = factories.make_spec(cast, factories.script_files("20260103_0900", ALTERS_ITEMS, UNALTERS_ITEMS, ""))

    found = Dependency.objects.get()

    assert (found.spec, found.other, found.kind) == (user, maker, DependencyKind.REQUIRES)
    assert found.found == f"it alters public.items, which {maker.number} creates"
    with pytest.raises(NotReady, match="Change the scripts"):
        workflow.unlink(actor=cast.engineer, spec=user, other=maker)


@pytest.mark.at("window")
def test_two_changes_that_alter_each_others_tables_are_a_conflict_and_not_a_circle(cast, phase):
    both = MAKES_ITEMS + "ALTER TABLE public.parts ADD COLUMN level integer;\n"
    swapped = both.replace("items", "x").replace("parts", "items").replace("x", "parts", 1).replace("public.x", "public.parts")
    one = factories.make_spec(cast, factories.script_files("20260102_0900", both, DROPS_ITEMS, ""))
    other = factories.make_spec(cast, factories.script_files("20260103_0900", swapped, DROPS_ITEMS.replace("items", "parts"), ""))

    found = {(row.spec, row.other): row for row in Dependency.objects.all()}

    assert {row.kind for row in found.values()} == {DependencyKind.REQUIRES, DependencyKind.CONFLICTS}
    assert found.keys() == {(one, other), (other, one)}
    assert any("as a requirement it would be a circle: CHG-" in row.found for row in found.values())


def test_the_first_slot_is_free_for_targets_people_and_resources(cast, phase, other):
    target = production_of(phase)
    window = factories.make_window(target, starts_in=1, hours=6, capacity=2)
    factories.make_availability(cast.operator, starts_in=2, hours=24)
    busy = book(cast, other, window, ends=window.starts + 2 * HOUR)

    alone = openings.first_slot([target], HOUR, window.starts)
    own = openings.first_slot([target], HOUR, window.starts, phase=other)
    with_otto = openings.first_slot([target], HOUR, window.starts, people=[cast.operator], phase=other)
    never = openings.first_slot([target], 7 * HOUR, window.starts)

    assert alone == Slot(busy.ends, busy.ends + HOUR)
    assert own == Slot(window.starts, window.starts + HOUR)
    assert with_otto.starts > window.starts
    assert never is None


@pytest.mark.at("window")
def test_a_full_window_gives_no_slot(cast, phase):
    window = factories.make_window(production_of(phase), starts_in=1, hours=2)
    booking = book(cast, phase, window, ends=window.starts + HOUR)
    other = factories.make_target(window.environment, "other_db")

    slot = openings.first_slot([other], HOUR, window.starts)

    assert slot == Slot(booking.ends, booking.ends + HOUR)


@pytest.mark.at("window")
def test_holidays_become_blackouts_once(cast, phase):
    environment = production_of(phase).environment
    given = {"environment": environment, "country": "DE", "year": 2026, "zone": "Europe/Berlin", "tier": Tier.SOFT}

    added = workflow.add_holidays(actor=cast.operator, **given)
    again = workflow.add_holidays(actor=cast.operator, **given)

    unity = Window.objects.get(starts=datetime(2026, 10, 2, 22, tzinfo=UTC))
    assert (unity.ends - unity.starts, unity.tier) == (24 * HOUR, Tier.SOFT)
    assert unity.name.endswith("(DE)")
    assert (len(added), again) == (9, [])
    with pytest.raises(MissingRole):
        workflow.add_holidays(actor=cast.engineer, **given)


def running(cast: Cast, spec: Spec):
    phase = factories.bring_to_production(cast, spec)
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))
    claim = handoff.claim("run", run.pk)
    assert claim
    return claim, run


def told(claim) -> Wish:
    return handoff.progress(claim, Step(1, "V1.sql", 3, "UPDATE bids", StepStatus.RUNNING, timezone.now()))


@pytest.mark.at("production")
def test_a_run_pauses_when_its_booking_is_withdrawn_and_goes_on_when_it_is_booked_and_approved_again(cast, spec):
    claim, run = running(cast, spec)
    before = told(claim)

    workflow.withdraw(actor=cast.operator, booking=run.booking, reason="too many customers")
    after = told(claim)
    handoff.finish_run(claim, factories.outcome(RunStatus.PAUSED, checks=(), message="Paused."))

    assert (before, after) == (Wish.NONE, Wish.PAUSE)
    assert "nothing is booked" in AuditEvent.objects.get(kind="run.pause").text
    run.refresh_from_db()
    assert "nothing is booked" in run.message
    with pytest.raises(NotReady):
        workflow.resume(actor=cast.operator, run=run)
    run.refresh_from_db()
    assert run.status == RunStatus.PAUSED
    phase = factories.bring_to_production(cast, spec)
    resumed = workflow.resume(actor=cast.operator, run=run)
    assert (resumed.status, resumed.booking) == (RunStatus.QUEUED, phase.bookings.live().get())
    assert handoff.claim("run", run.pk)


@pytest.mark.parametrize("end", ["window", "blackout", "booking"])
@pytest.mark.at("production")
def test_a_run_pauses_when_its_time_is_over_or_a_blackout_begins(cast, spec, end):
    claim, run = running(cast, spec)
    if end == "blackout":
        factories.make_blackout(run.target)
    else:
        factories.at_once(f"UPDATE governance_{end} SET ends = now() - interval '1 minute'")

    assert told(claim) is Wish.PAUSE
    assert handoff.wish(claim) is Wish.PAUSE
    assert AuditEvent.objects.filter(kind="run.pause").count() == 1


@pytest.mark.at("closure")
def test_a_rollback_goes_on_in_a_blackout(cast, spec):
    phase = factories.bring_to_closure(cast, spec)
    run = workflow.roll_back(actor=cast.operator, deployment=factories.on(phase, production=True), reason="bids fail")
    claim = handoff.claim("run", run.pk)
    factories.make_blackout(run.target)

    assert claim
    assert told(claim) is Wish.NONE


@pytest.mark.at("window")
def test_an_event_tells_of_every_act_of_the_calendar(cast, phase):
    audit.append(System.FIXTURES, "test.set_up", "", "Before.")
    booking = book(cast, phase, factories.make_window(production_of(phase)), operator=cast.operator, on_call=cast.reviewer)

    event = AuditEvent.objects.get(kind="booking.book")

    assert (event.actor, event.data["operator"], event.data["on_call"]) == ("otto", "otto", "rosa")
    assert booking.history.latest().history_user == cast.operator
