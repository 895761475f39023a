"""Lending one's right to decide, for some days, to somebody who has one voice then as before."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from governance import audit, heralding
from governance.audit import save
from governance.errors import BadInput, NotReady
from governance.models import Delegation
from governance.workflow.acts import act, checked, permit, roles_of

LONGEST = timedelta(days=90)


@act
def delegate(*, actor: User, to: User, starts: datetime, ends: datetime, reason: str) -> Delegation:
    """`to` decides on behalf of the actor between these times; what either of them wrote stays closed to both.

    Raises:
        MissingRole, NeedsReason, BadInput, BadSpecification
    """
    permit(actor, "delegate", reason=reason)
    if not to.is_active or not roles_of(to):
        raise BadInput(f"{to} is not active or has no role here, and so cannot decide. Choose somebody who has one.")
    if ends <= timezone.now() or ends - starts > LONGEST:
        raise BadInput(f"A delegation ends in the future and lasts {LONGEST.days} days at most. Choose other dates.")
    row = save(actor, checked(Delegation(person=actor, delegate=to, starts=starts, ends=ends, reason=reason.strip())))
    audit.append(
        actor, "delegation.make", "", f"{actor} delegates to {to} from {starts:%d %b %Y %H:%M} to {ends:%d %b %Y %H:%M} UTC.",
        delegation=row.pk, reason=row.reason,
    )  # fmt: skip
    heralding.delegated(row)
    return row


@act
def revoke_delegation(*, actor: User, delegation: Delegation) -> Delegation:
    """People end their own delegations, the delegate theirs, operators everybody's. What was decided stays decided."""
    if actor.pk not in (delegation.person_id, delegation.delegate_id) or not actor.is_active:
        permit(actor, "revoke_delegation")
    held = Delegation.objects.select_for_update(of=("self",), no_key=True).select_related("person", "delegate").get(pk=delegation.pk)
    if held.revoked_at:
        raise NotReady(f"The delegation of {held} ended at {held.revoked_at:%d %b %Y %H:%M} UTC. Nothing is left to do.")
    held.revoked_at = timezone.now()
    save(actor, held)
    audit.append(actor, "delegation.revoke", "", f"{actor} ended the delegation of {held}.", delegation=held.pk)
    return held
