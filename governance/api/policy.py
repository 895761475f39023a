"""The approval policy, delegations, and the password that a token gives for high risk."""

from datetime import datetime
from typing import Any

from ninja import Field, Router, Schema

from governance import workflow
from governance.api.auth import caller_of, takes
from governance.api.common import ApiRequest, Input, Reason, Text
from governance.api.lookups import only, person_of
from governance.models import Delegation, PolicyVersion, Scope
from governance.visitors import address_in

router = Router(tags=["Policy"])


class PolicyIn(Input):
    rules: list[dict[str, Any]] = Field(description="All rules of the new version; docs/policy.md says what one may have.")
    reason: Text
    instead_of: int | None = Field(None, description="Version that the rules were made from; refused if another holds.")


class PolicyOut(Schema):
    number: int
    state: str
    reason: str
    rules: list[dict[str, Any]]
    drafted_by: str | None = Field(None, alias="drafted_by.username")
    drafted_at: datetime
    approved_by: str | None = Field(None, alias="approved_by.username")
    approved_at: datetime | None


class DelegationIn(Input):
    to: Text = Field(description="User name of who decides for you.")
    starts: datetime
    ends: datetime
    reason: Text


class DelegationOut(Schema):
    id: int
    person: str = Field(alias="person.username")
    delegate: str = Field(alias="delegate.username")
    starts: datetime
    ends: datetime
    reason: str
    revoked_at: datetime | None


class PasswordIn(Input):
    password: Text


class ConfirmationOut(Schema):
    token: str
    until: datetime = Field(description="Until then the token approves high risk too.")


@router.get("/policy", response=PolicyOut, summary="Read the approval policy that holds", **takes(Scope.READ))
def get_policy(request: ApiRequest) -> Any:
    return _versions().active().get()


@router.get("/policy/versions", response=list[PolicyOut], summary="List its versions", **takes(Scope.READ))
def list_policies(request: ApiRequest) -> Any:
    return _versions()


@router.post("/policy/versions", response={201: PolicyOut}, summary="Draft a version", **takes(Scope.DECIDE))
def draft_policy(request: ApiRequest, given: PolicyIn) -> Any:
    """It holds once another person has approved it."""
    return workflow.draft_policy(actor=request.auth, **given.model_dump())


@router.get("/policy/versions/{version}", response=PolicyOut, summary="Read a version", **takes(Scope.READ))
def get_policy_version(request: ApiRequest, version: int) -> Any:
    return _version(version)


@router.post("/policy/versions/{version}/approve", response=PolicyOut, summary="Approve a draft", **takes(Scope.DECIDE))
def approve_policy(request: ApiRequest, version: int) -> Any:
    """It holds from then on, and business approvals given before are void."""
    return workflow.approve_policy(actor=request.auth, version=_version(version))


@router.post("/policy/versions/{version}/drop", response=PolicyOut, summary="Drop a draft", **takes(Scope.DECIDE))
def drop_policy(request: ApiRequest, version: int, given: Reason) -> Any:
    return workflow.drop_policy(actor=request.auth, version=_version(version), reason=given.reason)


@router.get("/delegations", response=list[DelegationOut], summary="List who decides for whom now", **takes(Scope.READ))
def list_delegations(request: ApiRequest) -> Any:
    return Delegation.objects.holding().select_related("person", "delegate")


@router.post("/delegations", response={201: DelegationOut}, summary="Delegate your decisions", **takes(Scope.DECIDE))
def delegate(request: ApiRequest, given: DelegationIn) -> Any:
    return workflow.delegate(
        actor=request.auth, to=person_of(given.to), starts=given.starts, ends=given.ends, reason=given.reason
    )  # fmt: skip


@router.post("/delegations/{id}/revoke", response=DelegationOut, summary="End a delegation", **takes(Scope.DECIDE))
def revoke_delegation(request: ApiRequest, id: int) -> Any:
    return workflow.revoke_delegation(actor=request.auth, delegation=only(Delegation.objects.filter(pk=id), "delegation", id))


@router.put("/confirmation", response=ConfirmationOut, summary="Confirm the token with your password", **takes(Scope.DECIDE))
def confirm(request: ApiRequest, given: PasswordIn) -> Any:
    """High risk is approved by somebody who says again who they are: the token that this is sent with may, for a quarter of an hour."""
    token = caller_of(request)[1]
    until = workflow.confirm_token(actor=request.auth, token=token, password=given.password, address=address_in(request))
    return {"token": token.name, "until": until}


def _versions() -> Any:
    return PolicyVersion.objects.select_related("drafted_by", "approved_by")


def _version(version: int) -> PolicyVersion:
    return only(_versions().filter(number=version), "version of the policy", version)
