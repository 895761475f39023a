"""What changes need of each other."""

from typing import Any

from ninja import Field, Router, Schema

from governance import workflow
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Text
from governance.api.lookups import spec_of
from governance.models import Dependency, DependencyKind, Scope

router = Router(tags=["Changes"])


class DependencyIn(Input):
    other: Text = Field(description="For example CHG-12.")
    kind: DependencyKind = DependencyKind.REQUIRES


class DependencyOut(Schema):
    change: str = Field(alias="spec.number")
    kind: DependencyKind
    other: str = Field(alias="other.number")
    found: str = Field(description="Why, where the analysis of the scripts found it; empty where somebody said it.")


@router.get("/changes/{number}/dependencies", response=list[DependencyOut], summary="List what a change needs", **takes(Scope.READ))
def list_dependencies(request: ApiRequest, number: str) -> Any:
    return Dependency.objects.filter(spec=spec_of(number)).select_related("spec", "other").order_by("pk")


@router.post("/changes/{number}/dependencies", response={201: DependencyOut}, summary="Say what a change needs", **takes(Scope.SUBMIT))
def add_dependency(request: ApiRequest, number: str, given: DependencyIn) -> Any:
    """A circle of requirements is refused with the way round."""
    return workflow.link(actor=request.auth, spec=spec_of(number), other=spec_of(given.other), kind=given.kind)


@router.delete(
    "/changes/{number}/dependencies/{other}", response=list[DependencyOut], summary="Take back what was said", **takes(Scope.SUBMIT)
)
def remove_dependency(request: ApiRequest, number: str, other: str) -> Any:
    """Answers with what is left. What the analysis found stays: it follows from the scripts."""
    workflow.unlink(actor=request.auth, spec=spec_of(number), other=spec_of(other))
    return list_dependencies(request, number)
