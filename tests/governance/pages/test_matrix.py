"""The grid of clients and backends, and the reasons behind a cell."""

import csv
import io
import re

import pytest

from governance import workflow
from governance.models import MatrixEntry, Release
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
    factories.make_client_release()
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
