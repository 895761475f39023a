"""What a deployment should be told about the runner."""

import os
from typing import Any

from django.core.checks import CheckMessage, Warning

from runner.scratch_server import VARIABLES


def rehearsals_have_a_server(**given: Any) -> list[CheckMessage]:
    """As a superuser there, a script that nobody has approved yet reads what the server's account can read."""
    if any(map(os.environ.get, VARIABLES)):
        return []
    told = f"Rehearsals run on an embedded server under the runner's own account: {VARIABLES[0]} is not set."
    return [Warning(told, hint="Name a superuser on a server that holds nothing else; docs/deploy.md says why.", id="runner.W001")]
