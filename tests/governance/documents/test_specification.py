"""The specification as a document: what `submit --spec` reads back, and the page with its appendix."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance import audit, workflow
from governance.audit import System, save
from governance.documents.specification import as_markdown, specification_of, written
from governance.models import Consideration, Domain, Target
from governance.policy import ApprovalKind
from governance.specification import SECTIONS, Specification, parse
from governance.workflow import ScriptFile
from tests import factories
from tests.portal.test_csp import INLINE

CHANGES = sorted((Path(__file__).resolve().parents[3] / "fixtures" / "instabids" / "changes").iterdir())
MOST_QUERIES = 15


def read(folder: Path) -> Specification:
    return parse("spec.md", (folder / "spec.md").read_text())


def submit(cast, folder):
    """With what the specification names, and first of all the changes that it requires."""
    given = read(folder)
    for title in given.requires:
        submit(cast, next(other for other in CHANGES if read(other).title == title))
    audit.append(System.FIXTURES, "test.set_up", "", "Domains for a test.")
    for slug in given.domains:
        domain = Domain.objects.filter(slug=slug).first() or save(System.FIXTURES, Domain(slug=slug, name=slug))
        for question in given.answers:
            if not Consideration.objects.filter(question=question).exists():
                save(System.FIXTURES, Consideration(domain=domain, question=question))
    scripts = [ScriptFile(path.name, path.read_text()) for path in sorted(folder.glob("*.sql"))]
    return workflow.submit(actor=cast.engineer, specification=given, scripts=scripts)


@pytest.fixture
def client(cast):
    client = Client()
    client.force_login(cast.auditor)
    return client


@pytest.mark.parametrize("folder", CHANGES, ids=lambda folder: folder.name)
def test_written_specification_reads_back_as_the_same_value(folder):
    given = read(folder)

    again = parse("again.md", written(given))

    assert again == given


@pytest.mark.parametrize("folder", CHANGES, ids=lambda folder: folder.name)
def test_submitted_change_exports_what_was_submitted(cast, folder):
    factories.make_targets()

    spec = submit(cast, folder)

    assert parse("again.md", as_markdown(spec)) == read(folder)


def test_irreversible_change_for_one_target_exports_both(cast):
    factories.make_targets()
    spec = factories.make_spec(cast, irreversible=True, restore_plan="From the copy: see\nthe archive.", targets=("staging_db",))

    again = parse("again.md", as_markdown(spec))

    assert (again.irreversible, again.restore_plan, again.targets) == (True, "From the copy: see\nthe archive.", ("staging_db",))


def test_export_names_no_target_when_the_change_is_for_all(cast):
    factories.make_targets()
    spec = factories.make_spec(cast)

    exported = specification_of(spec)

    assert Target.objects.count() == 2
    assert exported.targets == ()


@pytest.mark.parametrize("text", ["a: b # c", "'quoted' \"twice\"", "- a list\n- of two", "{{ x }} <b>&amp;</b>", "---\nthree", "№ 1 → 2"])
def test_text_survives_whatever_it_holds(text):
    given = factories.specification(purpose=text, privacy_impact=text, restore_plan=text)

    again = parse("again.md", written(given))

    assert again == given


def test_heading_inside_a_text_stays_text():
    given = factories.specification(design="First.\n\n## Not a section\n\nLast.")

    again = parse("again.md", written(given))

    assert again == replace(given, design="First.\n\n ## Not a section\n\nLast.")


def test_markdown_is_sent_as_a_file(cast, client):
    factories.make_targets()
    spec = factories.make_spec(cast)

    response = client.get(f"/changes/{spec.pk}/specification/?format=md")

    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert f'filename="{spec.number}.md"' in response["Content-Disposition"]
    assert parse("again.md", response.content.decode()).title == spec.title


def test_page_has_every_section_and_an_appendix_and_asks_few_questions(cast, client):
    factories.make_targets()
    spec = factories.make_spec(cast)
    phase = factories.bring_to_window(cast, spec)
    address = f"/changes/{spec.pk}/specification/"
    client.get(address)

    with CaptureQueriesContext(connection) as queries:
        page = client.get(address).content.decode()

    print(f"specification: {len(queries)} queries")
    assert len(queries) <= MOST_QUERIES
    assert INLINE.search(page) is None
    assert all(f"<h2>{title}</h2>" in page for title in SECTIONS.values())
    assert workflow.digest_for(phase, ApprovalKind.TECHNICAL)[:12] in page
    assert "checks: 6 passed" in page
    assert "as a test says" in page
    assert "Not reviewed yet." in page
