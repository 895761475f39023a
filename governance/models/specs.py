"""A change: its specification, its phases, their scripts, and what it waits for."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from governance import lifecycle
from governance.analysis.classify import Category, ChangeClass
from governance.analysis.risk import RiskLevel
from governance.models.base import AUDITED, NO_TRUNCATE, Code, Governed, choices
from governance.models.domains import Consideration, Domain
from governance.orders import ScriptKind
from governance.specification import ChangeKind, DataClass, Pattern

# A kind is earned: whoever writes the column past the portal is refused.
KIND_IS_EARNED = pgtrigger.Trigger(
    name="kind_is_earned",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        IF TG_OP = 'UPDATE' AND OLD.kind = NEW.kind THEN
            RETURN NEW;
        END IF;
        IF NEW.kind = 'emergency' AND NOT EXISTS (
            SELECT 1 FROM governance_breakglass b JOIN governance_phase p ON p.id = b.phase_id WHERE p.spec_id = NEW.id
        ) THEN
            RAISE EXCEPTION 'A change is an emergency only by a broken glass' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.kind = 'standard' AND NOT EXISTS (
            SELECT 1 FROM governance_standarduse u
            JOIN governance_templateversion v ON v.id = u.version_id
            JOIN governance_changetemplate t ON t.id = v.template_id AND t.suspended_at IS NULL
            WHERE u.spec_id = NEW.id AND u.outside = ''
                AND (SELECT count(*) FROM governance_templateapproval a WHERE a.version_id = v.id) >= 2
        ) THEN
            RAISE EXCEPTION 'A change is standard only by an approved template' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    """,
)


class Spec(Governed):
    """A migration specification. Closed when all its phases are."""

    title = models.CharField(max_length=120, help_text="For example: Bids get a pricing model.")
    purpose = models.TextField(blank=True, help_text="What the change is for, for example: contractors price by the hour or by the unit.")
    drivers = models.TextField("business drivers", blank=True, help_text="Why now, for example: four in ten bids are revised by phone.")
    design = models.TextField(
        "technical design", blank=True, help_text="How it is done, for example: a new column with a constant default."
    )
    risk_assessment = models.TextField(blank=True, help_text="What could go wrong, for example: writers wait for the lock.")
    mitigation = models.TextField(blank=True, help_text="What is done about it, for example: the lock is given up after 0.3 s.")
    rollback_procedure = models.TextField(blank=True, help_text="How to go back, for example: run the rollback scripts; nothing is lost.")
    data_class = Code(blank=True, choices=choices(DataClass), help_text="The most sensitive data it touches, for example personal.")
    privacy_impact = models.TextField(blank=True, help_text="For example: none, prices are not personal data.")
    pattern = Code(default=Pattern.PLAIN, choices=choices(Pattern))
    kind = Code(
        default=ChangeKind.NORMAL, choices=choices(ChangeKind), editable=False, help_text="Normal, standard (by a template) or emergency."
    )
    irreversible = models.BooleanField(
        default=False, help_text="No rollback script can bring the data back, for example after DROP COLUMN."
    )
    restore_plan = models.TextField(
        blank=True, help_text="How the data would be restored, for example: from the copy of the column in archive."
    )
    domains = models.ManyToManyField(Domain, blank=True, related_name="specs")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="specs", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        verbose_name = "change"
        constraints = [
            models.UniqueConstraint(fields=["title"], name="spec_title_once", violation_error_message="Another change has this title."),
            models.CheckConstraint(
                condition=Q(irreversible=False) | ~Q(restore_plan=""),
                name="spec_irreversible_has_restore_plan",
                violation_error_message="An irreversible change needs a restore plan.",
            ),
            models.CheckConstraint(condition=Q(kind__in=list(ChangeKind)), name="spec_kind_is_known"),
        ]
        triggers = [AUDITED, NO_TRUNCATE, KIND_IS_EARNED]

    def __str__(self) -> str:
        return self.title

    @property
    def number(self) -> str:
        return f"CHG-{self.pk}"


class SpecEditor(Governed):
    """Who wrote on a specification or its scripts, and so cannot approve it. The author is one of them."""

    spec = models.ForeignKey(Spec, on_delete=models.CASCADE, related_name="editors")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta(Governed.Meta):
        constraints = [models.UniqueConstraint(fields=["spec", "person"], name="spec_editor_once")]

    def __str__(self) -> str:
        return f"{self.person} edited {self.spec}"


class PhaseQuerySet(models.QuerySet["Phase"]):
    def open(self) -> "PhaseQuerySet":
        return self.filter(status=lifecycle.PhaseStatus.OPEN)


class Phase(Governed):
    """What goes through the thirteen stages. Class, risk and sentence are those of its latest analysis."""

    spec = models.ForeignKey(Spec, on_delete=models.CASCADE, related_name="phases")
    position = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=40, default="change", help_text="change, or expand, migrate, contract.")
    stage = models.PositiveSmallIntegerField(default=1, choices=[(stage.value, stage.title) for stage in lifecycle.Stage])
    status = Code(default=lifecycle.PhaseStatus.OPEN, choices=choices(lifecycle.PhaseStatus))
    change_class = Code(blank=True, choices=choices(ChangeClass))
    category = Code(blank=True, choices=choices(Category))
    said_category = Code(blank=True, choices=choices(Category), help_text="What the author says it is; checked against what is found.")
    bump = Code(blank=True)
    risk = Code(blank=True, choices=choices(RiskLevel))
    sentence = models.TextField(blank=True)
    objects = PhaseQuerySet.as_manager()

    class Meta(Governed.Meta):
        ordering = ["spec", "position"]
        constraints = [
            models.UniqueConstraint(fields=["spec", "position"], name="phase_position_once"),
            models.CheckConstraint(condition=Q(stage__gte=1, stage__lte=13), name="phase_stage_exists"),
        ]

    def __str__(self) -> str:
        return self.spec.title if self.name == "change" else f"{self.spec.title}, {self.name}"

    @property
    def at(self) -> lifecycle.Stage:
        return lifecycle.Stage(self.stage)


class Script(Governed):
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="scripts")
    kind = Code(choices=choices(ScriptKind))
    name = models.CharField(max_length=200, help_text="For example V20250401_1432__add_levels.sql.")
    version = models.CharField(max_length=50)
    text = models.TextField()
    checksum = models.IntegerField(help_text="Flyway's checksum of the text.")
    repository = models.CharField(max_length=300, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    request = models.CharField(max_length=300, blank=True, help_text="Address of the merge or pull request.")

    class Meta(Governed.Meta):
        ordering = ["phase", "version", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "kind"], name="script_version_once", violation_error_message="This version is taken."
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DependencyKind(models.TextChoices):
    REQUIRES = "requires"
    CONFLICTS = "conflicts"


class Dependency(Governed):
    spec = models.ForeignKey(Spec, on_delete=models.CASCADE, related_name="dependencies")
    other = models.ForeignKey(Spec, on_delete=models.PROTECT, related_name="dependants")
    kind = Code(default=DependencyKind.REQUIRES, choices=DependencyKind.choices)
    found = models.CharField(max_length=300, blank=True, help_text="Why, where the analysis found it; empty where somebody said it.")

    class Meta(Governed.Meta):
        verbose_name_plural = "dependencies"
        constraints = [
            models.UniqueConstraint(fields=["spec", "other"], name="dependency_once"),
            models.CheckConstraint(
                condition=~Q(spec=models.F("other")),
                name="dependency_on_another",
                violation_error_message="A change cannot depend on itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.spec} {self.kind} {self.other}"


class Answer(Governed):
    spec = models.ForeignKey(Spec, on_delete=models.CASCADE, related_name="answers")
    consideration = models.ForeignKey(Consideration, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta(Governed.Meta):
        constraints = [models.UniqueConstraint(fields=["spec", "consideration"], name="answer_once")]

    def __str__(self) -> str:
        return self.text


class SentBack(Governed):
    """That somebody led a phase back to an earlier stage. It stays there until somebody says that it is dealt with."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="sent_back")
    stage = models.PositiveSmallIntegerField(choices=[(stage.value, stage.title) for stage in lifecycle.Stage])
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField(auto_now_add=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        verbose_name = verbose_name_plural = "sent back"
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="sent_back_says_why"),
            models.CheckConstraint(condition=Q(stage__gte=1, stage__lte=13), name="sent_back_to_a_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.phase} back to {self.get_stage_display()}"


class TestEvidence(Governed):
    """The result of a test suite elsewhere, sent by CI."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="test_evidence")
    digest = models.CharField(max_length=64, help_text="Digest of the scripts that were tested.")
    suite = models.CharField(max_length=100, help_text="For example checkout end-to-end.")
    service = models.CharField(max_length=100)
    commit = models.CharField(max_length=64, blank=True)
    passed = models.BooleanField()
    address = models.URLField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        verbose_name_plural = "test evidence"

    def __str__(self) -> str:
        return f"{self.suite} of {self.service}: {'passed' if self.passed else 'failed'}"
