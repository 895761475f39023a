"""Decisions of people, bound to a digest, and who is asked for one. The database refuses what the code would refuse."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.models.base import AUDITED, KEPT, NO_TRUNCATE, Code, Governed, choices
from governance.models.specs import Phase
from governance.policy import ROLE_OF, ApprovalKind
from governance.signing import Method

# Superusers, raw SQL and bulk_create included: whoever wrote or edited a change cannot decide on it, nor lend their right to do so.
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
            WHERE p.id = NEW.phase_id
                AND (NEW.person_id IN (s.author_id, e.person_id) OR NEW.on_behalf_of_id IN (s.author_id, e.person_id))
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
        "ROW(OLD.phase_id, OLD.kind, OLD.decision, OLD.digest, OLD.person_id, OLD.reason, OLD.policy, OLD.at, OLD.on_behalf_of_id, "
        "OLD.expires_at, OLD.method, OLD.confirmed_at) IS DISTINCT FROM "
        "ROW(NEW.phase_id, NEW.kind, NEW.decision, NEW.digest, NEW.person_id, NEW.reason, NEW.policy, NEW.at, NEW.on_behalf_of_id, "
        "NEW.expires_at, NEW.method, NEW.confirmed_at) OR OLD.voided_at IS NOT NULL AND NEW.voided_at IS NULL"
    ),
)
_ROLES = " ".join(f"WHEN '{kind}' THEN '{role}'" for kind, role in ROLE_OF.items())
# With the right of the role, one's own or a delegated one; with one voice; and for high risk after the password.
WITH_RIGHT = pgtrigger.Trigger(
    name="with_right",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF NOT EXISTS (
            SELECT 1 FROM auth_user u JOIN auth_user_groups m ON m.user_id = u.id JOIN auth_group g ON g.id = m.group_id
            WHERE u.id = COALESCE(NEW.on_behalf_of_id, NEW.person_id) AND u.is_active AND g.name = CASE NEW.kind {_ROLES} END
        ) OR NOT EXISTS (SELECT 1 FROM auth_user WHERE id = NEW.person_id AND is_active) THEN
            RAISE EXCEPTION 'An approval is given by somebody who has its role' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.on_behalf_of_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM governance_delegation d WHERE d.person_id = NEW.on_behalf_of_id AND d.delegate_id = NEW.person_id
                AND d.revoked_at IS NULL AND clock_timestamp() BETWEEN d.starts AND d.ends
        ) THEN
            RAISE EXCEPTION 'Nobody decides for another person without a delegation' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF EXISTS (
            SELECT 1 FROM governance_approval a WHERE a.phase_id = NEW.phase_id AND a.voided_at IS NULL
                AND (a.person_id IN (NEW.person_id, NEW.on_behalf_of_id) OR a.on_behalf_of_id IN (NEW.person_id, NEW.on_behalf_of_id))
        ) THEN
            RAISE EXCEPTION 'One person has one voice on a change' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.decision = 'approved' AND NEW.confirmed_at IS NULL AND EXISTS (
            SELECT 1 FROM governance_phase p WHERE p.id = NEW.phase_id AND p.risk NOT IN ('low', 'medium')
        ) THEN
            RAISE EXCEPTION 'High risk is approved after the password' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    """,
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
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Who had delegated to them."
    )
    reason = models.TextField(blank=True)
    policy = models.CharField(max_length=20, help_text="Version of the approval rules.")
    at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(help_text="It counts until then, for example for 14 days.")
    method = Code("recognised by", blank=True, choices=choices(Method), help_text="How the person was recognised, for example by password.")
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When the person's password was asked for again.")
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_because = models.TextField(blank=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "person"],
                condition=Q(voided_at=None),
                name="approval_one_voice",
                violation_error_message="One person decides once.",
            )
        ]
        triggers = [AUDITED, NO_TRUNCATE, NOT_BY_EDITORS, DECIDED_ONCE, WITH_RIGHT, KEPT]

    def __str__(self) -> str:
        return f"{self.person} {self.decision} {self.phase}, {self.kind}"


class ApprovalRequestQuerySet(models.QuerySet["ApprovalRequest"]):
    def open(self) -> "ApprovalRequestQuerySet":
        return self.filter(closed_at=None)


class ApprovalRequest(Governed):
    """Somebody is asked to decide, since when and until when; what nobody decides is escalated, and never passes by itself."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="approval_requests")
    kind = Code(choices=choices(ApprovalKind))
    domain = models.CharField(max_length=50, blank=True, help_text="Whose owners are asked, for example payments.")
    groups = models.JSONField(default=list, blank=True, help_text="Of which groups one of the approvers has to be.")
    step = models.PositiveSmallIntegerField(default=1)
    digest = models.CharField(max_length=64, help_text="What is to be decided on.")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="It is escalated then.")
    escalated_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    objects = ApprovalRequestQuerySet.as_manager()

    class Meta(Governed.Meta):
        ordering = ["due_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "kind", "domain", "groups", "step"], condition=Q(closed_at=None), name="approval_request_open_once"
            )
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(closed_at=None), name="approval_request_due")]

    def __str__(self) -> str:
        return f"{ApprovalKind(self.kind).noun} approval{f' of {self.domain}' if self.domain else ''} for {self.phase}"
