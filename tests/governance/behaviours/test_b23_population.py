"""B23: the population of a period with its count and its seal; the same again is byte for byte the same."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from governance.counting import exported
from governance.models import AuditEvent
from tests import factories
from tests.governance.behaviours.ways import WAYS, browser


def taken(way: str, api: Any, person: Any, since: str = "", until: str = "") -> tuple[int, str, list[dict[str, Any]]]:
    """Count, seal and rows. `since`, `until`: days."""
    if way == "page":
        answer = browser(person).get("/report/", {"as": "json", "since": since, "until": until}).json()
    elif way == "api":
        answer = api.get(person, "/reports/population").json()
    else:
        members, sealed = exported(person)
        return len(members), sealed, [member.as_row() for member in members]
    return answer["count"], answer["sha256"], answer["changes"]


def seal_of(rows: list[dict[str, Any]]) -> str:
    """As somebody outside would compute it, from the documentation alone."""
    return hashlib.sha256("\n".join(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows).encode()).hexdigest()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("staging")
def test_b23_population_carries_count_and_seal_which_its_event_keeps(api, cast, spec, way):
    count, sealed, rows = taken(way, api, cast.auditor)
    again = taken(way, api, cast.auditor)

    event = AuditEvent.objects.filter(kind="export.population")[0]
    assert again == (count, sealed, rows)
    assert (count, sealed) == (len(rows), seal_of(rows)) == (event.data["count"], event.data["sha256"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("staging")
def test_b23_whatever_happens_to_one_change_alters_the_seal(api, cast, spec, way):
    before = taken(way, api, cast.auditor)
    factories.edit(cast.engineer, factories.phase_of(spec))

    after = taken(way, api, cast.auditor)

    assert before[0] == after[0]
    assert before[1] != after[1]


@pytest.mark.at("staging")
def test_b23_both_forms_of_the_page_carry_the_same_seal_and_a_period_leaves_out_what_is_outside(api, cast, spec):
    today = timezone.localdate()
    as_csv = browser(cast.auditor).get("/report/?as=csv")

    inside = taken("page", api, cast.auditor, since=f"{today}", until=f"{today}")
    outside = taken("page", api, cast.auditor, until=f"{today - timedelta(days=1)}")

    assert (as_csv["X-Count"], as_csv["X-SHA256"]) == ("1", inside[1])
    assert outside[0] == 0


@pytest.mark.at("staging")
def test_b23_a_day_that_cannot_be_read_exports_nothing_and_says_so(cast, spec):
    page = browser(cast.auditor).get("/report/?as=csv&since=yesterday").content.decode()

    assert "Write both as 2026-01-31" in page
    assert not AuditEvent.objects.filter(kind="export.population").exists()


@pytest.mark.at("staging")
def test_b23_a_sampled_change_is_exported_again_byte_for_byte(cast, spec):
    first, second = (browser(cast.auditor).get(f"/changes/{spec.pk}/specification/?format=md").content for _ in range(2))

    assert spec.title.encode() in first
    assert first == second
