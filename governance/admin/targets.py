"""Environments and targets."""

from django.contrib import admin

from governance.admin.base import SetUpAdmin
from governance.models import Environment, Target


@admin.register(Environment)
class EnvironmentAdmin(SetUpAdmin):
    list_display = ["name", "rank", "production", "monitoring_seconds"]
    search_fields = ["name"]
    related = ["targets"]


@admin.register(Target)
class TargetAdmin(SetUpAdmin):
    list_display = ["name", "environment", "version", "connection", "owner_role"]
    list_filter = ["environment"]
    list_select_related = ["environment"]
    search_fields = ["name", "connection"]
    readonly_fields = ["version"]
