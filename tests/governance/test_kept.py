"""Subqueries whose SQL is written once."""

from django.contrib.auth.models import Group, User
from django.db.models import OuterRef

from governance.kept import KeptRows


def people():
    """Everybody, with the names of their roles."""
    return User.objects.annotate(roles=KeptRows(Group.objects.filter(user=OuterRef("pk")).order_by("name").values("name")))


def test_rows_are_of_each_row_that_is_asked_for(cast):
    kept = people()

    found = {name: kept.get(username=name).roles for name in ("erin", "otto", "erin")}

    assert found == {"erin": ["engineer"], "otto": ["operator"]}


def test_kept_queryset_may_stand_within_another_one(cast):
    kept = people()
    assert kept.get(username="erin").roles == ["engineer"]

    within = kept.filter(pk__in=kept.filter(roles=["operator"]).values("pk"))

    assert [person.username for person in within] == ["otto"]


def test_sql_is_written_once(cast, monkeypatch):
    kept = people()
    kept.get(username="erin")
    monkeypatch.setattr("django.db.models.expressions.Subquery.as_sql", None)

    assert kept.get(username="otto").roles == ["operator"]
