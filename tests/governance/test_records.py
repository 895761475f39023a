"""What operators set up, and what nobody edits by hand."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import IntegrityError, connection

from governance import workflow
from governance.errors import BadSpecification, MissingRole, NotAllowed, RecordInUse
from governance.lifecycle import Stage
from governance.models import AuditEvent, Consideration, Domain, DomainTable, Environment, Phase, Target
from tests import factories
from tests.factories import Cast


@pytest.fixture
def target(cast: Cast) -> Target:
    return factories.make_targets()[0]


def test_operator_adds_changes_and_deletes_with_an_event_each(cast, target):
    record = workflow.save_record(actor=cast.operator, record=Environment(name="test", rank=5))
    record.rank = 6
    workflow.save_record(actor=cast.operator, record=record, changed=["rank"])
    workflow.delete_record(actor=cast.operator, record=record)

    add, change, delete = AuditEvent.objects.filter(kind__startswith="environment.").order_by("pk")
    assert [event.kind for event in (add, change, delete)] == ["environment.add", "environment.change", "environment.delete"]
    assert {event.actor for event in (add, change, delete)} == {"otto"}
    assert (change.data["changed"], change.data["difference"]) == (["rank"], {"rank": ["5", "6"]})
    assert delete.data["before"]["name"] == "test"


def test_history_of_a_deleted_record_names_who_deleted_it(cast, target):
    workflow.save_record(actor=cast.operator, record=Environment(name="test", rank=5))

    workflow.delete_record(actor=cast.operator, record=Environment.objects.get(name="test"))

    assert Environment.history.filter(name="test", history_type="-").get().history_user == cast.operator


def test_history_of_what_goes_with_a_deleted_record_names_who_deleted_it(cast, target):
    domain = workflow.save_record(actor=cast.operator, record=Domain(slug="messaging", name="Messaging"))
    workflow.save_record(actor=cast.operator, record=Consideration(domain=domain, question="Who reads it?"))

    workflow.delete_record(actor=cast.operator, record=Domain.objects.get(slug="messaging"))

    gone = Consideration.history.get(history_type="-")
    assert (gone.question, gone.history_user) == ("Who reads it?", cast.operator)


@pytest.mark.parametrize("name", ["engineer", "reviewer", "stakeholder", "auditor"])
def test_only_operators_set_up(cast, target, name):
    with pytest.raises(MissingRole, match="operator"):
        workflow.save_record(actor=getattr(cast, name), record=target)


def test_superuser_without_the_role_sets_nothing_up(target, superuser):
    with pytest.raises(MissingRole):
        workflow.delete_record(actor=superuser, record=target)


def test_record_in_use_is_not_deleted_and_says_by_what(cast, target):
    factories.make_spec(cast, title="Levels")

    with pytest.raises(RecordInUse, match=r"“staging_db” cannot be deleted, as it is used by .*Levels on staging_db"):
        workflow.delete_record(actor=cast.operator, record=target)

    assert Target.objects.filter(pk=target.pk).exists()
    assert AuditEvent.objects.get(kind="refused.delete_record").actor == "otto"


def test_stage_is_not_skipped_by_saving_the_phase(cast, target):
    phase = factories.phase_of(factories.make_spec(cast))
    phase.stage = Stage.CLOSURE

    with pytest.raises(NotAllowed, match="is not edited by hand"):
        workflow.save_record(actor=cast.operator, record=phase)

    assert Phase.objects.get().at is Stage.IMPACT_ANALYSIS


def test_domain_of_a_change_is_kept(cast, target):
    factories.make_spec(cast, title="Levels")

    with pytest.raises(RecordInUse, match="Levels"):
        workflow.delete_record(actor=cast.operator, record=Domain.objects.get())


@pytest.mark.parametrize("name", ["purchase", ".purchase", "public."])
def test_table_of_a_domain_without_its_schema_is_refused_in_words_and_by_the_database(cast, name):
    domain = factories.make_domain("sales")

    with pytest.raises(BadSpecification, match=r"Write schema and table, for example public\."):
        workflow.save_record(actor=cast.operator, record=DomainTable(domain=domain, name=name))
    with pytest.raises(IntegrityError, match="domain_table_with_schema"):
        factories.at_once("INSERT INTO governance_domaintable (domain_id, name) VALUES (%s, %s)", [domain.pk, name])

    assert workflow.save_record(actor=cast.operator, record=DomainTable(domain=domain, name="public.purchase")).pk


def test_tables_that_were_there_without_a_schema_outlive_the_migration_and_are_written_anew_when_they_are_changed(cast):
    domain, state = factories.make_domain("sales"), SimpleNamespace(apps=apps)
    together = import_module("governance.migrations.0022_table_with_schema").Migration.operations[0]
    add = next(each for each in together.operations if isinstance(each, AddConstraintNotValid))
    factories.at_once("SELECT 1")
    with connection.schema_editor() as editor:
        add.database_backwards("governance", editor, state, state)
        factories.at_once("INSERT INTO governance_domaintable (domain_id, name) VALUES (%s, 'purchase')", [domain.pk])
        add.database_forwards("governance", editor, state, state)

    old = DomainTable.objects.get(name="purchase")
    old.name = "public.purchase"
    workflow.save_record(actor=cast.operator, record=old)

    assert list(DomainTable.objects.values_list("name", flat=True)) == ["public.purchase"]
