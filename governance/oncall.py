"""Who runs what is booked, and who is called while it runs and while the change is watched afterwards."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.utils.timezone import localtime

from governance.models import Booking, Duty, Reservation

NAMES = ("username", "first_name", "last_name")


def people_column(booking: str = "pk") -> ArraySubquery:
    """For rows with a booking: whom it has, who runs it first."""
    rows = Reservation.objects.live().filter(booking=OuterRef(booking), person__isnull=False).order_by("-duty", "pk")
    return ArraySubquery(rows.values(row=JSONObject(duty="duty", ends="ends", **{name: f"person__{name}" for name in NAMES})))


def said_of(bookings: Iterable[int]) -> dict[int, str]:
    """By booking, in words; empty where nobody was named."""
    rows = Booking.objects.filter(pk__in=list(bookings)).annotate(people=people_column())
    return {key: in_words(people) for key, people in rows.values_list("pk", "people")}


def on_call(at: datetime, targets: Collection[str] = ()) -> QuerySet[Reservation]:
    """Reservations that hold at the moment, for some targets or for all."""
    rows = Reservation.objects.live().filter(duty=Duty.ON_CALL, starts__lte=at, ends__gt=at)
    rows = rows.filter(booking__target__name__in=targets) if targets else rows
    return rows.select_related("person", "booking__target", "phase__spec").order_by("ends", "pk")


def in_words(people: Iterable[Mapping[str, str]]) -> str:
    """`people`: of `people_column`."""
    return "; ".join(_said(row) for row in people)


def _said(row: Mapping[str, str]) -> str:
    person = User(**{name: row[name] for name in NAMES})
    name = person.get_full_name() or person.get_username()
    return f"{name} runs it" if row["duty"] == Duty.OPERATES else f"{name} is on call until {_time(datetime.fromisoformat(row['ends']))}"


def _time(moment: datetime) -> str:
    return f"{localtime(moment):%a %-d %b, %H:%M}"
