"""Answering for what was changed in a target past the portal."""

from django.contrib.auth.models import User
from django.utils import timezone

from governance import audit
from governance.audit import save
from governance.errors import NotReady
from governance.models import Drift, DriftState, Spec
from governance.workflow.acts import act, permit


@act
def accept_drift(*, actor: User, drift: Drift, reason: str) -> Drift:
    """The schema as it is now is what the target is expected to have."""
    permit(actor, "accept_drift", reason=reason)
    held = _open(drift)
    held.reason = reason.strip()
    return _decide(actor, held, DriftState.ACCEPTED, f"{actor} accepted the drift of {held.target}: {held.reason}")


@act
def link_drift(*, actor: User, drift: Drift, spec: Spec, reason: str = "") -> Drift:
    """A change of the portal explains it: it was executed by other means."""
    permit(actor, "link_drift")
    held = _open(drift)
    held.change, held.reason = spec, reason.strip()
    return _decide(actor, held, DriftState.LINKED, f"{actor} linked the drift of {held.target} to {spec.number}.")


def _open(drift: Drift) -> Drift:
    held = Drift.objects.select_for_update(of=("self",), no_key=True).select_related("target", "before").get(pk=drift.pk)
    if held.state != DriftState.OPEN:
        raise NotReady(f"The {held}: it was decided {held.decided_at:%d %b %Y %H:%M} UTC. Nothing is left to do.")
    return held


def _decide(actor: User, drift: Drift, state: DriftState, text: str) -> Drift:
    drift.state, drift.decided_by, drift.decided_at = state, actor, timezone.now()
    save(actor, drift)
    subject = drift.change.number if drift.change else drift.target.name
    audit.append(actor, f"drift.{state}", subject, text, drift=drift.pk, reason=drift.reason, target=drift.target.name)
    return drift
