"""Calendars that other programs subscribe to, each at a secret address of which only the hash is kept."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.lifecycle import Role
from governance.models.base import Code, Governed, choices
from governance.models.domains import Domain
from governance.models.targets import Target


class FeedKind(models.TextChoices):
    PERSON = "person", "What I am booked for or wrote"
    ROLE = "role", "What a role has to do"
    DOMAIN = "domain", "A domain"
    TARGET = "target", "A target"


class CalendarFeed(Governed):
    """Whoever knows the address reads it, until it is revoked or the person who made it has left."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="feeds")
    kind = Code(choices=FeedKind.choices)
    role = Code(blank=True, choices=choices(Role))
    domain = models.ForeignKey(Domain, null=True, blank=True, on_delete=models.CASCADE, related_name="feeds")
    target = models.ForeignKey(Target, null=True, blank=True, on_delete=models.CASCADE, related_name="feeds")
    hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(kind=FeedKind.PERSON, role="", domain=None, target=None)
                    | (Q(kind=FeedKind.ROLE, domain=None, target=None) & ~Q(role=""))
                    | Q(kind=FeedKind.DOMAIN, role="", domain__isnull=False, target=None)
                    | Q(kind=FeedKind.TARGET, role="", domain=None, target__isnull=False)
                ),
                name="feed_of_one",
                violation_error_message="A feed is of a person, a role, a domain or a target: name exactly what its kind says.",
            )
        ]

    def __str__(self) -> str:
        return str(self.target or self.domain or self.role or self.owner)
