"""Environments, what they tolerate while a change runs, and targets."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from governance.admin.base import SetUpAdmin
from governance.models import Environment, Target, Threshold


@admin.register(Environment)
class EnvironmentAdmin(SetUpAdmin):
    list_display = ["name", "rank", "production", "monitoring_seconds", "after_failed_check"]
    search_fields = ["name"]
    related = ["targets", "thresholds"]


@admin.register(Threshold)
class ThresholdAdmin(SetUpAdmin):
    list_display = ["metric", "environment", "limit", "factor", "times", "action"]
    list_filter = ["environment", "metric", "action"]
    list_select_related = ["environment"]


@admin.register(Target)
class TargetAdmin(SetUpAdmin):
    list_display = ["name", "environment", "version", "connection", "owner_role"]
    list_filter = ["environment"]
    list_select_related = ["environment"]
    search_fields = ["name", "connection"]
    readonly_fields = ["version"]

    def response_post_save_add(self, request: HttpRequest, obj: Target) -> HttpResponseRedirect:
        """To the page where its baseline is taken, with what that needs."""
        return HttpResponseRedirect(reverse("admin:schema_target", args=[obj.name]))
