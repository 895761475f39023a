"""The pages' templates: each renders from plain values, shows what it was given, and keeps to the policy."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from portal.templatetags.readable import duration, words
from tests.portal.samples import act, change, phase, run
from tests.portal.test_csp import INLINE

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
STATIC = settings.BASE_DIR / "portal" / "static"
TABS = ("scripts", "specification", "impact", "rehearsal", "approvals", "schedule", "runs", "checks", "compatibility", "review", "history")


def change_page(**values: Any) -> str:
    return render_to_string("admin/governance/spec/change_page.html", {"page": change(**values)})


def run_page(**values: Any) -> str:
    return render_to_string("admin/governance/run/run_page.html", {"run": run(**values)})


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_a_change_renders_without_anything_inline(tab):
    page = change_page(tab=tab)

    assert INLINE.search(page) is None
    assert "Bids get pricing models" in page


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_a_new_change_says_what_would_stand_there(tab):
    empty = phase(scripts=[], approvals=[], rehearsals=[], deployments=[], checks=[], tables=[], missing=[], acts=[], note=None)
    risk = {"level": "", "word": "", "reasons": []}

    page = change_page(tab=tab, phases=[empty], risk=risk, specification=[], facts=[], history=[], requires=[])

    assert 'class="empty"' in page


@pytest.mark.parametrize(
    ("tab", "shown"),
    [
        ("scripts", "CREATE INDEX CONCURRENTLY"),
        ("specification", "One total hides both parts."),
        ("impact", "Every bid is written twice"),
        ("rehearsal", "column a is missing"),
        ("approvals", "9f3c71e0d42b"),
        ("schedule", "28 Nov"),
        ("runs", "2 min 11"),
        ("checks", "rows kept"),
        ("history", "refused to start"),
    ],
)
def test_tab_shows_its_part_of_the_change(tab, shown):
    page = change_page(tab=tab)

    assert shown in page


def test_track_marks_the_stage_where_the_change_stands():
    page = change_page()

    assert re.findall(r'aria-current="step"[^>]*>.*?</svg>\s*([^<]+)<', page, re.DOTALL) == ["Impact analysis"]
    assert "Leaving “Impact analysis” needs" in page


def test_act_that_is_off_is_disabled_and_says_why():
    page = change_page()

    assert re.search(r"<button[^>]*\sdisabled>Book</button>\s*<p>Nothing is approved yet.</p>", page)
    assert "/act/book/" not in page


def test_act_that_needs_a_reason_cannot_be_sent_without_one():
    page = change_page(phases=[phase(acts=[act("reject", reason=True)])])

    assert re.search(r'action="/act/reject/">.*<textarea[^>]*name="reason"[^>]*required', page, re.DOTALL)


def test_values_of_a_change_are_escaped():
    page = change_page(
        title="<script>steal()</script>", tab="specification", specification=[{"title": "Purpose", "text": "<img onerror=x>"}]
    )

    assert "<script>steal" not in page
    assert "<img" not in page


def test_live_run_names_where_its_body_is_asked_for():
    page = run_page()

    assert 'data-live="true" data-poll="/run/1/body/"' in page
    assert "3 attempts" in page
    assert INLINE.search(page) is None


def test_run_that_has_ended_is_not_followed():
    page = run_page(
        polls=False, message="Nothing was changed.", status={"slug": "failed_clean", "word": "Failed", "glyph": "", "kind": "bad"}
    )

    assert 'data-live="false"' in page
    assert "Nothing was changed." in page


def test_static_files_that_templates_name_exist():
    names = {name for file in TEMPLATES for name in re.findall(r'{% static "([^"]+)" %}', file.read_text())}

    missing = {name for name in names if finders.find(name) is None}

    assert names >= {"lockgate.css", "lockgate.js", "run.js", "mark.svg"}
    assert not missing


def test_glyphs_that_templates_use_are_drawn():
    sprite = (settings.BASE_DIR / "templates/admin/icons.html").read_text()
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))

    used = {name for file in TEMPLATES for name in re.findall(r'href="#((?:[ig]-)[a-z]+|mark)"', file.read_text())}

    assert used <= drawn


def test_stylesheet_takes_colours_only_from_its_tokens():
    sheet = (STATIC / "lockgate.css").read_text()
    tokens, rules = sheet.split("/* Glyphs are drawn once", 1)

    coloured = re.findall(r"^.*#[0-9a-f]{6}.*$", rules, re.MULTILINE)

    assert "--accent: light-dark(" in tokens
    assert all("light-dark(" in line for line in coloured)


def test_vendored_files_are_the_ones_that_were_checked():
    listed = re.findall(r"^(\S+\.\S+)  .*\n\s+([0-9a-f]{64})$", (STATIC / "vendored.txt").read_text(), re.MULTILINE)

    changed = [name for name, digest in listed if hashlib.sha256(Path(STATIC / name).read_bytes()).hexdigest() != digest]

    assert [name for name, _ in listed] == ["inter.woff2"]
    assert not changed


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0.034, "0.03 s"), (2.31, "2.3 s"), (41, "41 s"), (59.9, "1 min 00"), (190, "3 min 10"), (7860, "2 h 11")],
)
def test_durations_read_like_a_clock(seconds, text):
    assert duration(seconds) == text


def test_fixed_words_read_like_text():
    assert words("failed_clean") == "Failed clean"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/auth/user/", "/auth/user/add/", "/password_change/", "/auth/"])
def test_pages_of_the_admin_have_nothing_inline(admin_client, address):
    page = admin_client.get(address).content.decode()

    assert 'id="lg-nav"' in page
    assert INLINE.search(page) is None


@pytest.mark.django_db
def test_navigation_marks_where_we_are(admin_client):
    page = admin_client.get("/auth/user/").content.decode()

    assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == ["/auth/user/"]


@pytest.mark.django_db
def test_navigation_leaves_out_what_the_person_may_not_see(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("maya", is_staff=True))

    page = client.get("/").content.decode()

    assert 'id="lg-nav"' in page
    assert "People" not in page


@pytest.mark.django_db
def test_signing_out_is_a_post_with_a_token(admin_client):
    page = admin_client.get("/").content.decode()

    assert re.search(r'<form method="post" action="/logout/"><input type="hidden" name="csrfmiddlewaretoken"', page)
