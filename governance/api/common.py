"""What all operations share: who calls, text that can be kept, and refusals as RFC 9457 problems."""

from typing import Annotated, Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

from governance.wording import unstorable


class ApiRequest(HttpRequest):
    auth: User


def _storable(text: str) -> str:
    if unstorable(text):
        raise ValueError("it has a character that no text can hold")
    return text


Text = Annotated[str, AfterValidator(_storable)]


class Input(Schema):
    """What is sent; a misspelt name is refused rather than ignored."""

    model_config = ConfigDict(extra="forbid")


class Reason(Input):
    reason: Text = Field("", description="Why, in words; kept with the change.")


class Problem(Schema):
    """A refusal by RFC 9457. Members besides these are the refusal's data, for example `missing` or `roles`."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Address of the explanation of this kind of refusal.")
    title: str = Field(description="The kind of refusal in one sentence.")
    status: int
    detail: str = Field(description="What happened, why, and what to do.")
    code: str = Field("", description="Name of the kind, for programs; for example OwnWork.")


def as_json(value: Any) -> Any:
    """Tuples and sets as lists, everything else that JSON does not know as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(each) for each in value]
    return str(value)
