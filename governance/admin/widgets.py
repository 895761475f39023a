"""Form widgets that differ a little from the admin's."""

from typing import Any

from django.contrib.admin.widgets import AdminSplitDateTime


class SplitDateTime(AdminSplitDateTime):
    """Django's, its two labels without a colon."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return {**super().get_context(name, value, attrs), "date_label": "Date", "time_label": "Time"}
