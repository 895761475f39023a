"""A broken glass: who went the emergency way, why, for how long and past what; and what somebody else said of it afterwards."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from governance.emergency import LONGEST, REVIEW_WITHIN, Skip
from governance.models.base import AUDITED, NO_TRUNCATE, Governed
from governance.models.specs import Phase

OPENED_ONCE = pgtrigger.Protect(
    name="opened_once",
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(
        "ROW(OLD.phase_id, OLD.opened_by_id, OLD.reason, OLD.incident, OLD.skips, OLD.opened_at, OLD.expires_at) IS DISTINCT FROM "
        "ROW(NEW.phase_id, NEW.opened_by_id, NEW.reason, NEW.incident, NEW.skips, NEW.opened_at, NEW.expires_at) "
        "OR OLD.reviewed_at IS NOT NULL AND ROW(OLD.reviewed_by_id, OLD.reviewed_at, OLD.findings, OLD.justified) IS DISTINCT FROM "
        "ROW(NEW.reviewed_by_id, NEW.reviewed_at, NEW.findings, NEW.justified) OR OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL"
    ),
)
# Whoever opened it, approved the change, wrote on it, or started a run under it looks back at nothing of it.
REVIEWED_BY_ANOTHER = pgtrigger.Trigger(
    name="reviewed_by_another",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        IF NEW.reviewed_by_id IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.reviewed_by_id IS DISTINCT FROM NEW.reviewed_by_id) AND (
            NEW.reviewed_by_id = NEW.opened_by_id
            OR EXISTS (SELECT 1 FROM governance_approval a WHERE a.phase_id = NEW.phase_id AND a.person_id = NEW.reviewed_by_id)
            OR EXISTS (SELECT 1 FROM governance_run r WHERE r.emergency_id = NEW.id AND r.requested_by_id = NEW.reviewed_by_id)
            OR EXISTS (
                SELECT 1 FROM governance_phase p
                JOIN governance_spec s ON s.id = p.spec_id
                LEFT JOIN governance_speceditor e ON e.spec_id = s.id
                WHERE p.id = NEW.phase_id AND NEW.reviewed_by_id IN (s.author_id, e.person_id)
            )
        ) THEN
            RAISE EXCEPTION 'Whoever took part in an emergency cannot review it' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    """,
)
NOT_WHILE_OVERDUE = pgtrigger.Trigger(
    name="not_while_overdue",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func="""
        IF EXISTS (
            SELECT 1 FROM governance_breakglass b
            WHERE b.opened_by_id = NEW.opened_by_id AND b.reviewed_at IS NULL AND b.review_due <= now()
        ) THEN
            RAISE EXCEPTION 'An earlier emergency of this person waits for its review' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    """,
)


class BreakGlassQuerySet(models.QuerySet["BreakGlass"]):
    def live(self) -> "BreakGlassQuerySet":
        return self.filter(ended_at=None, expires_at__gt=Now())

    def expired(self) -> "BreakGlassQuerySet":
        """Whose time is over, and of which nobody has taken note."""
        return self.filter(ended_at=None, expires_at__lte=Now())

    def unreviewed(self) -> "BreakGlassQuerySet":
        return self.filter(reviewed_at=None)

    def overdue(self) -> "BreakGlassQuerySet":
        return self.unreviewed().filter(review_due__lte=Now())


class BreakGlass(Governed):
    """An emergency: what of the way may be skipped for a phase until it expires. It never opens what protects data."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="emergencies")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="emergencies")
    reason = models.TextField(help_text="For example: nobody can pay since 02:10, as the new index is invalid.")
    incident = models.CharField(max_length=120, help_text="For example INC-4711.")
    skips = models.JSONField(default=list, blank=True, help_text="Names of what is skipped.")
    opened_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was closed, by hand or by its time.")
    review_due = models.DateTimeField()
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    findings = models.TextField(blank=True, help_text="What the review found, for example: justified; add an alert on invalid indexes.")
    justified = models.BooleanField(null=True, blank=True)
    objects = BreakGlassQuerySet.as_manager()

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        verbose_name = "emergency"
        verbose_name_plural = "emergencies"
        constraints = [
            models.CheckConstraint(condition=~Q(reason="") & ~Q(incident=""), name="break_glass_says_why"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("opened_at"), expires_at__lte=F("opened_at") + LONGEST), name="break_glass_is_short"
            ),
            models.CheckConstraint(condition=Q(review_due=F("opened_at") + REVIEW_WITHIN), name="break_glass_is_reviewed_soon"),
            models.CheckConstraint(condition=Q(skips__contained_by=list(Skip)), name="break_glass_skips_by_name"),
            models.CheckConstraint(
                condition=Q(reviewed_by=None, reviewed_at=None, justified=None, findings="")
                | Q(reviewed_by__isnull=False, reviewed_at__isnull=False, justified__isnull=False) & ~Q(findings=""),
                name="break_glass_review_is_whole",
            ),
            models.UniqueConstraint(fields=["phase"], condition=Q(ended_at=None), name="break_glass_once_per_phase"),
        ]
        triggers = [
            AUDITED, NO_TRUNCATE, OPENED_ONCE, REVIEWED_BY_ANOTHER, NOT_WHILE_OVERDUE,
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.incident}: {self.phase}"
