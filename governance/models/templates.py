"""Templates of standard changes: scripts with parameters and bounds, in versions that two people approve before one is used."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.models.base import AUDITED, NO_TRUNCATE, Governed
from governance.models.specs import Spec

WRITTEN_ONCE = (
    pgtrigger.Protect(name="written_once", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.* IS DISTINCT FROM NEW.*")),
    pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
)
NOT_BY_ITS_AUTHOR = pgtrigger.Trigger(
    name="not_by_its_author",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func="""
        IF EXISTS (SELECT 1 FROM governance_templateversion v WHERE v.id = NEW.version_id AND v.written_by_id = NEW.person_id) THEN
            RAISE EXCEPTION 'Whoever wrote a template cannot approve it' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    """,
)


class ChangeTemplate(Governed):
    name = models.CharField(max_length=100, unique=True, help_text="For example: Add a lookup value.")
    purpose = models.TextField(help_text="What it is for, and why it is harmless within its bounds.")
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_because = models.TextField(blank=True)

    class Meta(Governed.Meta):
        ordering = ["name"]
        verbose_name = "template"
        constraints = [
            models.CheckConstraint(
                condition=Q(suspended_at=None, suspended_because="") | Q(suspended_at__isnull=False) & ~Q(suspended_because=""),
                name="template_suspension_says_why",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(Governed):
    """What is written stays as it was approved: a change of it is the next version."""

    template = models.ForeignKey(ChangeTemplate, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    forward = models.TextField(help_text="The forward script, with parameters such as {{ table }}.")
    rollback = models.TextField(help_text="The rollback script.")
    checks = models.TextField(blank=True, help_text="The check script.")
    parameters = models.JSONField(default=list, blank=True, help_text="Each with name, kind and bounds.")
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta(Governed.Meta):
        ordering = ["template", "-number"]
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_once")]
        triggers = [AUDITED, NO_TRUNCATE, *WRITTEN_ONCE]

    def __str__(self) -> str:
        return f"{self.template}, version {self.number}"


class TemplateApproval(Governed):
    version = models.ForeignKey(TemplateVersion, on_delete=models.CASCADE, related_name="approvals")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta(Governed.Meta):
        constraints = [models.UniqueConstraint(fields=["version", "person"], name="template_approved_once_per_person")]
        triggers = [AUDITED, NO_TRUNCATE, NOT_BY_ITS_AUTHOR, *WRITTEN_ONCE]

    def __str__(self) -> str:
        return f"{self.person} approved {self.version}"


class StandardUse(Governed):
    """That a change was made from a template, with which values, and why it is a normal one all the same, if it is."""

    spec = models.OneToOneField(Spec, on_delete=models.CASCADE, related_name="standard")
    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="uses")
    values = models.JSONField(default=dict, blank=True)
    outside = models.TextField(blank=True, help_text="Why it is not a standard change, for example: rows is 5,000, more than 1,000.")

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        verbose_name = "use of a template"
        verbose_name_plural = "uses of templates"

    def __str__(self) -> str:
        return f"{self.spec} from {self.version}"
