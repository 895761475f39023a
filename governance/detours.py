"""Small rows of a phase as JSON, in one query with it: what domains ask, its emergencies, and where it was sent back."""

from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject, Now

from governance.models import Answer, BreakGlass, Consideration, Run, SentBack
from governance.orders import RunKind, RunStatus


def consideration_rows(spec: OuterRef) -> QuerySet[Consideration, Any]:
    """Every question of the touched domains, with its answer."""
    answers = Answer.objects.filter(spec=OuterRef(spec), consideration=OuterRef("pk"))
    said = {"text": Subquery(answers.values("text")), "person": Subquery(answers.values("person__username"))}
    return _considered(spec).values(row=JSONObject(key="pk", question="question", domain="domain__name", **said))


def open_questions(spec: OuterRef) -> QuerySet[Consideration, Any]:
    answered = Answer.objects.filter(spec=OuterRef(spec), consideration=OuterRef("pk")).exclude(text="")
    return _considered(spec).filter(~Exists(answered)).values("question")


def _considered(spec: OuterRef) -> QuerySet[Consideration]:
    return Consideration.objects.filter(domain__specs=spec).order_by("domain__name", "pk")


def sent_back_rows(phase: OuterRef) -> QuerySet[SentBack, Any]:
    row = JSONObject(stage="stage", reason="reason", at="at", settled_at="settled_at")
    return SentBack.objects.filter(phase=phase).order_by("pk").values(row=row)


def emergency_rows(phase: OuterRef) -> QuerySet[BreakGlass, Any]:
    """As `Emergency.of` takes them."""
    used = Run.objects.filter(emergency=OuterRef("pk"), kind=RunKind.DEPLOY, status=RunStatus.SUCCEEDED, deployment__applied=True)
    digest = Coalesce(Subquery(used.order_by("-requested_at").values("script_digest")[:1]), Value(""))
    live = ExpressionWrapper(Q(ended_at=None) & Q(expires_at__gt=Now()), output_field=BooleanField())
    reviewed = ExpressionWrapper(Q(reviewed_at__isnull=False), output_field=BooleanField())
    names = ("incident", "reason", "skips", "opened_at", "expires_at", "review_due")
    row = JSONObject(key="pk", opened_by="opened_by__username", live=live, used_for=digest, reviewed=reviewed, **{n: n for n in names})
    return BreakGlass.objects.filter(phase=phase).order_by("-pk").values(row=row)
