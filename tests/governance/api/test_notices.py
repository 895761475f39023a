"""Over HTTP everybody reads what they were told, and nobody what others were."""

from governance import workflow
from governance.notices import NoticeKind, notify
from tests.factories import Cast


def tell(cast: Cast, subject: str) -> None:
    notify(kind=NoticeKind.RUN_FAILED, people=[cast.engineer, cast.operator], subject=subject, text="No lock.", link="/calendar/")


def test_ones_own_are_listed_page_by_page_and_what_is_unread_alone(cast, api):
    tell(cast, "First")
    tell(cast, "Second")

    listed = api.get(cast.engineer, "/notices?limit=1").json()
    rest = api.get(cast.engineer, f"/notices?cursor={listed['next']}").json()
    workflow.mark_read(actor=cast.engineer, notices=[listed["items"][0]["id"]])
    unread = api.get(cast.engineer, "/notices?unread=true&kind=run_failed").json()["items"]

    assert [each["subject"] for each in (*listed["items"], *rest["items"])] == ["Second", "First"]
    assert listed["items"][0]["link"] == "http://127.0.0.1:8000/calendar/"
    assert [each["subject"] for each in unread] == ["First"]


def test_nobody_reads_what_others_were_told(cast, api):
    tell(cast, "First")

    assert api.get(cast.reviewer, "/notices").json()["items"] == []
