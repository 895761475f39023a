"""A caller of the API that works in whatever portal the test is in."""

import pytest

from tests.governance.api.caller import Caller


@pytest.fixture
def api() -> Caller:
    return Caller()
