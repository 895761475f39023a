"""Windows, blackouts, bookings, and what else a booking takes."""

from django.contrib import admin

from governance.admin.base import ReadOnlyAdmin, SetUpAdmin
from governance.models import Availability, Booking, Resource, Window

TIMES = ("starts", "ends", "rule", "zone")


@admin.register(Window)
class WindowAdmin(SetUpAdmin):
    list_display = ["name", "kind", "environment", "target", "domain", "starts", "ends", "rule"]
    list_filter = ["kind", "tier", "environment"]
    list_select_related = ["environment", "target", "domain"]
    search_fields = ["name"]
    date_hierarchy = "starts"
    related = ["bookings"]
    fieldsets = [
        (None, {"fields": ["name", "kind", "tier", "capacity"]}),
        ("For exactly one of these", {"fields": ["environment", "target", "domain"]}),
        ("When", {"fields": TIMES}),
    ]


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin):
    list_display = ["phase", "target", "starts", "ends", "start", "booked_by", "cancelled_at"]
    list_filter = ["target"]
    list_select_related = ["phase__spec", "target", "booked_by"]
    search_fields = ["phase__spec__title"]
    related = ["reservations", "collisions"]


@admin.register(Resource)
class ResourceAdmin(SetUpAdmin):
    list_display = ["name", "kind", "capacity"]
    list_filter = ["kind"]
    search_fields = ["name"]
    filter_horizontal = ["targets"]
    related = ["reservations"]


@admin.register(Availability)
class AvailabilityAdmin(SetUpAdmin):
    list_display = ["person", "starts", "ends", "rule", "zone"]
    list_filter = ["person"]
    list_select_related = ["person"]
    search_fields = ["person__username", "person__last_name"]
    fieldsets = [(None, {"fields": ["person"]}), ("When", {"fields": TIMES})]
