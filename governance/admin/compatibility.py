"""Releases and the matrix of who works with what."""

from django.contrib import admin
from django.utils.safestring import SafeString

from governance.admin.base import SetUpAdmin, pill
from governance.models import MatrixEntry, Release

LOOKS = {"full": ("ok", "ok"), "partial": ("warn", "part"), "no": ("bad", "no"), "unknown": ("unk", "unk")}


@admin.register(Release)
class ReleaseAdmin(SetUpAdmin):
    list_display = ["name", "version", "kind", "live"]
    list_filter = ["kind", "live"]
    search_fields = ["name", "version"]
    readonly_fields = ["run"]


@admin.register(MatrixEntry)
class MatrixEntryAdmin(SetUpAdmin):
    list_display = ["client", "backend", "cell", "source", "reason"]
    list_filter = ["verdict", "source"]
    list_select_related = ["client", "backend"]
    search_fields = ["client__name", "backend__name", "reason"]
    readonly_fields = ["source", "run"]

    @admin.display(description="Works", ordering="verdict")
    def cell(self, entry: MatrixEntry) -> SafeString:
        kind, glyph = LOOKS[entry.verdict]
        return pill(kind, glyph, entry.get_verdict_display())
