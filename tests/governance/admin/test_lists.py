"""The list of changes: whom each waits for, and acts on several at once."""

import re

import pytest
from django.urls import reverse

from governance.models import AuditEvent, Observation
from tests import factories
from tests.governance.admin.acting import said

CHANGES = "admin:governance_spec_changelist"


def run(client, action, *specs):
    return client.post(reverse(CHANGES), {"action": action, "_selected_action": [spec.pk for spec in specs]})


def test_a_list_says_whom_each_change_waits_for(staged, sign_in, cast):
    page = sign_in(cast.auditor).get(reverse(CHANGES)).content.decode()

    assert "Reviewer: technical approval" in page


def test_a_list_folds_what_a_risk_is_made_of_behind_it(staged, sign_in, cast):
    page = sign_in(cast.auditor).get(reverse(CHANGES)).content.decode()

    assert re.search(r'<details class="reasons"><summary>.*?<li>[^<]+ <span class="num">\(\d+ points?\)', page, re.DOTALL)


def test_several_changes_are_analysed_at_once(spec, cast, sign_in):
    other = factories.make_spec(cast, factories.script_files("20270101_0900"))
    before = Observation.objects.count()

    answer = run(sign_in(cast.engineer), "analyse_selected", spec, other)

    assert f"{spec.number}" in said(answer)
    assert f"{other.number}" in said(answer)
    assert Observation.objects.count() >= before


def test_a_refusal_of_one_leaves_the_others(spec, staged, cast, sign_in):
    other = factories.make_spec(cast, factories.script_files("20270101_0900"))

    answer = run(sign_in(cast.engineer), "rehearse_selected", staged.spec, other)

    assert f"Rehearse: {staged.spec.number}." in said(answer)
    assert f"{other.number}: " in said(answer)


@pytest.mark.parametrize("action", ["analyse_selected", "rehearse_selected", "advance_selected"])
def test_acts_on_several_take_the_same_roles_as_on_one(action, staged, cast, sign_in):
    client = sign_in(cast.auditor)
    events = AuditEvent.objects.count()

    page = client.get(reverse(CHANGES)).content.decode()
    run(client, action, staged.spec)

    assert action not in page
    assert AuditEvent.objects.count() == events
