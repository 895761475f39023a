"""What people are told, how they want to be told, and what is sent out. Without history: what a notice tells of is in the audit trail."""

import uuid
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from governance.models.base import Code, Governed, choices
from governance.models.specs import Phase
from governance.telling import KINDS, Way

PERSON = settings.AUTH_USER_MODEL
KIND_CHOICES = [(kind.value, told.label) for kind, told in KINDS.items()]


class NoticeQuerySet(models.QuerySet["Notice"]):
    def unread(self) -> Self:
        return self.filter(read_at=None)

    def for_digest(self) -> Self:
        return self.filter(way=Way.DIGEST, digested_at=None)


class Notice(models.Model):
    """One thing that one person is told."""

    person = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="notices")
    kind = Code(choices=KIND_CHOICES)
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    phase = models.ForeignKey(Phase, null=True, on_delete=models.CASCADE, related_name="notices")
    link = models.CharField(max_length=300, blank=True, help_text="Path of the page that it leads to.")
    way = Code(choices=choices(Way))
    at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    digested_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["person", "-id"], name="notice_of_person"),
            models.Index(fields=["person"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(fields=["person"], condition=Q(way=Way.DIGEST.value, digested_at=None), name="notice_for_digest"),
        ]

    def __str__(self) -> str:
        return self.subject


class NoticeChoice(models.Model):
    """By which way a person wants one kind; without a row it is the usual one."""

    person = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="notice_choices")
    kind = Code(choices=KIND_CHOICES)
    way = Code(choices=choices(Way))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="notice_choice_once")]

    def __str__(self) -> str:
        return f"{self.kind} by {self.way}"


class DigestDays(models.TextChoices):
    DAILY = "daily", "Every day"
    WORKDAYS = "workdays", "Monday to Friday"
    WEEKLY = "weekly", "Every Monday"


class DigestPlan(models.Model):
    """When a person's digest is sent; without a row at eight on workdays, on the portal's clock."""

    person = models.OneToOneField(PERSON, on_delete=models.CASCADE, primary_key=True, related_name="digest_plan")
    days = Code(choices=DigestDays.choices, default=DigestDays.WORKDAYS)
    hour = models.PositiveSmallIntegerField(default=8, validators=[MaxValueValidator(23)], help_text="For example 8.")
    zone = models.CharField("time zone", max_length=64, default="UTC", help_text="For example Europe/Berlin.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(hour__lte=23), name="digest_hour_of_day")]

    def __str__(self) -> str:
        return f"{self.get_days_display()} at {self.hour}:00 {self.zone}"


class WebhookForm(models.TextChoices):
    FULL = "full", "Everything, as JSON"
    SLACK = "slack", "Only a text, as Slack and its like read it"


class Webhook(Governed):
    """An address of another program that is told. Its secret is derived from `salt` and the portal's own key, and so is kept nowhere."""

    name = models.CharField(max_length=100, unique=True, help_text="What listens there, for example Chat of the database team.")
    address = models.CharField(max_length=500, help_text="For example https://hooks.example.com/lockgate.")
    form = Code(choices=WebhookForm.choices, default=WebhookForm.FULL)
    kinds = ArrayField(Code(choices=KIND_CHOICES), blank=True, default=list, help_text="What it is told of; nothing chosen: everything.")
    salt = models.UUIDField(default=uuid.uuid4, editable=False)
    made_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(Governed.Meta):
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """All of the address that is shown: the rest of it may be a secret."""
        return urlsplit(self.address).hostname or ""


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "Waits"
    DELIVERED = "delivered", "Delivered"
    GIVEN_UP = "given_up", "Given up"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> Self:
        return self.filter(state=DeliveryState.WAITING)


class Delivery(models.Model):
    """One mail or one call of a webhook that has to arrive. Its id goes with it, so that a receiver can drop what comes twice."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(PERSON, null=True, on_delete=models.CASCADE, related_name="deliveries")
    webhook = models.ForeignKey(Webhook, null=True, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    link = models.CharField(max_length=300, blank=True)
    change = models.CharField(max_length=32, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    taken_until = models.DateTimeField(null=True, help_text="Until then somebody is sending it.")
    attempts = models.PositiveSmallIntegerField(default=0)
    state = Code(choices=DeliveryState.choices, default=DeliveryState.WAITING)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]
        verbose_name_plural = "deliveries"
        constraints = [models.CheckConstraint(condition=Q(person=None) ^ Q(webhook=None), name="delivery_to_one")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state=DeliveryState.WAITING), name="delivery_due"),
            models.Index(fields=["webhook", "-made_at"], name="delivery_of_webhook"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.webhook or self.person}"


class DeliveryAttempt(models.Model):
    """The log: one row for each time that a delivery was tried."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    seconds = models.FloatField(null=True)
    arrived = models.BooleanField(null=True, help_text="Empty while it is under way, or when whoever sent it died.")
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="delivery_attempt_once")]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.delivery_id}"
