"""Calls to the API as each of the cast."""

import pytest

from tests.governance.api.caller import Caller


@pytest.fixture
def api(db: None) -> Caller:
    return Caller()
