"""Records of what is out of the ordinary, read and never written here."""

from django.contrib import admin

from governance.admin.base import ReadOnlyAdmin
from governance.models import BreakGlass, ChangeTemplate, SentBack, StandardUse, Supersession, TemplateVersion


@admin.register(BreakGlass)
class BreakGlassAdmin(ReadOnlyAdmin):
    list_display = ["incident", "phase", "opened_by", "opened_at", "expires_at", "reviewed_by", "justified"]
    list_filter = ["justified"]
    list_select_related = ["phase__spec", "opened_by", "reviewed_by"]
    search_fields = ["incident", "reason", "findings", "phase__spec__title"]
    related = ["runs"]


@admin.register(SentBack)
class SentBackAdmin(ReadOnlyAdmin):
    list_display = ["phase", "stage", "person", "reason", "at", "settled_at"]
    list_select_related = ["phase__spec", "person"]
    search_fields = ["phase__spec__title", "reason"]


@admin.register(ChangeTemplate)
class ChangeTemplateAdmin(ReadOnlyAdmin):
    list_display = ["name", "purpose", "suspended_at"]
    search_fields = ["name", "purpose"]
    related = ["versions"]


@admin.register(TemplateVersion)
class TemplateVersionAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "written_by", "written_at"]
    list_select_related = ["template", "written_by"]
    search_fields = ["template__name"]
    related = ["uses"]


@admin.register(StandardUse)
class StandardUseAdmin(ReadOnlyAdmin):
    list_display = ["spec", "version", "outside"]
    list_select_related = ["spec", "version__template"]
    search_fields = ["spec__title", "version__template__name"]


@admin.register(Supersession)
class SupersessionAdmin(ReadOnlyAdmin):
    list_display = ["result", "verdict", "reason", "person", "at"]
    list_select_related = ["result", "person"]
    search_fields = ["result__name", "reason"]
