"""The look back: what was expected, what came, what was learned, what is still owed."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q

from governance.models.base import AUDITED, KEPT, NO_TRUNCATE, Code, Governed, choices
from governance.models.runs import CheckResult
from governance.models.specs import Phase, Spec
from governance.orders import Verdict

# A constant configuration, so that the index fits: lessons are written in English, and stemmed as such.
WORDS = SearchVector("lessons", "incidents", "performance_impact", config="english")
NOT_BY_THE_INTERESTED = pgtrigger.Trigger(
    name="not_by_the_interested",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func="""
        IF EXISTS (
            SELECT 1 FROM governance_checkresult c
            JOIN governance_run r ON r.id = c.run_id
            JOIN governance_deployment d ON d.id = r.deployment_id
            JOIN governance_phase p ON p.id = d.phase_id
            JOIN governance_spec s ON s.id = p.spec_id
            LEFT JOIN governance_speceditor e ON e.spec_id = s.id
            WHERE c.id = NEW.result_id AND NEW.person_id IN (s.author_id, e.person_id, r.requested_by_id)
        ) THEN
            RAISE EXCEPTION 'Whoever wrote or ran a change cannot supersede its checks' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    """,
)


class Criterion(Governed):
    """A success criterion, written before, judged in the review."""

    spec = models.ForeignKey(Spec, on_delete=models.CASCADE, related_name="criteria")
    name = models.CharField(max_length=120, help_text="For example worst wait of a client.")
    expected = models.CharField(max_length=200, help_text="For example under 1 s.")
    measure = models.CharField(
        max_length=200, blank=True, help_text="What runs measure, and its bound, for example longest_lock < 1; empty: the reviewer judges."
    )
    result = models.CharField(max_length=200, blank=True, help_text="For example 0.31 s.")
    met = models.BooleanField(null=True, blank=True)

    class Meta(Governed.Meta):
        verbose_name_plural = "criteria"
        constraints = [models.UniqueConstraint(fields=["spec", "name"], name="criterion_once")]

    def __str__(self) -> str:
        return self.name


class Review(Governed):
    phase = models.OneToOneField(Phase, on_delete=models.CASCADE, related_name="review")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    performance_impact = models.TextField(help_text="What users felt, for example: no request waited longer than 0.3 s.")
    lessons = models.TextField(help_text="For example: validate constraints in their own script.")
    incidents = models.TextField(blank=True, help_text="What went wrong for users, with references, for example INC-4711; empty: nothing.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        indexes = [GinIndex(WORDS, name="review_words")]

    def __str__(self) -> str:
        return f"review of {self.phase}"


class FollowUp(Governed):
    """Technical debt that a change leaves, with an owner and a date."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="follow_ups")
    title = models.CharField(max_length=200, help_text="For example: remove the old column once no client reads it.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="follow_ups")
    due = models.DateField()
    done_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    waived_because = models.TextField(blank=True, help_text="Why it will not be done; empty: it was done.")

    class Meta(Governed.Meta):
        ordering = ["due"]
        constraints = [
            models.CheckConstraint(condition=Q(waived_because="") | Q(done_at__isnull=False), name="follow_up_waived_is_over"),
        ]

    def __str__(self) -> str:
        return self.title


class Supersession(Governed):
    """What holds instead of a check's verdict, with a reason, by somebody who neither wrote nor ran the change. The result stays."""

    result = models.OneToOneField(CheckResult, on_delete=models.CASCADE, related_name="superseded")
    verdict = Code(choices=choices(Verdict))
    reason = models.TextField(help_text="For example: the twelve rows are test accounts, see INC-4711.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="supersession_says_why")]
        triggers = [AUDITED, NO_TRUNCATE, NOT_BY_THE_INTERESTED, KEPT]

    def __str__(self) -> str:
        return f"{self.result.name}: {self.verdict}"
