"""Decisions of people, bound to a digest. The database refuses what the code would refuse."""

import pgtrigger
from django.conf import settings
from django.db import models

from governance.models.base import AUDITED, NO_TRUNCATE, Code, Governed, choices
from governance.models.specs import Phase
from governance.policy import ApprovalKind

# Superusers, raw SQL and bulk_create included: whoever wrote or edited a change cannot decide on it.
# Whoever edits it after deciding has the decision voided, which is an update too.
NOT_BY_EDITORS = pgtrigger.Trigger(
    name="not_by_editors",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        IF (TG_OP = 'INSERT' OR NEW.voided_at IS NULL) AND EXISTS (
            SELECT 1 FROM governance_phase p
            JOIN governance_spec s ON s.id = p.spec_id
            LEFT JOIN governance_speceditor e ON e.spec_id = s.id
            WHERE p.id = NEW.phase_id AND NEW.person_id IN (s.author_id, e.person_id)
        ) THEN
            RAISE EXCEPTION 'Whoever wrote or edited a change cannot approve it' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    """,
)
# A decision is evidence: it is given once and can only be withdrawn from counting, for good.
DECIDED_ONCE = pgtrigger.Protect(
    name="decided_once",
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(
        "ROW(OLD.phase_id, OLD.kind, OLD.decision, OLD.digest, OLD.person_id, OLD.reason, OLD.policy, OLD.at) IS DISTINCT FROM "
        "ROW(NEW.phase_id, NEW.kind, NEW.decision, NEW.digest, NEW.person_id, NEW.reason, NEW.policy, NEW.at) "
        "OR OLD.voided_at IS NOT NULL AND NEW.voided_at IS NULL"
    ),
)


class Decision(models.TextChoices):
    APPROVED = "approved"
    REJECTED = "rejected"


class Approval(Governed):
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="approvals")
    kind = Code(choices=choices(ApprovalKind))
    decision = Code(default=Decision.APPROVED, choices=Decision.choices)
    digest = models.CharField(max_length=64, help_text="What exactly was decided on.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals")
    reason = models.TextField(blank=True)
    policy = models.CharField(max_length=20, help_text="Version of the approval rules.")
    at = models.DateTimeField(auto_now_add=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_because = models.TextField(blank=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "kind", "digest", "person"],
                condition=models.Q(voided_at=None),
                name="approval_once_per_person",
                violation_error_message="One person decides once.",
            )
        ]
        triggers = [AUDITED, NO_TRUNCATE, NOT_BY_EDITORS, DECIDED_ONCE, pgtrigger.Protect(name="kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.person} {self.decision} {self.phase}, {self.kind}"
