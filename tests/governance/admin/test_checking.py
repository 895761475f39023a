"""The checks of a change on its page: listed, added, taken out; and shown to whoever approves."""

from django.urls import reverse

from governance import workflow
from governance.models import CheckChoice
from tests import factories
from tests.governance.admin.acting import act, form, said

TEXT = "-- check: bids are counted\n-- use: rows of public.bids\n"
INDEXES = "no invalid indexes"


def test_the_page_lists_adds_and_takes_out(cast, spec, sign_in):
    phase, client = factories.phase_of(spec), sign_in(cast.engineer)

    form(client, phase, "choose_checks", text=TEXT, reason="The old form lost bids.")
    act(client, phase, "take_out_check", tab="checks", check=INDEXES, reason="One is being rebuilt.")
    page = client.get(reverse("admin:governance_spec_change", args=[spec.pk]), {"tab": "checks"}).content.decode()

    assert "bids are counted" in page
    assert "The old form lost bids." in page
    assert "One is being rebuilt." in page
    assert "Put back" in page


def test_a_mistake_in_the_form_is_told_and_nothing_is_lost(cast, spec, sign_in):
    answer = form(sign_in(cast.engineer), factories.phase_of(spec), "choose_checks", text="-- use: sum of public.bids", reason="so")

    page = answer.content.decode()
    assert "names no built-in check" in page
    assert "-- use: sum of public.bids" in page


def test_who_may_not_is_told_so_by_the_button_s_function(cast, spec, sign_in):
    answer = act(sign_in(cast.reviewer), factories.phase_of(spec), "take_out_check", check=INDEXES, reason="so")

    assert "engineer" in said(answer)
    assert not CheckChoice.objects.exists()


def test_approvers_see_what_was_decided_about_checks(cast, spec, sign_in):
    phase = factories.phase_of(spec)
    workflow.take_out_check(actor=cast.engineer, phase=phase, name=INDEXES, reason="One is being rebuilt.")

    page = sign_in(cast.reviewer).get(reverse("admin:approve", args=[phase.pk, "technical"])).content.decode()

    assert "Checks that people added or took out" in page
    assert "One is being rebuilt." in page
