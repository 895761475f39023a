"""Everything that happened, refusals included."""

from typing import Any

from django.db import models
from django.db.models import Func
from django.db.models.functions import Now

from governance.models.base import APPEND_ONLY


class TransactionId(models.Field):
    """PostgreSQL's xid8: the number of the top-level transaction. https://www.postgresql.org/docs/current/datatype-oid.html"""

    def db_type(self, connection: Any) -> str:
        return "xid8"


class CurrentTransactionId(Func):
    function = "pg_current_xact_id"
    output_field = TransactionId()


class AuditEvent(models.Model):
    """One act or refusal. Written by `governance.audit.append` in the transaction of what it tells of."""

    at = models.DateTimeField(db_default=Now(), editable=False)
    xid = TransactionId(db_default=CurrentTransactionId(), editable=False)
    actor = models.CharField(max_length=150, help_text="User name, or a system actor such as system:runner.")
    kind = models.CharField(max_length=60, help_text="What was done, for example spec.submit or refused.approve.")
    subject = models.CharField(max_length=120, blank=True, help_text="What it was done to, for example CHG-12.")
    text = models.TextField(help_text="The act in one sentence.")
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["xid"]),  # read by the trigger that guards governed rows
            models.Index(fields=["subject", "-id"]),
        ]
        triggers = list(APPEND_ONLY)

    def __str__(self) -> str:
        return self.text

    @property
    def refused(self) -> bool:
        return self.kind.startswith("refused.")
