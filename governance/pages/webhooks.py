"""Webhooks as pages: what listens, what it was sent, and what came of every attempt."""

from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.db.models import Count, Q

from governance.acts import ACTS
from governance.lifecycle import Role
from governance.models import Delivery, DeliveryAttempt, DeliveryState, Webhook, WebhookForm
from governance.models.notices import KIND_CHOICES
from governance.pages.values import person_name
from governance.telling import KINDS, NoticeKind

LISTED = 100
STATES = {DeliveryState.WAITING: "queued", DeliveryState.DELIVERED: "ok", DeliveryState.GIVEN_UP: "failed"}


class WebhookForms(forms.Form):
    name = forms.CharField(max_length=100, help_text="What listens there, for example Chat of the database team.")
    address = forms.URLField(
        max_length=500,
        assume_scheme="https",
        help_text="For example https://hooks.example.com/lockgate. Only its host is shown afterwards.",
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    form = forms.ChoiceField(label="Sends", choices=WebhookForm.choices)
    kinds = forms.MultipleChoiceField(
        label="Told of",
        required=False,
        choices=[(kind, label) for kind, label in KIND_CHOICES if kind != NoticeKind.DELIVERY_FAILED],
        widget=forms.CheckboxSelectMultiple,
        help_text="Nothing chosen: everything.",
    )


def may_manage(roles: Collection[Role]) -> bool:
    return bool(ACTS["manage_webhooks"].roles & set(roles))


def webhooks_page(roles: Collection[Role], form: WebhookForms, made: str = "") -> dict[str, Any]:
    """`made`: the secret of a webhook that has just been made, which is shown this once."""
    waits, lost = Q(deliveries__state=DeliveryState.WAITING), Q(deliveries__state=DeliveryState.GIVEN_UP)
    rows = Webhook.objects.select_related("made_by").annotate(waits=Count("deliveries", waits), lost=Count("deliveries", lost))
    return {
        "form": form,
        "made": made,
        "manages": may_manage(roles),
        "webhooks": [_webhook(row) for row in rows.order_by("ended_at", "name")],
    }


def _webhook(row: Any) -> dict[str, Any]:
    named = [KINDS[NoticeKind(kind)].label for kind in row.kinds]
    state = ("void", "Ended") if row.ended_at else ("failed", f"{row.lost} given up") if row.lost else ("ok", "Listens")
    return {
        "pk": row.pk,
        "name": row.name,
        "host": row.host,
        "kinds": "; ".join(named) or "everything",
        "form": row.get_form_display(),
        "by": person_name(row.made_by),
        "at": row.made_at,
        "state": ("queued", f"{row.waits} waiting") if row.waits and not row.ended_at and not row.lost else state,
        "live": row.ended_at is None,
    }


def webhook_page(row: Webhook, roles: Collection[Role], secret: str = "") -> dict[str, Any]:
    counted = dict(row.deliveries.order_by().values_list("state").annotate(count=Count("pk")))
    return {
        "webhook": {**_webhook(_counted(row, counted)), "secret": secret},
        "counts": [(label, counted.get(state, 0)) for state, label in DeliveryState.choices],
        "manages": may_manage(roles),
        "deliveries": _logged(row.deliveries.all()[:LISTED]),
    }


def _counted(row: Webhook, counted: dict[str, int]) -> Any:
    row.waits, row.lost = counted.get(DeliveryState.WAITING, 0), counted.get(DeliveryState.GIVEN_UP, 0)  # type: ignore[attr-defined]
    return row


def deliveries_page(roles: Collection[Role]) -> dict[str, Any]:
    """What has not arrived yet, mails and webhooks alike, and then the last that did."""
    rows = Delivery.objects.select_related("person", "webhook")
    late = rows.exclude(state=DeliveryState.DELIVERED)[:LISTED]
    return {
        "manages": may_manage(roles),
        "late": _logged(late),
        "arrived": _logged(rows.filter(state=DeliveryState.DELIVERED)[:LISTED]),
    }


def _logged(rows: Iterable[Delivery]) -> list[dict[str, Any]]:
    """Each with its attempts, newest first."""
    found = list(rows)
    tries: dict[Any, list[DeliveryAttempt]] = {}
    for each in DeliveryAttempt.objects.filter(delivery__in=found):
        tries.setdefault(each.delivery_id, []).append(each)
    return [_delivery(row, tries.get(row.pk, [])) for row in found]


def _delivery(row: Delivery, tries: list[DeliveryAttempt]) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "subject": row.subject,
        "to": str(row.webhook) if row.webhook_id else person_name(row.person),
        "by": "webhook" if row.webhook_id else "mail",
        "kind": row.kind.replace("_", " "),
        "at": row.made_at,
        "due": row.due_at if row.state == DeliveryState.WAITING else None,
        "state": STATES[DeliveryState(row.state)],
        "word": row.get_state_display(),
        "lost": row.state == DeliveryState.GIVEN_UP,
        "tries": [_attempt(each) for each in tries],
    }


def _attempt(each: DeliveryAttempt) -> dict[str, Any]:
    state = "unknown" if each.arrived is None else "ok" if each.arrived else "failed"
    answer = each.answer or "No answer is known: it is under way, or whoever sent it was stopped."
    return {"number": each.number, "at": each.at, "seconds": each.seconds, "state": state, "answer": answer}
