"""Booking, test evidence, the specification and the review: the acts that need more than a click."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from governance.lifecycle import PhaseStatus
from governance.models import Booking, Review, Spec
from tests import factories
from tests.factories import Cast
from tests.governance.admin.acting import act, deployment, form, refusals, said


@pytest.mark.at("window")
def test_operator_books_a_window(cast, spec, sign_in):
    phase = factories.phase_of(spec)
    target = deployment(phase, production=True).target
    window = factories.make_window(target)

    form(sign_in(cast.operator), phase, "book", target=str(target.pk), window=str(window.pk), start="manual")

    booking = Booking.objects.get()
    assert (booking.starts, booking.ends, booking.booked_by) == (window.starts, window.ends, cast.operator)


@pytest.mark.at("window")
def test_a_booking_that_is_refused_keeps_what_was_typed(cast, spec, sign_in):
    phase = factories.phase_of(spec)
    target = deployment(phase, production=True).target
    window = factories.make_window(target)
    asked = {"starts_0": "2020-01-01", "starts_1": "01:00", "ends_0": "2020-01-01", "ends_1": "02:00"}

    answer = form(sign_in(cast.operator), phase, "book", target=str(target.pk), window=str(window.pk), start="manual", **asked)

    page = answer.content.decode()
    assert "Book inside it." in page
    assert 'value="2020-01-01"' in page
    assert not Booking.objects.exists()
    assert refusals(spec) == ["OutsideWindow"]


@pytest.mark.at("window")
def test_windows_that_have_ended_are_not_offered(cast, spec, sign_in):
    phase = factories.phase_of(spec)
    target = deployment(phase, production=True).target
    factories.make_window(target, hours=1, starts_in=-5)

    page = sign_in(cast.operator).get(reverse("admin:governance_spec_form", args=[spec.pk, phase.pk, "book"])).content.decode()

    assert "night" not in page


def test_test_evidence_is_added(staged, cast, sign_in):
    form(sign_in(cast.engineer), staged, "add_evidence", suite="end to end", service="bids", passed="on")

    evidence = staged.test_evidence.get()
    assert (evidence.suite, evidence.service, evidence.passed) == ("end to end", "bids", True)


def test_evidence_without_a_suite_shows_its_message_at_the_field(staged, cast, sign_in):
    answer = form(sign_in(cast.engineer), staged, "add_evidence", service="bids")

    assert answer.context["form"].errors.keys() == {"suite"}
    assert 'value="bids"' in answer.content.decode()
    assert not staged.test_evidence.exists()


@pytest.mark.parametrize(
    ("name", "who"), [("book", "engineer"), ("review", "operator"), ("edit_specification", "auditor"), ("add_evidence", "reviewer")]
)
def test_a_form_that_cannot_be_sent_says_so_at_once(name, who, staged, cast: Cast, sign_in):
    answer = sign_in(getattr(cast, who)).get(reverse("admin:governance_spec_form", args=[staged.spec_id, staged.pk, name]))

    assert answer.status_code == 302
    assert "belongs to the stage" in said(answer) or "it takes the role" in said(answer)


def test_specification_is_edited_and_whoever_edits_cannot_review(staged, cast, sign_in):
    client = sign_in(cast.operator)
    url = reverse("admin:governance_spec_form", args=[staged.spec_id, staged.pk, "edit_specification"])
    texts = {name: value for name, value in client.get(url).context["form"].initial.items() if value not in (None, False)}

    client.post(url, {**texts, "purpose": "Something else."})

    spec = Spec.objects.get(pk=staged.spec_id)
    assert spec.purpose == "Something else."
    assert cast.operator.pk in spec.editors.values_list("person", flat=True)


def review_of(spec, **given: str) -> dict[str, str]:
    criterion = spec.criteria.get()
    return {"performance_impact": "None.", "lessons": "None.", f"result_{criterion.pk}": "0.1 s", f"met_{criterion.pk}": "on", **given}


@pytest.mark.at("closure")
def test_review_closes_the_change(cast, spec, sign_in):
    phase = factories.phase_of(spec)
    debt = {"debt": "Drop the old column", "owner": str(cast.engineer.pk), "due": "2027-03-01"}

    form(sign_in(cast.reviewer), phase, "review", **review_of(spec, **debt))

    review = Review.objects.get()
    assert (review.reviewer, review.follow_ups.get().title) == (cast.reviewer, "Drop the old column")
    assert factories.phase_of(spec).status == PhaseStatus.CLOSED


@pytest.mark.at("closure")
def test_review_by_the_author_is_refused_and_keeps_the_text(cast, spec, sign_in):
    phase = factories.phase_of(spec)
    cast.engineer.groups.add(*cast.reviewer.groups.all())

    answer = form(sign_in(cast.engineer), phase, "review", **review_of(spec, lessons="Written by myself."))

    assert "cannot review it" in answer.content.decode()
    assert "Written by myself." in answer.content.decode()
    assert refusals(spec) == ["OwnWork"]
    assert not Review.objects.exists()


@pytest.mark.at("closure")
def test_a_follow_up_without_an_owner_is_asked_for_one(cast, spec, sign_in):
    phase = factories.phase_of(spec)

    answer = form(sign_in(cast.reviewer), phase, "review", **review_of(spec, debt="Drop the old column"))

    assert "needs an owner and a date" in answer.content.decode()
    assert not Review.objects.exists()


def test_scripts_are_added_and_left_out_by_a_form(staged, cast, sign_in):
    text = b"-- Purpose: p\n-- Impact: i\nSELECT 1;\n"
    files = [SimpleUploadedFile(name, text) for name in ("V20260102_0900__more.sql", "R20260102_0900__rollback_more.sql")]
    client = sign_in(cast.engineer)
    url = reverse("admin:governance_spec_form", args=[staged.spec_id, staged.pk, "edit_script"])

    client.post(url, {"scripts": files, "commit": "4f2a91c"})
    added = set(staged.scripts.values_list("name", flat=True))
    client.post(url, {"without": ["V20260102_0900__more.sql", "R20260102_0900__rollback_more.sql"]})

    assert {"V20260102_0900__more.sql", "R20260102_0900__rollback_more.sql"} <= added
    assert not staged.scripts.filter(version="20260102_0900").exists()


def test_scripts_that_do_not_fit_are_refused_at_the_form(staged, cast, sign_in):
    lonely = SimpleUploadedFile("V20260102_0900__more.sql", b"SELECT 1;\n")
    url = reverse("admin:governance_spec_form", args=[staged.spec_id, staged.pk, "edit_script"])

    answer = sign_in(cast.engineer).post(url, {"scripts": [lonely]})

    assert "R20260102_0900__rollback_more.sql" in answer.content.decode()
    assert not staged.scripts.filter(version="20260102_0900").exists()


def test_the_safe_form_is_one_click_away(cast, sign_in):
    factories.make_targets()
    head = "-- Purpose: p\n-- Impact: i\n"
    forward, rollback = f"{head}CREATE INDEX levels ON public.contractors (id);\n", f"{head}DROP INDEX CONCURRENTLY public.levels;\n"
    phase = factories.phase_of(factories.make_spec(cast, factories.script_files(forward=forward, rollback=rollback)))
    client = sign_in(cast.engineer)
    page = client.get(reverse("admin:governance_spec_change", args=[phase.spec_id]), {"tab": "scripts"}).content.decode()
    fields = re.search(r'use_safe_form/".*?</form>', page, re.DOTALL)[0]
    shown = dict(re.findall(r'name="(script|line|column|code)" value="([^"]+)"', fields))

    act(client, phase, "use_safe_form", **shown, tab="scripts")

    assert "CREATE INDEX CONCURRENTLY" in phase.scripts.get(kind="forward").text
