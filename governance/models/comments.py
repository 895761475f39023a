"""What people say about a change, as a whole or at a line of a script."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.models.base import Code, Governed
from governance.models.specs import Phase, Script


class CommentKind(models.TextChoices):
    COMMENT = "comment", "Comment"
    QUESTION = "question", "Question"
    CHANGES = "changes", "Asks for changes"


class Comment(Governed):
    """A question, or a wish for changes, is open until somebody resolves it."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="comments")
    script = models.ForeignKey(Script, null=True, blank=True, on_delete=models.CASCADE, related_name="comments")
    line = models.PositiveIntegerField(null=True, blank=True)
    answers = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="replies")
    kind = Code(default=CommentKind.COMMENT, choices=CommentKind.choices)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comments")
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta(Governed.Meta):
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(line=None) | Q(script__isnull=False), name="comment_line_has_script"),
            models.CheckConstraint(condition=~Q(text=""), name="comment_has_text"),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def open(self) -> bool:
        return self.kind != CommentKind.COMMENT and self.resolved_at is None
