"""The grid of clients and backends, and the reasons behind a cell."""

import csv
import io
import re
import time
from datetime import date, timedelta

import pytest
from django.utils import timezone

from governance import audit, workflow
from governance.audit import System
from governance.models import ApiVersion, Binding, MatrixEntry, Release
from tests import factories
from tests.governance.pages.scenes import browser, html, keep, words

pytestmark = pytest.mark.django_db


def release(kind: str, name: str, version: str, **given: object) -> Release:
    return keep(Release(kind=kind, name=name, version=version, **given))


def declare(client: Release, backend: Release, verdict: str, **given: object) -> MatrixEntry:
    return keep(MatrixEntry(client=client, backend=backend, verdict=verdict, **{"reason": f"It is {verdict}.", **given}))


@pytest.fixture
def grid(cast):
    clients = [release("client", "App", version) for version in ("1.9", "1.10")] + [release("client", "Desk", "3")]
    backends = [release("backend", "api", version) for version in ("2.0", "10.0")]
    declare(clients[0], backends[0], "full")
    declare(clients[0], backends[1], "no", reason="It reads a column that is gone.")
    declare(clients[1], backends[0], "partial", source="tested")
    return clients, backends


def marks(page: str) -> list[list[str]]:
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', page, re.DOTALL)
    return [re.findall(r'<td class="m-(\w+)">', row) for row in rows]


def test_matrix_without_releases_says_what_would_stand_there(cast):
    page = words(html(cast.engineer, "/matrix/"))

    assert "An operator adds releases; runs derive the rest." in page


def test_grid_shows_glyph_and_word_of_every_pair_newest_client_first(cast, grid):
    page = html(cast.engineer, "/matrix/")

    assert re.findall(r'<th scope="row">([^<]+)', page) == ["App 1.10", "App 1.9", "Desk 3"]
    assert marks(page) == [["part", "unk"], ["full", "no"], ["unk", "unk"]]
    assert re.search(r'<td class="m-no"><a [^>]*><svg class="ic"><use href="#g-no"/></svg>No</a>', page)


def test_versions_are_ordered_by_their_numbers(cast, grid):
    page = html(cast.engineer, "/matrix/")

    assert re.findall(r'<th scope="col">([\d.]+)', page) == ["2.0", "10.0"]


def test_cell_opens_its_reasons_by_its_link(cast, grid):
    clients, backends = grid

    page = words(html(cast.engineer, f"/matrix/?client={clients[1].pk}&backend={backends[0].pk}"))

    assert "App 1.10 with api 2.0 Partial It is partial. Source Tested" in page


def test_worst_cell_is_open_until_another_is_chosen(cast, grid):
    page = words(html(cast.engineer, "/matrix/"))

    assert "App 1.9 with api 10.0 No It reads a column that is gone. Source Declared by an operator" in page


def test_unknown_pair_says_what_resolves_it(cast, grid):
    clients, backends = grid
    address = f"/matrix/?client={clients[2].pk}&backend={backends[0].pk}"

    reader, operator = html(cast.engineer, address), html(cast.operator, address)

    assert "Test the pair or declare what is known of it: ask an operator." in words(reader)
    assert f'href="/governance/matrixentry/add/?client={clients[2].pk}&amp;backend={backends[0].pk}"' in operator
    assert "/governance/matrixentry/add/" not in reader


def test_derived_cell_leads_to_its_run_and_its_change(cast):
    factories.make_targets()
    with factories.transaction.atomic():
        declare(factories.make_client_release(), release("backend", "staging_db", "1.0.0"), "full")
    spec = factories.make_spec(cast)
    phase = factories.bring_to_staging(cast, spec)
    run = factories.finish(workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False)))

    page = html(cast.engineer, "/matrix/?target=staging_db")

    assert f'href="/governance/run/{run.pk}/change/">Deploy on staging_db</a>' in page
    assert f"{spec.number} {spec}" in words(page)
    assert "Source Derived from what the change does" in words(page)
    assert 'class="tag">now</span>' in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [("name=Desk", ["Desk 3"]), ("target=api", ["App 1.10", "App 1.9", "Desk 3"]), ("name=App&target=other", ["App 1.10", "App 1.9"])],
)
def test_filters_leave_out_other_rows(cast, grid, query, shown):
    page = html(cast.engineer, f"/matrix/?{query}&target=api")

    assert re.findall(r'<th scope="row">([^<]+)', page) == shown


def test_filter_by_backend_leaves_out_other_columns(cast, grid):
    release("backend", "worker", "7")

    page = html(cast.engineer, "/matrix/?target=worker")

    assert re.findall(r'<th scope="col">([\d.]+)', page) == ["7"]


def test_retired_clients_are_shown_only_when_asked_for(cast, grid):
    release("client", "Old", "1", live=False)

    usual, asked = html(cast.engineer, "/matrix/"), html(cast.engineer, "/matrix/?retired=on")

    assert "Old 1" not in words(usual)
    assert "Old 1 retired" in words(asked)


def test_only_the_latest_versions_of_each_backend_are_shown_until_one_is_chosen(cast, grid):
    for number in range(8):
        release("backend", "busy", f"1.{number}")

    folded, whole = html(cast.engineer, "/matrix/"), html(cast.engineer, "/matrix/?target=busy")

    assert "1.1" not in re.findall(r'<th scope="col">([\d.]+)', folded)
    assert "The latest 6 versions of each backend." in words(folded)
    assert re.findall(r'<th scope="col">([\d.]+)', whole) == [f"1.{number}" for number in range(8)]


def test_export_holds_the_grid_and_no_formula(cast, grid):
    release("client", "=HYPERLINK(1)", "1")

    response = browser(cast.auditor).get("/matrix/?as=csv")

    rows = list(csv.reader(io.StringIO(response.content.decode())))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert rows[0] == ["Client", "api 2.0", "api 10.0"]
    assert rows[1] == ["'=HYPERLINK(1) 1", "unknown", "unknown"]
    assert rows[2] == ["App 1.10", "partial", "unknown"]


def test_more_cells_take_no_more_queries(cast, grid, django_assert_max_num_queries):
    client = browser(cast.operator)
    with django_assert_max_num_queries(15):
        client.get("/matrix/")


def test_export_as_json_holds_every_pair_with_its_reasons(cast, grid):
    cells = browser(cast.auditor).get("/matrix/?as=json").json()["cells"]

    found = {(each["client"]["version"], each["backend"]["version"]): each for each in cells}
    assert len(cells) == 6
    assert (found["1.9", "10.0"]["verdict"], found["1.9", "10.0"]["reason"]) == ("no", "It reads a column that is gone.")
    assert (found["1.10", "2.0"]["source"], found["3", "2.0"]["verdict"]) == ("tested", "unknown")


def test_what_was_tested_counts_more_than_what_was_declared_and_both_are_shown(cast, grid):
    clients, backends = grid
    declare(clients[0], backends[0], "no", source="tested", reason="The suite failed.")

    page = words(html(cast.engineer, f"/matrix/?client={clients[0].pk}&backend={backends[0].pk}"))

    assert "App 1.9 with api 2.0 No The suite failed. Source Tested" in page
    assert "Full Declared by an operator: It is full." in page


def test_derived_cell_opens_into_rules_objects_and_the_way_out(cast):
    factories.make_targets()
    spec, client = removal(cast)
    backend = Release.objects.get(kind="backend")
    ruling = {"change": spec.number, "rule": "R13", "verdict": "no", "subject": "public.contractors.name", "text": "it reads something"}
    declare(client, backend, "no", source="derived", rulings=[{**ruling, "way_out": "Release another.", "last_seen": "2026-11-20"}])

    page = html(cast.engineer, f"/matrix/?client={client.pk}&backend={backend.pk}")

    assert f'href="/governance/spec/{spec.pk}/change/">{spec.number}</a>, rule R13, last seen 2026-11-20' in page
    assert "It reads something: public.contractors.name." in words(page)
    assert "Way out Release another." in words(page)


def test_override_is_shown_with_its_people_and_its_end_and_counts_only_then(cast, grid):
    clients, backends = grid
    address = f"/matrix/?client={clients[0].pk}&backend={backends[1].pk}"
    told = {"client": clients[0], "backend": backends[1], "verdict": "full", "reason": "Its users agreed."}
    override = workflow.override(actor=cast.operator, expires_at=timezone.now() + timedelta(days=9), **told)

    alone = words(html(cast.engineer, address))
    workflow.second_override(actor=cast.reviewer, override=override)
    both = words(html(cast.engineer, address))

    assert "App 1.9 with api 10.0 No" in alone
    assert "asked for by otto; it counts once another person stands for it." in alone
    assert "App 1.9 with api 10.0 Full Its users agreed." in both
    assert "asked for by otto, with rosa. Until" in both


def removal(cast):
    """A change that takes a column away which a client reads."""
    client = release("client", "App", "1.0")
    declare(client, release("backend", "production_db", "1.0.0"), "full")
    keep(Binding(client=client, object="public.contractors.name"))
    forward = "-- Purpose: p\n-- Impact: i\nALTER TABLE public.contractors DROP COLUMN name;\n"
    spec = factories.make_spec(cast, factories.script_files(forward=forward))
    factories.observe(factories.phase_of(spec))
    return spec, client


def test_who_breaks_names_the_clients_of_each_open_change(cast):
    factories.make_targets()
    spec, _ = removal(cast)

    page = words(html(cast.engineer, "/matrix/?view=changes"))

    assert f"{spec.number} {spec} on production_db App 1.0 no: it reads something that is removed" in page


def test_until_when_says_what_ends_a_client_and_what_it_has_to_do(cast):
    factories.make_targets()
    spec, client = removal(cast)
    client.api_version = keep(
        ApiVersion(number="1.0", deprecated_on=date(2026, 1, 1), sunset_on=date(2027, 6, 30), migration_path="Read lines, not total.")
    )
    keep(client)

    page = words(html(cast.engineer, "/matrix/?view=clients&target=production_db"))

    assert "App 1.0 fine until 30 Jun 2027: API 1.0 is retired" in page
    assert f"No after {spec.number} on production_db" in page
    assert "→ Read lines, not total. → Release a client that reads the new form." in page


def test_time_line_of_deprecations_goes_by_date_and_names_who_still_uses_what(cast):
    factories.make_targets()
    spec, _ = removal(cast)
    api = keep(ApiVersion(number="1.0", deprecated_on=date(2026, 1, 1), sunset_on=date(2027, 6, 30), migration_path="Read lines."))
    release("client", "Desk", "3", api_version=api)

    page = words(html(cast.engineer, "/matrix/?view=deprecations"))

    parts = ["1 Jan 2026 API 1.0 is deprecated", "30 Jun 2027 API 1.0 is retired", f"Not booked {spec.number} takes away on production_db"]
    assert [part in page for part in parts] == [True, True, True]
    assert page.index(parts[0]) < page.index(parts[1]) < page.index(parts[2])
    assert "Desk 3 → Read lines." in page


@pytest.mark.parametrize("view", ["changes", "clients", "deprecations"])
def test_other_views_say_what_would_stand_there_and_take_few_queries(cast, view, django_assert_max_num_queries):
    client = browser(cast.operator)

    with django_assert_max_num_queries(15):
        page = client.get(f"/matrix/?view={view}").content.decode()

    assert 'class="empty"' in page


@pytest.fixture
def fifty(cast):
    audit.append(System.FIXTURES, "test.set_up", "", "Fifty by fifty.")
    clients = Release.objects.bulk_create(Release(kind="client", name="App", version=f"1.{number}") for number in range(50))
    backends = Release.objects.bulk_create(Release(kind="backend", name="busy", version=f"1.{number}") for number in range(50))
    verdicts = ("full", "partial", "no", "unknown")
    MatrixEntry.objects.bulk_create(
        MatrixEntry(client=client, backend=backend, verdict=verdicts[(row + column) % 4], reason="It was tried.", source="derived")
        for row, client in enumerate(clients)
        for column, backend in enumerate(backends)
    )


def test_fifty_by_fifty_take_fifteen_queries_and_little_time(cast, fifty, django_assert_max_num_queries):
    client = browser(cast.operator)
    client.get("/matrix/?target=busy")  # templates are compiled once

    with django_assert_max_num_queries(15):
        page = client.get("/matrix/?target=busy").content.decode()
    began = time.process_time()
    client.get("/matrix/?target=busy")
    took = time.process_time() - began

    assert page.count('<td class="m-') == 2500
    assert took < 0.15
