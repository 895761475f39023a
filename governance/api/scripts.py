"""The scripts of a change: read, edited, added and left out."""

from collections.abc import Iterable
from typing import Any

from ninja import Field, Router, Schema

from governance import workflow
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Text
from governance.api.lookups import phase_of, script_of
from governance.models import Scope
from governance.orders import ScriptKind
from governance.workflow import ScriptFile, Source

router = Router(tags=["Changes"])


class ScriptIn(Input):
    name: Text = Field(max_length=200, examples=["V20261122_0900__add_levels.sql"])
    text: Text


class SourceIn(Input):
    repository: Text = Field("", description="Where the scripts are kept.", max_length=300)
    commit: Text = Field("", description="The commit that they are from.", max_length=64)
    request: Text = Field("", description="Address of the merge or pull request.", max_length=300)

    def source(self) -> Source:
        return Source(self.repository, self.commit, self.request)


class ScriptsIn(SourceIn):
    scripts: list[ScriptIn] = Field([], description="New ones are added; one of a known name gets the new text.")
    without: list[Text] = Field([], description="Names of scripts to leave out.")


class ScriptText(SourceIn):
    text: Text


class ScriptOut(Schema):
    name: str
    kind: ScriptKind
    version: str
    checksum: int = Field(description="Flyway's.")
    text: str
    repository: str
    commit: str
    request: str


def files_of(scripts: Iterable[ScriptIn]) -> list[ScriptFile]:
    return [ScriptFile(script.name, script.text) for script in scripts]


@router.get("/changes/{number}/scripts", response=list[ScriptOut], summary="Read the scripts", **takes(Scope.READ))
def list_scripts(request: ApiRequest, number: str, phase: Text = "") -> Any:
    return phase_of(number, phase).scripts.all()


@router.post("/changes/{number}/scripts", response=list[ScriptOut], summary="Add, edit and leave out scripts", **takes(Scope.SUBMIT))
def change_scripts(request: ApiRequest, number: str, given: ScriptsIn, phase: Text = "") -> Any:
    """All at once, since what results has to be whole: every forward script with its rollback. Voids the approvals of the old ones."""
    row = phase_of(number, phase)
    workflow.change_scripts(actor=request.auth, phase=row, files=files_of(given.scripts), without=given.without, source=given.source())
    return row.scripts.all()


@router.put("/changes/{number}/scripts/{name}", response=ScriptOut, summary="Edit a script", **takes(Scope.SUBMIT))
def edit_script(request: ApiRequest, number: str, name: str, given: ScriptText, phase: Text = "") -> Any:
    """Voids the approvals of the old text. The same text again changes nothing."""
    script = script_of(phase_of(number, phase), name)
    return workflow.edit_script(actor=request.auth, script=script, text=given.text, source=given.source())
