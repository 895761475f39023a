"""Submitting, listing and reading changes."""

import pytest

from governance import workflow
from governance.lifecycle import Stage
from governance.models import AuditEvent, Script, Spec
from governance.policy import ApprovalKind
from tests import factories
from tests.governance.api.caller import submission
from tests.governance.conftest import STAGES, wanted_of

LATER = "20260101_1000"


@pytest.fixture
def targets(db):
    return factories.make_targets()


@pytest.fixture
def beginning(request):
    return wanted_of(request, {"spec": STAGES["submission"]})


def test_a_submission_is_what_the_function_makes(api, cast, targets):
    made = factories.make_spec(cast, factories.script_files(LATER), title="By function")

    answer = api.post(cast.engineer, "/changes", submission(title="By programs"))

    spec = Spec.objects.get(title="By programs")
    theirs, ours = factories.phase_of(spec), factories.phase_of(made)
    assert answer.status_code == 201
    assert answer.json()["number"] == spec.number
    assert spec.author == cast.engineer
    for name in ("stage", "change_class", "category", "bump", "risk"):
        assert getattr(theirs, name) == getattr(ours, name)
    for name in ("purpose", "drivers", "design", "mitigation", "data_class", "privacy_impact", "pattern"):
        assert getattr(spec, name) == getattr(made, name)
    assert list(theirs.scripts.values_list("kind", "text")) == list(ours.scripts.values_list("kind", "text"))
    assert list(spec.criteria.values_list("name", "expected")) == list(made.criteria.values_list("name", "expected"))
    assert theirs.deployments.count() == ours.deployments.count()


def test_where_the_scripts_come_from_is_kept(api, cast, targets):
    source = {"repository": "https://git.example.com/bids", "commit": "4f2a91c", "request": "https://git.example.com/bids/7"}

    api.post(cast.engineer, "/changes", submission() | source)

    assert list(Script.objects.values("repository", "commit", "request").order_by().distinct()) == [source]


@pytest.mark.parametrize(
    ("name", "text", "code", "where"),
    [
        ("V1__x.sql", "SELECT 1;", "BadScriptName", "Rename it to"),
        (f"V{LATER}__alone.sql", "CREATE TABLE a (b int);", "MissingRollback", "rollback_alone.sql"),
        (f"V{LATER}__broken.sql", "ALTER TABLE ONLY;", "UnparsableScript", "line 1"),
        (f"V{LATER}__mine.sql", "BEGIN; COMMIT;", "TransactionControl", "BEGIN"),
    ],
)
def test_why_a_script_cannot_be_used_comes_through_and_nothing_is_kept(api, cast, targets, name, text, code, where):
    given = submission()
    given["scripts"].append({"name": name, "text": text})

    answer = api.post(cast.engineer, "/changes", given)

    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert (problem["code"], problem["status"]) == (code, 422)
    assert where in problem["detail"]
    assert problem["name"] == name
    assert problem["type"] == f"/api/v1/docs#problem-{code}"
    assert not Spec.objects.exists()
    assert AuditEvent.objects.get(kind="refused.submit").data["code"] == code


def test_a_specification_that_says_nothing_is_refused_with_what_would_be_right(api, cast, targets):
    answer = api.post(cast.engineer, "/changes", submission() | {"specification": "no front matter"})

    assert answer.status_code == 422
    assert "title" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "specification"),
        ({"specification": "x", "scripts": "none"}, "scripts"),
        ({"specification": "x", "scripts": [], "autor": "erin"}, "autor"),
        ({"specification": "half \0", "scripts": []}, "specification"),
        ({"specification": "half \ud800", "scripts": []}, "specification"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_at_the_member(api, cast, body, where):
    answer = api.post(cast.engineer, "/changes", body)

    assert answer.status_code == 422
    assert answer.json()["code"] == "MalformedRequest"
    assert where in answer.json()["errors"][0]["where"]


def test_a_body_that_is_no_json_is_refused(api, cast):
    answer = api.client.generic(
        "POST", "/api/v1/changes", b"{", "application/json", headers={"Authorization": f"Bearer {api.token(cast.engineer)}"}
    )

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_a_change_says_where_it_is_and_what_is_missing(api, cast, spec):
    found = api.get(cast.auditor, f"/changes/{spec.number}").json()

    (phase,) = found["phases"]
    assert (found["title"], found["author"], found["domains"]) == (spec.title, "erin", ["labor"])
    assert (phase["stage"], phase["stage_title"], phase["status"]) == (Stage.IMPACT_ANALYSIS, "Impact analysis", "open")
    assert phase["missing"] == [
        {"text": "Analysis on today's facts of every target", "state": "missing", "detail": "staging_db, production_db", "skipped": ""}
    ]
    assert (phase["change_class"], phase["bump"]) == ("additive", "minor")
    assert "contractors" in phase["sentence"]
    assert phase["script_digest"] == workflow.digest_for(factories.phase_of(spec), ApprovalKind.TECHNICAL)
    assert phase["release_digest"] == ""
    assert [target["name"] for target in phase["targets"]] == ["staging_db", "production_db"]
    assert found["criteria"] == [{"name": "Worst wait", "expected": "under 1 s", "measure": "", "result": "", "met": None}]


@pytest.mark.parametrize("number", ["CHG-999", "chg-x", "999999999999999999999", "²"])
def test_a_change_that_is_not_there_is_a_problem(api, cast, number):
    answer = api.get(cast.engineer, f"/changes/{number}")

    assert answer.status_code == 404
    assert answer.json()["code"] == "NoSuchRecord"


@pytest.fixture
def many(cast, targets):
    return [factories.make_spec(cast, factories.script_files(f"20260101_10{minute:02}")) for minute in range(5)]


def numbers(answer):
    return [each["number"] for each in answer.json()["items"]]


def test_a_list_comes_in_pages_that_new_changes_do_not_shift(api, cast, many):
    first = api.get(cast.engineer, "/changes?limit=2")
    factories.make_spec(cast)
    second = api.get(cast.engineer, f"/changes?limit=2&cursor={first.json()['next']}")
    third = api.get(cast.engineer, f"/changes?limit=2&cursor={second.json()['next']}")

    newest_first = [spec.number for spec in reversed(many)]
    assert numbers(first) + numbers(second) + numbers(third) == newest_first
    assert third.json()["next"] == ""


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=guessed", "cursor=YWZ0ZXIgeA==", "stage=14", "status=odd", "title=%00"])
def test_a_page_that_cannot_be_is_refused(api, cast, query):
    assert api.get(cast.engineer, f"/changes?{query}").status_code == 422


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("stage=2", True),
        ("stage=3", False),
        ("status=open", True),
        ("status=closed", False),
        ("author=erin", True),
        ("author=rosa", False),
        ("domain=labor", True),
        ("domain=bidding", False),
        ("target=staging_db", True),
        ("target=elsewhere", False),
        ("risk=low", True),
        ("change_class=removal", False),
        ("kind=normal", True),
        ("kind=emergency", False),
        ("search=LEVELS", True),
        ("title=levels", False),
    ],
)
def test_a_list_is_filtered(api, cast, spec, query, matches):
    assert numbers(api.get(cast.engineer, f"/changes?{query}")) == ([spec.number] if matches else [])


def test_a_list_takes_as_many_queries_for_many_changes_as_for_one(api, cast, many, django_assert_max_num_queries):
    api.get(cast.engineer, "/changes?limit=1")

    with django_assert_max_num_queries(8):
        found = api.get(cast.engineer, "/changes?limit=50")

    assert len(numbers(found)) == 5


def test_scripts_are_read_and_edited(api, cast, spec):
    before = api.get(cast.engineer, f"/changes/{spec.number}/scripts").json()
    forward = next(script for script in before if script["kind"] == "forward")
    text = forward["text"].replace("integer", "bigint")

    answer = api.put(cast.engineer, f"/changes/{spec.number}/scripts/{forward['name']}", {"text": text})

    assert len(before) == 3
    assert answer.status_code == 200
    assert answer.json()["text"] == text
    assert answer.json()["checksum"] != forward["checksum"]
    assert Script.objects.get(name=forward["name"]).text == text


def test_analyses_come_with_their_findings(api, cast, targets):
    forward = "-- Purpose: levels\n-- Impact: waits\nCREATE INDEX levels ON public.contractors (level);\n"
    rollback = "-- Purpose: undo\n-- Impact: none\nDROP INDEX public.levels;\n"
    spec = factories.make_spec(cast, factories.script_files(forward=forward, rollback=rollback))

    before = api.get(cast.reviewer, f"/changes/{spec.number}/analysis").json()
    factories.observe(factories.phase_of(spec))
    after = api.get(cast.reviewer, f"/changes/{spec.number}/analysis").json()

    assert (before["pending"], [each["target"] for each in before["analyses"]]) == (2, [""])
    assert (after["pending"], [each["target"] for each in after["analyses"]]) == (0, ["", "production_db", "staging_db"])
    (finding,) = [each for each in after["analyses"][1]["findings"] if each["code"] == "require-concurrent-index-creation"]
    assert (finding["level"], finding["line"]) == ("warning", 3)
    assert finding["safe_form"]
    assert all(each["current"] for each in after["analyses"])


def test_may_it_go_out(api, cast, spec):
    before = api.get(cast.engineer, f"/changes/{spec.number}/can-deploy").json()
    factories.make_client_release()
    after = api.get(cast.engineer, f"/changes/{spec.number}/can-deploy").json()

    assert before == {"answer": "yes", "reasons": []}
    assert after["answer"] == "unknown"
    assert after["reasons"]
