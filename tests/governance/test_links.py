"""What links two rows is guarded like the rows: no change without an event, and the event says before and after."""

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from governance import workflow
from governance.errors import MissingRole
from governance.lifecycle import Stage
from governance.models import AuditEvent, Domain
from tests import factories
from tests.governance.api.caller import Caller

TOUCHED_BY_NOBODY = "billing"


@pytest.fixture
def labor(cast) -> Domain:
    factories.make_targets()
    return Domain.objects.get()


def make_domain(cast, slug: str = TOUCHED_BY_NOBODY) -> Domain:
    return workflow.save_record(actor=cast.operator, record=Domain(slug=slug, name=slug.capitalize()))


def test_no_link_is_changed_without_an_event(committed):
    cast = factories.make_cast()
    target, _ = factories.make_targets()
    spec, resource, domain = factories.make_spec(cast), factories.make_resource(target), Domain.objects.get()
    ways = (spec.domains.clear, resource.targets.clear, lambda: domain.owners.add(cast.auditor))

    for way in ways:
        with pytest.raises(IntegrityError, match="needs an audit event"):
            way()

    assert (spec.domains.count(), resource.targets.count(), domain.owners.count()) == (1, 1, 0)


def test_owners_are_chosen_in_the_form_with_an_event_that_names_them(cast, labor):
    client = Client()
    client.force_login(cast.operator)
    tables = {f"{name}-{total}": "0" for name in ("tables", "considerations") for total in ("TOTAL_FORMS", "INITIAL_FORMS")}
    form = {"slug": labor.slug, "name": labor.name, "approach": "", "owners": [cast.engineer.pk, cast.reviewer.pk], **tables}

    answer = client.post(reverse("admin:governance_domain_change", args=[labor.pk]), form)

    assert answer.status_code == 302
    event = AuditEvent.objects.get(kind="domain.link")
    assert (event.actor, event.data["difference"]) == ("otto", {"owners": [[], ["erin", "rosa"]]})


def test_links_that_stay_are_no_event_and_others_may_not_change_them(cast, labor):
    workflow.link_record(actor=cast.operator, record=labor, chosen={"owners": [cast.engineer]})
    workflow.link_record(actor=cast.operator, record=labor, chosen={"owners": [cast.engineer]})

    with pytest.raises(MissingRole):
        workflow.link_record(actor=cast.reviewer, record=labor, chosen={"owners": []})

    assert AuditEvent.objects.filter(kind="domain.link").count() == 1
    assert list(labor.owners.all()) == [cast.engineer]


def test_change_without_a_domain_gets_one_later_and_goes_on(cast, labor):
    spec = factories.make_spec(cast, domains=())
    phase = factories.phase_of(spec)
    factories.observe(phase)
    before = factories.phase_of(spec).at

    workflow.edit_specification(actor=cast.engineer, spec=spec, changes={}, domains=[labor])

    assert (before, factories.phase_of(spec).at) == (Stage.REQUIREMENT, Stage.LOCAL_TESTING)
    assert AuditEvent.objects.get(kind="spec.edit").data["before"] == {"domains": ""}


def test_domain_that_owns_a_touched_table_stays_whatever_is_chosen(cast, labor):
    workflow.save_record(actor=cast.operator, record=labor.tables.model(domain=labor, name="public.contractors"))
    spec, other = factories.make_spec(cast), make_domain(cast)

    workflow.edit_specification(actor=cast.engineer, spec=spec, changes={}, domains=[other])

    assert set(spec.domains.all()) == {labor, other}


@pytest.mark.parametrize(("slugs", "status", "after"), [(["billing"], 200, ["billing"]), (["nowhere"], 404, ["labor"]), ([], 200, [])])
def test_domains_are_changed_over_http(cast, labor, slugs, status, after):
    spec = factories.make_spec(cast)
    make_domain(cast)

    api = Caller()

    answer = api.send(api.token(cast.engineer), "PATCH", f"/changes/{spec.number}", {"domains": slugs})

    assert answer.status_code == status
    assert sorted(spec.domains.values_list("slug", flat=True)) == after
