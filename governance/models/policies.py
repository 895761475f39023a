"""The versions of the approval policy: drafted by one person, approved by another, one of them active, all of them kept."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from governance.models.base import AUDITED, NO_TRUNCATE, Code, Governed
from governance.policy import Policy, read_policy

INSTALLED = 1  # the version that the portal comes with: nobody drafted it
# What was written stays as it was written: a version only goes on, from draft to active or dropped, and from active to retired.
POLICY_KEPT = pgtrigger.Trigger(
    name="policy_kept",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    func=f"""
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'A version of the policy is kept' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF TG_OP = 'INSERT' THEN
            IF NEW.state <> 'draft' AND NEW.number <> {INSTALLED} THEN
                RAISE EXCEPTION 'A version of the policy begins as a draft' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END IF;
        IF ROW(OLD.number, OLD.rules, OLD.reason, OLD.drafted_by_id, OLD.drafted_at)
            IS DISTINCT FROM ROW(NEW.number, NEW.rules, NEW.reason, NEW.drafted_by_id, NEW.drafted_at)
            OR OLD.state <> 'draft' AND ROW(OLD.approved_by_id, OLD.approved_at) IS DISTINCT FROM ROW(NEW.approved_by_id, NEW.approved_at)
            OR OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (('draft', 'active'), ('draft', 'dropped'), ('active', 'retired'))
        THEN
            RAISE EXCEPTION 'A version of the policy is not changed: draft a new one' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    """,
)


class PolicyState(models.TextChoices):
    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    RETIRED = "retired", "Retired"
    DROPPED = "dropped", "Dropped"


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    def active(self) -> "PolicyVersionQuerySet":
        return self.filter(state=PolicyState.ACTIVE)


class PolicyVersion(Governed):
    number = models.PositiveIntegerField(unique=True)
    rules = models.JSONField(help_text="One mapping for each rule; docs/policy.md says what it may have.")
    reason = models.TextField(help_text="Why the policy changes, for example: payments want to see every change of their tables.")
    state = Code(default=PolicyState.DRAFT, choices=PolicyState.choices)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    objects = PolicyVersionQuerySet.as_manager()

    class Meta(Governed.Meta):
        ordering = ["-number"]
        verbose_name = "policy"
        verbose_name_plural = "policy"
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state=PolicyState.ACTIVE), name="policy_active_once"),
            models.CheckConstraint(condition=Q(drafted_by=None) | ~Q(approved_by=F("drafted_by")), name="policy_takes_two_people"),
            models.CheckConstraint(
                condition=Q(number=INSTALLED)
                | Q(state__in=[PolicyState.DRAFT, PolicyState.DROPPED])
                | Q(drafted_by__isnull=False, approved_by__isnull=False),
                name="policy_active_is_approved",
            ),
        ]
        triggers = [AUDITED, NO_TRUNCATE, POLICY_KEPT]

    def __str__(self) -> str:
        return f"Policy {self.number}"

    @property
    def value(self) -> Policy:
        return read_policy(self.number, self.rules)
