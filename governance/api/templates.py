"""Templates of standard changes, and changes made from them."""

from typing import Any

from ninja import Field, Router, Schema

from governance import workflow
from governance.api.auth import takes
from governance.api.changes import ChangeLine
from governance.api.common import ApiRequest, Input, Reason, Text
from governance.api.lookups import only
from governance.models import ChangeTemplate, Scope, TemplateVersion
from governance.specification import DataClass, Specification
from governance.standard import ParameterKind

router = Router(tags=["Standard changes"])


class ParameterIn(Input):
    name: Text
    kind: ParameterKind
    minimum: int | None = Field(None, description="Of an integer, or of the length of a text.")
    maximum: int | None = None
    choices: list[Text] = []


class TemplateIn(Input):
    name: Text = Field(max_length=100, description="One that is known gets a new version.")
    purpose: Text
    forward: Text = Field(description="With parameters such as {{ table }}.")
    rollback: Text
    checks: Text = ""
    parameters: list[ParameterIn] = []


class VersionOut(Schema):
    number: int
    forward: str
    rollback: str
    checks: str
    parameters: list[dict[str, Any]]
    written_by: str = Field(alias="written_by.username")
    approved_by: list[str]

    @staticmethod
    def resolve_approved_by(version: Any) -> list[str]:
        return [each.person.get_username() for each in version.approvals.select_related("person")]


class TemplateOut(Schema):
    name: str
    purpose: str
    suspended_because: str = Field(description="Empty: it can be used.")
    versions: list[VersionOut]

    @staticmethod
    def resolve_versions(template: Any) -> list[TemplateVersion]:
        return list(template.versions.select_related("written_by"))


class UseIn(Input):
    title: Text = Field(max_length=120)
    values: dict[str, str | int] = Field({}, description="By name of the parameter.")
    domains: list[Text] = []
    targets: list[Text] = Field([], description="Empty: every target.")
    data_class: DataClass = DataClass.INTERNAL
    version: int | None = Field(None, description="Without it the latest that is approved.")


class UsedOut(ChangeLine):
    outside: str = Field(alias="standard.outside", description="Why it is a normal change; empty: it is a standard one.")


@router.get("/templates", response=list[TemplateOut], summary="List templates", **takes(Scope.READ))
def list_templates(request: ApiRequest) -> Any:
    return ChangeTemplate.objects.all()


@router.post("/templates", response={201: TemplateOut}, summary="Write a template, or its next version", **takes(Scope.SUBMIT))
def write_template(request: ApiRequest, given: TemplateIn) -> Any:
    """Two people who did not write it have to approve the version before changes from it are standard."""
    return workflow.write_template(actor=request.auth, **given.dict()).template


@router.post("/templates/{name}/versions/{version}/approve", response=TemplateOut, summary="Approve a version", **takes(Scope.DECIDE))
def approve_template(request: ApiRequest, name: str, version: int) -> Any:
    template = _template(name)
    workflow.approve_template(actor=request.auth, version=workflow.version_numbered(template, version))
    return template


@router.post("/templates/{name}/changes", response={201: UsedOut}, summary="Submit a change from a template", **takes(Scope.SUBMIT))
def use_template(request: ApiRequest, name: str, given: UseIn) -> Any:
    """Within the bounds it is standard; outside of them it is a normal change, and `outside` says why."""
    version = workflow.version_numbered(_template(name), given.version)
    wanted = Specification(title=given.title, domains=tuple(given.domains), targets=tuple(given.targets), data_class=given.data_class)
    return workflow.use_template(actor=request.auth, version=version, values=given.values, specification=wanted)


@router.post("/templates/{name}/suspend", response=TemplateOut, summary="Suspend a template", **takes(Scope.DECIDE))
def suspend_template(request: ApiRequest, name: str, given: Reason) -> Any:
    return workflow.suspend_template(actor=request.auth, template=_template(name), reason=given.reason)


@router.post("/templates/{name}/lift", response=TemplateOut, summary="Lift a template's suspension", **takes(Scope.DECIDE))
def lift_suspension(request: ApiRequest, name: str, given: Reason) -> Any:
    return workflow.lift_suspension(actor=request.auth, template=_template(name), reason=given.reason)


def _template(name: str) -> ChangeTemplate:
    return only(ChangeTemplate.objects.filter(name=name), "template", name)
