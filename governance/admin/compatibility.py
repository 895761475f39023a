"""Releases and the matrix of who works with what."""

from django.contrib import admin

from governance.admin.base import SetUpAdmin
from governance.models import MatrixEntry, Release


@admin.register(Release)
class ReleaseAdmin(SetUpAdmin):
    list_display = ["name", "version", "kind", "live"]
    list_filter = ["kind", "live"]
    search_fields = ["name", "version"]
    readonly_fields = ["run"]


@admin.register(MatrixEntry)
class MatrixEntryAdmin(SetUpAdmin):
    list_display = ["client", "backend", "verdict", "source", "reason"]
    list_filter = ["verdict", "source"]
    list_select_related = ["client", "backend"]
    search_fields = ["client__name", "backend__name", "reason"]
    readonly_fields = ["source", "run"]
