"""Windows, blackouts and bookings."""

from django.contrib import admin

from governance.admin.base import ReadOnlyAdmin, SetUpAdmin
from governance.models import Booking, Window


@admin.register(Window)
class WindowAdmin(SetUpAdmin):
    list_display = ["name", "kind", "environment", "starts", "ends"]
    list_filter = ["environment", "kind"]
    list_select_related = ["environment"]
    search_fields = ["name"]
    date_hierarchy = "starts"
    related = ["bookings"]


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin):
    list_display = ["phase", "target", "starts", "ends", "start", "booked_by", "cancelled_at"]
    list_filter = ["target"]
    list_select_related = ["phase__spec", "target", "booked_by"]
    search_fields = ["phase__spec__title"]
