"""What a change does and for how long, and what has changed since it was analysed before."""

import pytest
from django.test import Client
from django.urls import reverse

from governance import workflow
from governance.pages.impact import WIDTH
from tests import factories
from tests.governance.pages.scenes import words

HEAD = "-- Purpose: p\n-- Impact: i\n"
FORWARD = f"""{HEAD}ALTER TABLE public.contractors ADD COLUMN grade text;
ALTER TABLE public.contractors ALTER COLUMN name TYPE integer USING name::integer;
"""


@pytest.fixture
def phase(cast):
    factories.make_targets()
    files = factories.script_files(forward=FORWARD, rollback=f"{HEAD}ALTER TABLE public.contractors DROP COLUMN grade;\n")
    phase = factories.phase_of(factories.make_spec(cast, files))
    factories.observe(phase, rows=10**6)
    return phase


def page_of(person, phase, tab):
    client = Client()
    client.force_login(person)
    answer = client.get(reverse("admin:governance_spec_change", args=[phase.spec_id]), {"tab": tab})
    return answer.context["page"], answer.content.decode()


def test_statements_lie_one_after_the_other_and_say_whom_they_stop(cast, phase):
    page, text = page_of(cast.reviewer, phase, "impact")

    first, second = page["phases"][0]["impact"]["steps"]
    assert first["x"] == 0
    assert second["x"] == pytest.approx(first["width"], abs=1)
    assert second["width"] > 0.9 * WIDTH
    assert second["does"] == ["rewrites"]
    assert "stops reads and writes, rewrites" in text
    assert "by its facts of" in text


def test_a_rollback_says_whom_it_would_stop(cast, phase):
    page, text = page_of(cast.reviewer, phase, "impact")

    (step,) = page["phases"][0]["impact"]["undoing"]
    assert (step["blocks"], step["locks"][0]["relation"]) == ("reads and writes", "contractors")
    assert "Locks of a rollback" in text


def test_tables_come_with_their_size(cast, phase):
    page, _ = page_of(cast.reviewer, phase, "impact")

    (table,) = page["phases"][0]["impact"]["tables"]
    assert (table["relation"], table["mode"], table["size"].rows) == ("contractors", "access exclusive", 10**6)


def test_before_any_analysis_of_a_target_durations_and_sizes_are_not_made_up(cast):
    factories.make_targets()
    phase = factories.phase_of(factories.make_spec(cast))

    page, text = page_of(cast.reviewer, phase, "impact")

    assert page["phases"][0]["impact"]["facts"] is None
    assert "without facts of a target" in text


def test_scripts_say_from_which_commit_and_request_they_came(cast):
    request = "https://git.example.com/bids/pulls/7"
    factories.make_targets()
    spec = workflow.submit(
        actor=cast.engineer,
        specification=factories.specification(),
        scripts=factories.script_files(),
        source=workflow.Source("https://git.example.com/bids", "4f2a91c", request),
    )
    client = Client()
    client.force_login(cast.reviewer)

    page = client.get(f"/governance/spec/{spec.pk}/change/?tab=scripts").content.decode()

    assert "of commit 4f2a91c in https://git.example.com/bids, by https://git.example.com/bids/pulls/7" in words(page)
    assert f'href="{request}"' in page


def test_scripts_show_what_changed_since_the_analysis_before(cast, phase):
    script = phase.scripts.get(kind="forward")
    unchanged, _ = page_of(cast.reviewer, phase, "scripts")

    workflow.edit_script(actor=cast.engineer, script=script, text=script.text.replace("grade text", "grade varchar(9)"))

    page, text = page_of(cast.reviewer, phase, "scripts")
    (difference,) = page["phases"][0]["differences"]
    assert unchanged["phases"][0]["differences"] == []
    assert (difference["name"], difference["count"]) == (script.name, 2)
    assert "+ALTER TABLE public.contractors ADD COLUMN grade varchar(9);" in text
