"""What people want to be told together: gathered into one mail at the time that each of them chose."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Min
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from governance.models import Delivery, DigestPlan, Notice
from governance.notices import ring
from governance.telling import last_digest

LISTED = 50


def plan_of(person: User) -> DigestPlan:
    return getattr(person, "digest_plan", None) or DigestPlan(person=person, zone=settings.TIME_ZONE)


def make_digests() -> None:
    """For everybody whose time has come since something was put aside for them."""
    if not settings.EMAIL_HOST:
        return
    now = timezone.now()
    waiting = Notice.objects.for_digest().values("person").annotate(since=Min("at")).values_list("person", "since")
    since = dict(waiting)
    for person in User.objects.filter(pk__in=since, is_active=True).exclude(email="").select_related("digest_plan"):
        plan = plan_of(person)
        if since[person.pk] < last_digest(plan.days, plan.hour, ZoneInfo(plan.zone), now):
            _make(person, plan)


def _make(person: User, plan: DigestPlan) -> None:
    with transaction.atomic():
        notices = list(Notice.objects.for_digest().filter(person=person).select_for_update(skip_locked=True, no_key=True).order_by("pk"))
        if not notices:
            return
        Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(digested_at=timezone.now())
        subject = notices[0].subject if len(notices) == 1 else f"{len(notices)} notices, the last: {notices[-1].subject}"[:200]
        text = "\n\n".join(_entry(notice, plan) for notice in notices[:LISTED])
        more = f"\n\nAnd {len(notices) - LISTED} more." if len(notices) > LISTED else ""
        delivery = Delivery.objects.create(
            person=person, kind="digest", subject=subject, text=text + more, link=reverse("admin:notices"), due_at=timezone.now()
        )
        ring([delivery.pk])


def _entry(notice: Notice, plan: DigestPlan) -> str:
    at = localtime(notice.at, ZoneInfo(plan.zone))
    link = f"\n  {settings.PORTAL_URL}{notice.link}" if notice.link else ""
    return f"{at:%a %d %b, %H:%M} {at.tzname()}: {notice.subject}\n  {notice.text}{link}"
