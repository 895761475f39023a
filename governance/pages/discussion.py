"""What was said about a change, as threads at their places, and saying something on its page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from governance import workflow
from governance.acts import ACTS
from governance.errors import BadInput
from governance.lifecycle import PhaseStatus, Role
from governance.models import Comment, CommentKind, Phase, Script
from governance.pages.values import address_of, person_name

Place = tuple[int, int | None]  # id of a script, and a line of it
WORDS = {CommentKind.COMMENT: "commented", CommentKind.QUESTION: "asks", CommentKind.CHANGES: "asks for changes"}


@dataclass(frozen=True)
class Discussion:
    threads: list[dict[str, Any]]  # oldest first, each with its replies
    kinds: list[tuple[str, str]]  # what the person may say: value and label; none once the change is over
    url: str
    wanted: Place | None = None  # where the person wants to say something

    @property
    def open(self) -> int:
        return sum(thread["open"] for thread in self.threads)

    def at(self, script: Script, line: int) -> list[dict[str, Any]]:
        """A line that an edit has cut off is shown at the last one."""
        last = len(script.text.splitlines())
        return [each for each in self.threads if each["script"] == script.pk and each["line"] and min(each["line"], last) == line]

    def place(self, script: Script, line: int) -> dict[str, Any]:
        on = f"{script.pk}:{line}"
        return {
            "threads": self.at(script, line),
            "anchor": f"line-{script.pk}-{line}",
            "url": f"{self.url}&tab=scripts&on={on}#line-{script.pk}-{line}" if self.kinds else "",
            "asked": self.wanted == (script.pk, line),
        }


def discussion(person: User, roles: frozenset[Role], phase: Phase, on: str = "") -> Discussion:
    """`on`: "script:line", as a line's link says."""
    rows = list(phase.comments.select_related("person", "resolved_by", "script"))
    replies: dict[int, list[dict[str, Any]]] = {row.pk: [] for row in rows}
    for row in rows:
        if row.answers_id:
            replies[row.answers_id].append(_said(row, person))
    script, _, line = on.partition(":")
    return Discussion(
        threads=[{**_said(row, person), "replies": _all_below(row.pk, replies)} for row in rows if not row.answers_id],
        kinds=_kinds(roles) if phase.status == PhaseStatus.OPEN else [],
        url=address_of(phase),
        wanted=(int(script), int(line)) if script.isdecimal() and line.isdecimal() else None,
    )


def _all_below(key: int, replies: Mapping[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Answers to answers stand in the same thread, in the order in which they were given."""
    direct = replies[key]
    return sorted([*direct, *(each for reply in direct for each in _all_below(reply["id"], replies))], key=lambda reply: reply["id"])


def _kinds(roles: frozenset[Role]) -> list[tuple[str, str]]:
    acts = {CommentKind.COMMENT: "comment", CommentKind.QUESTION: "comment", CommentKind.CHANGES: "ask_for_changes"}
    labels = {CommentKind.COMMENT: "Comment", CommentKind.QUESTION: "Question", CommentKind.CHANGES: "Ask for changes"}
    return [(str(kind), labels[kind]) for kind, act in acts.items() if roles & ACTS[act].roles]


def _said(row: Comment, person: User) -> dict[str, Any]:
    return {
        "id": row.pk,
        "person": person_name(row.person),
        "word": WORDS[CommentKind(row.kind)],
        "text": row.text,
        "at": row.at,
        "open": row.open,
        "resolved": row.resolved_at is not None,
        "resolved_by": person_name(row.resolved_by) if row.resolved_by else "",
        "resolvable": row.open and (row.kind != CommentKind.CHANGES or row.person_id == person.pk),
        "script": row.script_id,
        "line": row.line,
        "place": f"{row.script.name}, line {row.line}" if row.script and row.line else row.script.name if row.script else "",
    }


def say(person: User, phase: Phase, data: Mapping[str, str]) -> None:
    """Raises Refusal."""
    kind = data.get("kind", CommentKind.COMMENT)
    if kind not in CommentKind.values:
        raise BadInput(f"There is no kind of comment called {kind}. Comment, ask, or ask for changes.")
    workflow.comment(
        actor=person,
        phase=phase,
        text=data.get("text", ""),
        kind=CommentKind(kind),
        script=_named(phase.scripts, data.get("script", ""), "script"),
        line=int(line) if (line := data.get("line", "")).isdecimal() else None,
        answers=_named(phase.comments, data.get("answers", ""), "comment"),
    )


def settle(person: User, phase: Phase, data: Mapping[str, str]) -> None:
    """Raises Refusal."""
    comment = _named(phase.comments, data.get("comment", ""), "comment")
    if comment is None:
        raise BadInput("No comment was named. Use the button beside the question.")
    workflow.resolve(actor=person, comment=comment)


def _named(rows: Any, key: str, what: str) -> Any:
    if not key:
        return None
    found = rows.filter(pk=key).first() if key.isdecimal() else None
    if found is None:
        raise BadInput(f"This change has no such {what}. Open its page again: somebody may have changed it.")
    return found
