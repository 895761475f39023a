"""Comments, questions, and wishes for changes."""

from datetime import datetime
from typing import Any

from ninja import Field, Router, Schema

from governance import workflow
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Text
from governance.api.lookups import comment_of, phase_of, script_of
from governance.models import Comment, CommentKind, Scope

router = Router(tags=["Discussion"])


class CommentIn(Input):
    text: Text
    kind: CommentKind = CommentKind.COMMENT
    script: Text = Field("", description="Name of the script that it is about; empty for the change as a whole.")
    line: int | None = Field(None, ge=1)
    answers: int | None = Field(None, description="Id of the comment that it answers.")


class CommentOut(Schema):
    id: int
    kind: CommentKind
    person: str = Field(alias="person.username")
    text: str
    script: str
    line: int | None
    answers: int | None = Field(alias="answers_id")
    at: datetime
    open: bool
    resolved_at: datetime | None
    resolved_by: str

    @staticmethod
    def resolve_script(comment: Any) -> str:
        return comment.script.name if comment.script else ""

    @staticmethod
    def resolve_resolved_by(comment: Any) -> str:
        return comment.resolved_by.get_username() if comment.resolved_by else ""


@router.get("/changes/{number}/comments", response=list[CommentOut], summary="Read the discussion", **takes(Scope.READ))
def list_comments(request: ApiRequest, number: str, phase: Text = "", only_open: bool = False) -> Any:
    row = phase_of(number, phase)
    rows = workflow.open_comments(row) if only_open else Comment.objects.filter(phase=row)
    return rows.select_related("person", "script", "resolved_by")


@router.post("/changes/{number}/comments", response={201: CommentOut}, summary="Comment, ask, ask for changes", **takes(Scope.SUBMIT))
def add_comment(request: ApiRequest, number: str, given: CommentIn, phase: Text = "") -> Any:
    """While changes are asked for, nobody can approve: until the change is edited, or whoever asked resolves it."""
    row = phase_of(number, phase)
    return workflow.comment(
        actor=request.auth,
        phase=row,
        text=given.text,
        kind=given.kind,
        script=script_of(row, given.script) if given.script else None,
        line=given.line,
        answers=comment_of(given.answers) if given.answers else None,
    )


@router.post("/comments/{int:key}/resolve", response=CommentOut, summary="Resolve a question or a wish", **takes(Scope.SUBMIT))
def resolve_comment(request: ApiRequest, key: int) -> Any:
    return workflow.resolve(actor=request.auth, comment=comment_of(key))
