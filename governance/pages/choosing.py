"""What the buttons beside a check do."""

from collections.abc import Mapping

from django.contrib.auth.models import User

from governance import workflow
from governance.models import Phase


def _take_out(person: User, phase: Phase, data: Mapping[str, str]) -> None:
    workflow.take_out_check(actor=person, phase=phase, name=data.get("check", ""), reason=data.get("reason", ""))


def _put_back(person: User, phase: Phase, data: Mapping[str, str]) -> None:
    workflow.put_back_check(actor=person, phase=phase, name=data.get("check", ""), reason=data.get("reason", ""))


CHOOSING = {"take_out_check": _take_out, "put_back_check": _put_back}
