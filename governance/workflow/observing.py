"""Looking at a target without a change: its facts, and its schema, which is the baseline when it is the first."""

from django.contrib.auth.models import User

from governance import audit, requests
from governance.models import Observation, Target
from governance.workflow.acts import act, permit


@act
def observe(*, actor: User, target: Target) -> Observation:
    """Asks the runner to read the target. One that is asked for already is not asked for twice.

    Raises:
        MissingRole
    """
    permit(actor, "observe")
    row = requests.observe(actor, target)
    audit.append(actor, "target.observe", target.name, f"{actor} asked for the facts and the schema of {target}.", observation=str(row.pk))
    return row
