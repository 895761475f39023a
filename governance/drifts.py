"""The schemas of a drift, and the script that takes it back."""

from governance.errors import NotReady
from governance.models import Drift, SchemaSnapshot
from governance.schema.alteration import Alteration, alter
from governance.schema.model import Schema
from governance.schema.undoing import undone


def schemas_of(drift: Drift) -> tuple[Schema, Schema]:
    """Before it and with it."""
    found = drift.snapshots.order_by("valid_from", "pk").last()
    return Schema.from_json(drift.before.content), Schema.from_json((found or drift.before).content)


def revert_script(drift: Drift) -> Alteration:
    """What takes the drift back and leaves alone what runs have done since; to be submitted as a change.

    Raises:
        NotReady: the target was never read.
    """
    present = SchemaSnapshot.objects.filter(target=drift.target, valid_to=None).first()
    if present is None:
        raise NotReady(f"{drift.target} was never read. Ask for an observation first.")
    schema = Schema.from_json(present.content)
    return alter(schema, undone(schema, *schemas_of(drift)))
