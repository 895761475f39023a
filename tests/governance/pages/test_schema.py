"""Documentation from snapshots: targets, tables by domain, one table, and how it came to be so."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from governance.facts import IndexFacts
from governance.models import Domain, DomainTable, TableVersion, Target
from governance.pages.schema import snapshot_of, target_page
from governance.pages.table import table_page
from tests import factories
from tests.governance.pages.scenes import (
    analysed,
    book,
    browser,
    html,
    keep,
    make_window,
    observe,
    reference,
    snapshot,
    table,
    table_facts,
    thing,
    words,
)

pytestmark = pytest.mark.django_db
BIDS = [
    *table("public.projects", "id", "title", comment="What a homeowner asks for."),
    *table("public.bids", "id", "project_id", "parent_id", comment="One offer.", row_security="yes", grants="SELECT to app"),
    *table("public.bid_items", "id", "bid_id"),
    *table("public.contracts", "bid_id", "signed"),
    reference("public.bids", "project_id", "public.projects"),
    reference("public.bids", "parent_id", "public.bids"),
    reference("public.bid_items", "bid_id", "public.bids"),
    reference("public.contracts", "bid_id", "public.bids"),
    thing("index", "public.bids_pkey", "public.bids.pk", definition="CREATE UNIQUE INDEX bids_pkey ON public.bids USING btree (id)"),
    thing("index", "public.bids_project", "public.bids", definition="CREATE INDEX bids_project ON public.bids USING btree (project_id)"),
    thing("policy", "public.bids.own", "public.bids", command="select", roles="app", using="(owner = CURRENT_USER)"),
    thing("view", "public.open_bids", "public", definition=" SELECT 1;", owner="owner"),
    thing("column", "public.open_bids.id", "public.open_bids", position="1", type="bigint"),
]


@pytest.fixture
def staging(cast) -> Target:
    return factories.make_targets()[0]


@pytest.fixture
def known(staging):
    """With a snapshot, a domain, and facts."""
    snapshot(staging, BIDS)
    keep(DomainTable(domain=Domain.objects.get(), name="public.bids"))
    facts = factories.facts(staging.name)
    bids = table_facts("public.bids", 18_400_000, 3 * 2**30)
    index = IndexFacts("bids_pkey", "", True, True, 2**20)
    sized = type(bids)(bids.schema, bids.name, "r", bids.rows, bids.bytes, indexes=(index,))
    observe(
        staging, type(facts)(staging.name, facts.taken_at, 180006, "db", 4 * 2**30, (sized, table_facts("public.projects", None, 8192)))
    )
    return staging


def test_no_target_says_what_would_stand_there(cast):
    page = words(html(cast.engineer, "/schema/"))

    assert "An operator adds the first one under Targets." in page


def test_list_names_every_target_with_its_present_snapshot(cast, known):
    page = words(html(cast.engineer, "/schema/"))

    assert "staging_db 4 tables, so since" in page
    assert "production_db No snapshot yet" in page


def test_target_without_snapshot_says_how_to_get_one(cast, staging):
    page = words(html(cast.engineer, "/schema/staging_db/"))

    assert "No snapshot of this target is known yet." in page
    assert "before the baseline is taken" in page


def test_tables_stand_under_their_domain_with_rows_size_and_version(cast, known):
    page = words(html(cast.engineer, "/schema/staging_db/"))

    assert re.search(r"Labor marketplace 1 .*?bids row security One offer. ?3 ?18,400,000 ?3.0\sGB ?1.0.0", page)
    assert "Of no domain 3" in page
    assert re.search(r"projects What a homeowner asks for. ?2 ?unknown ?8.0\sKB", page)


def test_tables_are_found_by_name_and_by_comment(cast, known):
    target = Target.objects.get(pk=known.pk)

    page = target_page(target, snapshot_of(target, ""), search="HOMEOWNER")

    assert [row["name"] for group in page["groups"] for row in group["rows"]] == ["projects"]


def test_version_of_a_table_is_that_of_the_change_that_still_stands(cast, known):
    phase = factories.bring_to_staging(cast, factories.make_spec(cast))
    deployment = factories.on(phase, production=False)
    deployment.applied = True
    keep(deployment)
    run = keep(_run(deployment))
    keep(TableVersion(target=known, table="public.bids", version="1.4.0", run=run))

    page = words(html(cast.engineer, "/schema/staging_db/public.bids/"))

    assert "table version 1.4.0" in page
    assert f"Version 1.4.0 {phase.spec.number} {phase}" in page


def _run(deployment):
    return deployment.runs.model(deployment=deployment, target=deployment.target, kind="deploy", status="succeeded", script_digest="0" * 64)


def test_table_that_was_rolled_back_is_at_the_version_before(cast, known):
    phase = factories.bring_to_staging(cast, factories.make_spec(cast))
    run = keep(_run(factories.on(phase, production=False)))
    keep(TableVersion(target=known, table="public.bids", version="1.4.0", run=run))

    page = words(html(cast.engineer, "/schema/staging_db/public.bids/"))

    assert "table version 1.0.0" in page
    assert "rolled back since" in page


def test_table_shows_columns_keys_indexes_policies_and_grants(cast, known):
    page = words(html(cast.engineer, "/schema/staging_db/public.bids/"))

    assert "One offer. Labor marketplace" in page
    assert re.search(r"18,400,000 rows 3.0\sGB, 3.0\sGB with indexes", page)
    assert re.search(r"id key ?bigint ?yes", page)
    assert "project_id → projects" in page
    assert "FOREIGN KEY (project_id) REFERENCES public.projects(id) ON DELETE CASCADE" in page
    assert re.search(r"bids_pkey ?btree \(id\), unique ?1.0\sMB", page)
    assert "own select for app where (owner = CURRENT_USER)" in page
    assert "SELECT to app" in page


def test_table_names_what_refers_to_it(cast, known):
    page = html(cast.engineer, "/schema/staging_db/public.bids/")

    rows = re.findall(r'<a class="hit" href="/schema/staging_db/(public\.\w+)/"><code>', page)

    assert rows == ["public.bid_items", "public.bids", "public.contracts"]


def test_diagram_links_the_neighbours_and_draws_itself_in_the_middle(cast, known):
    page = html(cast.engineer, "/schema/staging_db/public.bids/")

    drawing = re.search(r'<svg class="chart erd".*?</svg>', page, re.DOTALL).group()
    assert re.findall(r'<a href="/schema/staging_db/([^/]+)/">', drawing) == ["public.projects", "public.bid_items", "public.contracts"]
    assert re.search(r'<g class="self">.*?>bids</text>', drawing, re.DOTALL)
    assert 'aria-label="public.bids refers to projects; bid_items, contracts refer to public.bids"' in drawing


def test_table_alone_has_no_diagram(cast, staging):
    snapshot(staging, table("public.lonely", "id"))

    page = html(cast.engineer, "/schema/staging_db/public.lonely/")

    assert 'class="chart erd"' not in page
    assert "No comment says what it is for. A change with COMMENT ON TABLE adds one." in words(page)


def test_view_is_shown_with_its_definition(cast, known):
    page = words(html(cast.engineer, "/schema/staging_db/public.open_bids/"))

    assert "Definition SELECT 1;" in page


@pytest.mark.parametrize("address", ["/schema/staging_db/public.nothing/", "/schema/nowhere/", "/schema/production_db/public.bids/"])
def test_what_is_in_no_snapshot_is_not_found(cast, known, address):
    response = browser(cast.engineer).get(address)

    assert response.status_code == 404


def test_booked_change_that_touches_the_table_is_announced(cast, known):
    phase = analysed(cast, known, "20260101_0900", "-- Purpose: x\n-- Impact: y\nALTER TABLE public.bids ADD COLUMN note text;\n")
    book(cast.operator, phase, known, make_window(known, timezone.now() + timedelta(days=2)))

    here, elsewhere = (words(html(cast.engineer, f"/schema/staging_db/public.{name}/")) for name in ("bids", "contracts"))

    assert f"{phase.spec.number} changes it on" in here
    assert "changes it on" not in elsewhere


@pytest.fixture
def grown(staging):
    """Two snapshots: a column came."""
    now = timezone.now()
    earlier = snapshot(staging, table("public.bids", "id"), days_ago=9, until=now)
    present = snapshot(staging, table("public.bids", "id", "note"), version="1.1.0")
    return earlier, present


def test_history_says_what_changed_between_two_snapshots(cast, grown):
    page = words(html(cast.engineer, "/schema/staging_db/"))

    assert "What changed since 1.0.0 column public.bids.note is new" in page
    assert "Version 1.1.0" in page
    assert "Version 1.0.0" in page


def test_earlier_schema_can_be_read_as_it_was(cast, grown):
    earlier, _ = grown

    target = html(cast.engineer, f"/schema/staging_db/?at={earlier.pk}")
    page = words(html(cast.engineer, f"/schema/staging_db/public.bids/?at={earlier.pk}"))

    assert "This is how it was from" in page
    assert "note" not in page
    assert f'href="/schema/staging_db/public.bids/?at={earlier.pk}"' in target
    assert "This is the first snapshot: what was before is not known." in words(target)


@pytest.mark.parametrize("wanted", ["nonsense", "0", "9" * 30, "²"])
def test_unknown_snapshot_is_the_present_one(cast, grown, wanted):
    page = words(html(cast.engineer, f"/schema/staging_db/?at={wanted}"))

    assert "This is how it was" not in page


def test_schema_is_shown_as_of_any_moment(cast, grown):
    moment = grown[0].valid_to - timedelta(milliseconds=1)

    then = words(html(cast.engineer, f"/schema/staging_db/?moment={quote(moment.isoformat())}"))
    before = words(html(cast.engineer, "/schema/staging_db/?moment=2001-01-01T00:00"))

    assert "This is how it was from" in then
    assert "Nobody had read this target before" in before
    assert "This is how it was from" not in before


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-13-45T99:99", "2026-01-01"])
def test_moment_that_is_none_shows_the_present_schema(cast, grown, moment):
    page = words(html(cast.engineer, f"/schema/staging_db/?moment={moment}"))

    assert "This is how it was" not in page


def test_pages_take_few_queries(cast, known, django_assert_max_num_queries):
    target = Target.objects.get(pk=known.pk)
    present = snapshot_of(target, "")
    assert present

    with django_assert_max_num_queries(7):
        table_page(target, present, "public.bids")
    client = browser(cast.reviewer)
    for address in ("/schema/", "/schema/staging_db/", "/schema/staging_db/public.bids/"):
        with django_assert_max_num_queries(15):
            client.get(address)
