"""Keys with which programs act as a person: hashed, scoped, expiring, revocable."""

from django.conf import settings
from django.db import models

from governance.models.base import Governed


class Scope(models.TextChoices):
    READ = "read", "Read"
    SUBMIT = "submit", "Submit, edit and send evidence"
    DECIDE = "decide", "Approve, reject and review"
    OPERATE = "operate", "Book, start and steer runs"


class ApiToken(Governed):
    """Only the hash is kept; the token itself is shown once, when it is made."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=100, help_text="What uses it, for example CI of bids-api.")
    hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(help_text="For example read and submit.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(help_text="For example in 90 days.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        verbose_name = "API token"
        constraints = [models.UniqueConstraint(fields=["person", "name"], condition=models.Q(revoked_at=None), name="token_name_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.person}"


class TokenUse(models.Model):
    """When a token was last used. Without history: it changes with every request."""

    token = models.OneToOneField(ApiToken, on_delete=models.CASCADE, primary_key=True, related_name="use")
    at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When its person gave the password with it.")

    def __str__(self) -> str:
        return f"{self.token} at {self.at}"


class IdempotentAnswer(models.Model):
    """What a request with an idempotency key was answered, so that its repetition changes nothing."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="Hash of method, path and body.")
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
