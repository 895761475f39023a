"""Who has to be told of something."""

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from governance.acts import ACTS
from governance.lifecycle import Role
from governance.models import BreakGlass, Phase, Target
from governance.policy import ROLE_OF, ApprovalKind


def authors(phase: Phase) -> QuerySet[User]:
    """Who submitted or edited the change."""
    return User.objects.filter(_wrote(phase)).distinct()


def concerned(phase: Phase, target: Target | None = None) -> QuerySet[User]:
    """Its authors, and who is booked for it as operator or on call."""
    booked = Q(reservations__booking__phase=phase, reservations__booking__cancelled_at=None)
    booked &= Q(reservations__booking__target=target) if target else Q()
    return User.objects.filter(_wrote(phase) | booked).distinct()


def holders(*roles: Role) -> QuerySet[User]:
    return User.objects.filter(groups__name__in=roles, is_active=True).distinct()


def approvers(phase: Phase, kind: ApprovalKind) -> QuerySet[User]:
    """Who may approve it: whoever holds the role and wrote nothing of it."""
    return holders(ROLE_OF[kind]).exclude(pk__in=authors(phase).values("pk"))


def lookers_back(emergency: BreakGlass) -> QuerySet[User]:
    """Who may review it: whoever neither opened it nor approved, wrote or ran the change."""
    phase, ran = emergency.phase, emergency.runs.exclude(requested_by=None)
    part = Q(pk=emergency.opened_by_id) | _wrote(phase) | Q(pk__in=phase.approvals.values("person")) | Q(pk__in=ran.values("requested_by"))
    return holders(*ACTS["review_emergency"].roles).exclude(pk__in=User.objects.filter(part).values("pk"))


def _wrote(phase: Phase) -> Q:
    return Q(pk=phase.spec.author_id) | Q(pk__in=phase.spec.editors.values("person"))
