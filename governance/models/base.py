"""What every governed row has: a history that cannot be rewritten, and a database that refuses changes without an audit event."""

from typing import Any

import pgtrigger
from django.db import models
from simple_history.models import HistoricalRecords

# TRUNCATE fires no trigger for rows, and a trigger for statements cannot be deferred: it is refused at once.
NO_TRUNCATE = pgtrigger.Trigger(
    name="no_truncate",
    level=pgtrigger.Statement,
    when=pgtrigger.Before,
    operation=pgtrigger.Truncate,
    func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';",
)
# What was done and found is evidence: it stays with the change that it belongs to.
KEPT = pgtrigger.Protect(name="kept", operation=pgtrigger.Delete)
APPEND_ONLY = (pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete), NO_TRUNCATE)

# Deferred to the commit, so that event and change may be written in either order. The index on xid makes it one look-up.
AUDITED = pgtrigger.Trigger(
    name="audited",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    timing=pgtrigger.Deferred,
    func="""
        IF NOT EXISTS (SELECT 1 FROM governance_auditevent WHERE xid = pg_current_xact_id()) THEN
            RAISE EXCEPTION 'A change of % needs an audit event in the same transaction', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation', HINT = 'Use governance.workflow, governance.handoff or audit.append.';
        END IF;
        RETURN NULL;
    """,
)


class Governed(models.Model):
    history = HistoricalRecords(inherit=True)

    class Meta:
        abstract = True
        triggers = [AUDITED, NO_TRUNCATE]


class Code(models.CharField):
    """A short code from a StrEnum, stored as its value."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 32)
        super().__init__(*args, **kwargs)


def choices(codes: type) -> list[tuple[str, str]]:
    """A StrEnum's members as Django choices: “failed_clean” reads “Failed clean”."""
    return [(code.value, code.value.replace("_", " ").capitalize()) for code in codes]  # type: ignore[attr-defined]
