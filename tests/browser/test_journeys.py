"""What each kind of person comes for, from the home page on, through real pages; and what they are refused."""

import json
import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from governance import handoff, workflow
from governance.lifecycle import Stage
from governance.models import Approval, AuditEvent, Booking, Phase, Rehearsal, Run, Spec, Target
from governance.orders import RunStatus, Step, StepStatus, Wish
from governance.policy import ApprovalKind
from tests import factories
from tests.browser.desk import Desk
from tests.world import BLOCKING, UNBLOCKED, book

SCRIPTS = {
    "V20270101_0900__sender.sql": BLOCKING,
    "R20270101_0900__rollback_sender.sql": UNBLOCKED,
    "C20270101_0900__checks_sender.sql": factories.CHECKS,
}


def phase_of(title: str) -> Phase:
    return Phase.objects.select_related("spec__author").get(spec__title=title)


def go_to_change(desk: Desk, title: str) -> None:
    """As people do: from home through the list."""
    desk.open("/")
    desk.page.get_by_role("navigation", name="Main").get_by_role("link", name="Changes").click()
    desk.link(title).click()
    expect(desk.page.get_by_role("heading", level=1)).to_have_text(title)


def said(desk: Desk, words: str) -> None:
    expect(desk.page.locator(".messagelist")).to_contain_text(words)


def test_person_signs_in_and_out(sit, cast):
    desk = sit(None)
    desk.open("/calendar/")

    desk.page.get_by_label("Username").fill("otto")
    desk.page.get_by_label("Password").fill("a long password")
    desk.button("Log in").click()
    expect(desk.page).to_have_url(re.compile("/calendar/$"))
    desk.page.get_by_text("Your account").click(force=True)
    desk.button("Sign out").click()

    expect(desk.page.get_by_role("heading", name="You are signed out")).to_be_visible()


def test_engineer_submits_a_change_and_sees_its_findings(sit, cast, tmp_path):
    desk = sit(cast.engineer)
    for name, text in SCRIPTS.items():
        (tmp_path / name).write_text(text)

    desk.open("/governance/spec/")
    desk.link("Add change").click()
    desk.page.get_by_label("Title").fill("Messages are found by sender")
    desk.page.get_by_label("Purpose").fill("Support looks for what somebody wrote.")
    desk.page.get_by_label("Script files").set_input_files(sorted(tmp_path.iterdir()))
    desk.button("Submit the change").click()

    said(desk, "is submitted. Its page says what is missing to go on.")
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Messages are found by sender")
    desk.link("Scripts").or_(desk.page.get_by_role("link", name=re.compile("^Scripts"))).first.click()
    expect(desk.page.get_by_text("CREATE INDEX CONCURRENTLY").first).to_be_visible()
    assert Spec.objects.get(title="Messages are found by sender").author == cast.engineer


def test_engineer_is_told_what_is_wrong_with_a_file_and_keeps_what_was_typed(sit, cast, tmp_path):
    desk = sit(cast.engineer)
    wrong = tmp_path / "add_level.sql"
    wrong.write_text(BLOCKING)

    desk.open("/governance/spec/add/")
    desk.page.get_by_label("Title").fill("Named wrongly")
    desk.page.get_by_label("Script files").set_input_files(wrong)
    desk.button("Submit the change").click()

    expect(desk.page.locator(".errorlist").filter(has_text="add_level.sql")).to_be_visible()
    expect(desk.page.get_by_label("Title")).to_have_value("Named wrongly")
    assert not Spec.objects.filter(title="Named wrongly").exists()


def test_engineer_asks_for_a_rehearsal(sit, cast):
    desk = sit(cast.engineer)

    go_to_change(desk, "To be approved")
    desk.page.get_by_text("More", exact=True).click()
    desk.button("Rehearse").click()

    said(desk, "The rehearsal is queued")
    assert Rehearsal.objects.filter(phase=phase_of("To be approved"), status=RunStatus.QUEUED).count() == 1


def test_reviewer_reads_and_approves(sit, cast):
    desk = sit(cast.reviewer)
    phase = phase_of("To be approved")

    desk.open("/")
    desk.page.get_by_role("main").get_by_role("link", name=re.compile("To be approved")).click()
    expect(desk.button("Approve")).to_be_enabled()
    desk.page.get_by_text("What will run").click()
    expect(desk.page.get_by_text("ALTER TABLE public.contractors").first).to_be_visible()
    desk.button("Approve").click()

    said(desk, "Approved. Your decision is bound to exactly what you saw.")
    assert Approval.objects.get(phase=phase, voided_at=None).digest == workflow.digest_for(phase, ApprovalKind.TECHNICAL)


def test_reviewer_refuses_with_a_reason_and_not_without(sit, cast):
    desk = sit(cast.reviewer)
    phase = phase_of("To be approved")

    desk.open(f"/approve/{phase.pk}/technical/")
    desk.button("Reject").click()
    said(desk, "reason")
    assert not phase.approvals.exists()
    desk.page.get_by_label("Reason").fill("The column needs an index.")
    desk.button("Reject").click()

    said(desk, "Rejected. The author sees your reason.")
    assert phase.approvals.get().reason == "The column needs an index."
    author = sit(cast.engineer)
    author.open(f"/governance/spec/{phase.spec_id}/change/?tab=approvals")
    expect(author.page.get_by_text("The column needs an index.").first).to_be_visible()


def test_stakeholder_approves_on_one_page_without_scrolling_and_without_sql(sit, cast):
    desk = sit(cast.stakeholder)
    desk.page.set_viewport_size({"width": 1280, "height": 800})

    desk.open("/")
    desk.page.get_by_role("main").get_by_role("link", name=re.compile("Booked")).first.click()
    expect(desk.button("Approve")).to_be_in_viewport(ratio=1)
    expect(desk.page.get_by_text("Can it be undone?")).to_be_in_viewport(ratio=1)
    assert desk.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    expect(desk.page.locator(".code").first).to_be_hidden()
    desk.button("Approve").click()

    said(desk, "Approved.")
    assert phase_of("Booked").at is Stage.PRODUCTION_DEPLOYMENT


def test_author_finds_no_way_to_approve(sit, cast):
    desk = sit(cast.engineer)
    phase = phase_of("To be approved")

    go_to_change(desk, "To be approved")
    expect(desk.link("Approve technically")).to_have_count(0)
    desk.open(f"/approve/{phase.pk}/technical/")
    expect(desk.button("Approve")).to_be_disabled()
    token = desk.page.locator("form.decide input[name=csrfmiddlewaretoken]").input_value()
    digest = desk.page.locator("form.decide input[name=digest]").input_value()
    form = {"csrfmiddlewaretoken": token, "digest": digest, "decision": "approve"}
    desk.page.request.post(f"/approve/{phase.pk}/technical/", form=form)

    assert not phase.approvals.exists()
    assert AuditEvent.objects.filter(actor="erin", kind="refused.approve", subject=phase.spec.number).exists()


@pytest.fixture
def approved(cast) -> Phase:
    """Booked for now, and approved by the business."""
    book(cast, phase_of("Tried"), starts_in=0)
    factories.approve(cast, phase_of("Tried"), ApprovalKind.BUSINESS)
    return phase_of("Tried")


def test_operator_books_a_window(sit, cast):
    desk = sit(cast.operator)
    window = factories.make_window(Target.objects.get(name="production_db"), starts_in=48)

    go_to_change(desk, "Tried")
    desk.link("Book a window").click()
    desk.page.get_by_label("Window").select_option(str(window.pk))
    desk.button("Book a window").click()

    said(desk, "Booked. The business approval is given for this time.")
    assert phase_of("Tried").bookings.get().window == window
    desk.open(f"/calendar/?month={window.starts:%Y-%m}")
    expect(desk.page.get_by_role("link", name=re.compile("Tried|CHG-")).first).to_be_visible()


def test_operator_drags_a_booking_to_another_time(sit, cast):
    booking = Booking.objects.live().get(phase=phase_of("Booked"))
    window = factories.make_window(booking.target, starts_in=24 * 14, hours=12)
    workflow.book(actor=cast.operator, phase=booking.phase, target=booking.target, window=window, ends=window.starts + timedelta(hours=2))
    desk = sit(cast.operator)

    desk.open(f"/calendar/?view=week&from={window.starts:%Y-%m-%d}")
    drawn = desk.page.locator("a.week-bk", has_text="Booked")
    box, hour = drawn.bounding_box(), desk.page.locator(".week-line svg").first.bounding_box()["width"] / 168
    desk.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.page.mouse.down()
    desk.page.mouse.move(box["x"] + box["width"] / 2 + 3 * hour, box["y"] + box["height"] / 2, steps=5)
    desk.page.mouse.up()
    desk.button("Book a window").click()

    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Booked")
    moved = Booking.objects.live().get(phase=booking.phase).starts - window.starts
    assert timedelta(hours=2.5) <= moved <= timedelta(hours=3.5)


def test_operator_starts_a_run_watches_it_pauses_it_and_lets_it_go_on(sit, cast, approved):
    desk = sit(cast.operator)

    go_to_change(desk, "Tried")
    desk.button("Run on production_db").click()
    said(desk, "The run is queued.")
    run = Run.objects.get(deployment__phase=approved, kind="deploy", target__name="production_db")
    desk.open(f"/governance/run/{run.pk}/change/")
    claim = handoff.claim("run", run.pk)
    step = Step(1, claim.order.manifest.scripts[0].name, 3, "ALTER TABLE public.contractors", StepStatus.RUNNING, run.requested_at)
    assert handoff.progress(claim, step) is Wish.NONE
    expect(desk.page.locator("#run .steps li.now")).to_contain_text("ALTER TABLE public.contractors")  # without loading the page again
    desk.button("Pause").click()
    said(desk, "Asked to pause")
    assert handoff.progress(claim, step) is Wish.PAUSE
    handoff.finish_run(claim, factories.outcome(RunStatus.PAUSED, checks=(), message="Paused at a boundary."))
    desk.button("Resume").click()
    said(desk, "The run goes on where it stopped.")
    factories.finish(run)

    expect(desk.page.locator("#run")).to_contain_text("Succeeded")
    assert Run.objects.get(pk=run.pk).status == RunStatus.SUCCEEDED


def test_engineer_sees_a_run_in_production_but_cannot_steer_it(sit, cast):
    desk = sit(cast.engineer)
    run = Run.objects.get(status=RunStatus.RUNNING)

    desk.open(f"/governance/run/{run.pk}/change/")
    expect(desk.page.locator("#run .steps li.now")).to_be_visible()
    expect(desk.button("Pause")).to_have_count(0)
    expect(desk.button("Stop")).to_have_count(0)
    token = desk.page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    desk.page.request.post(f"/governance/run/{run.pk}/act/", form={"csrfmiddlewaretoken": token, "act": "stop"})

    assert Run.objects.get(pk=run.pk).wish == Wish.NONE


def test_auditor_reads_who_did_what_and_takes_it_along(sit, cast):
    desk = sit(cast.auditor)
    number = phase_of("Closed").spec.number

    desk.open("/")
    desk.page.get_by_role("navigation", name="Main").get_by_role("link", name="Audit").click()
    desk.page.get_by_label("Only refusals").check()
    desk.button("Show").click()
    expect(desk.page.locator(".log")).to_contain_text("erin cannot approve what erin wrote.")
    desk.open(f"/changes/{phase_of('Closed').spec_id}/specification/")
    with desk.page.expect_download() as download:
        desk.link("Markdown").click()

    assert download.value.suggested_filename == f"{number}.md"
    assert "Closed" in download.value.path().read_text()
    desk.open(f"/governance/spec/{phase_of('Closed').spec_id}/change/")
    expect(desk.page.locator("#content").get_by_role("button")).to_have_count(0)


def test_client_developer_sees_what_works_with_what_and_why(sit, cast):
    desk = sit(cast.auditor)

    desk.open("/")
    desk.page.get_by_role("navigation", name="Main").get_by_role("link", name="Compatibility").click()
    expect(desk.page.get_by_role("table")).to_contain_text("App")
    desk.page.get_by_role("table").get_by_role("link", name="Partial").first.click()
    expect(desk.page.get_by_text("It was tried.").first).to_be_visible()
    with desk.page.expect_download() as download:
        desk.page.get_by_role("link", name=re.compile("CSV")).click()

    assert "App" in download.value.path().read_text()


def test_program_asks_the_documentation_page_with_its_token(sit, cast):
    desk = sit(cast.engineer)
    token = workflow.make_token(actor=cast.engineer, name="page", scopes=["read"], days=1)

    desk.open("/api/v1/docs")
    desk.page.get_by_label("Token for trying operations").fill(token)
    operation = desk.page.locator("#list_targets")
    operation.locator("summary").click()
    operation.get_by_role("button", name="Try it").click()
    expect(operation.get_by_role("status")).to_contain_text("production_db")

    answer = operation.get_by_role("status").inner_text()
    assert [target["name"] for target in json.loads(answer[answer.index("[") : answer.rindex("]") + 1])][-1] == "production_db"


@pytest.mark.empty
def test_operator_of_an_empty_portal_is_led_to_the_first_target(sit, portal):
    desk = sit(factories.make_cast().operator)

    desk.open("/")
    expect(desk.page.get_by_role("heading", name="First steps")).to_be_visible()
    desk.open("/governance/environment/add/")
    desk.page.get_by_label("Name").fill("staging")
    desk.page.get_by_label("Rank").fill("10")
    desk.button("Save").click()
    desk.open("/governance/target/add/")
    desk.page.get_by_label("Environment").select_option(label="staging")
    desk.page.get_by_label("Name").fill("bids_staging")
    desk.page.get_by_label("Connection").fill("postgres://secret")
    desk.button("Save").click()
    expect(desk.page.locator(".errorlist").first).to_contain_text("Write the name of an environment variable")
    desk.page.get_by_label("Connection").fill("BIDS_STAGING_URL")
    desk.button("Save").click()

    said(desk, "bids_staging")
    assert Target.objects.get().connection == "BIDS_STAGING_URL"


def test_person_without_a_role_is_told_whom_to_ask(sit, cast):
    desk = sit(factories.make_user("noel"))

    desk.open("/")

    expect(desk.page.get_by_text("Your account has no role yet.")).to_be_visible()
    expect(desk.page.get_by_role("navigation", name="Main").get_by_role("link")).to_have_count(1)


def test_a_form_goes_out_once_however_often_it_is_clicked(sit, cast):
    desk = sit(cast.engineer)
    desk.open(f"/governance/spec/{phase_of('To be approved').spec_id}/change/?tab=discussion")
    form = desk.page.locator("form", has=desk.page.locator("textarea[name=text]")).first
    form.locator("textarea").fill("Said once.")

    kept_back = form.evaluate("""form => {
        const found = [];
        window.addEventListener("submit", (e) => { found.push(e.defaultPrevented); e.preventDefault(); });
        form.requestSubmit(); form.requestSubmit();
        return found;
    }""")

    assert kept_back == [False, True]


def test_the_bar_of_actions_stays_in_its_list_on_a_phone(sit, cast):
    desk = sit(cast.engineer)
    desk.page.set_viewport_size({"width": 390, "height": 844})
    desk.open("/governance/spec/")

    bar, form = (desk.page.locator(each).bounding_box() for each in ("#changelist .actions", "#changelist-form"))

    assert bar["x"] + bar["width"] <= form["x"] + form["width"]
