"""Business domains with their tables and considerations."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from governance.admin.base import RowsInline, SetUpAdmin
from governance.models import Consideration, Domain, DomainTable


class TablesInline(RowsInline):
    model = DomainTable
    fields = ["name"]
    kept_by_operators = True


class ConsiderationsInline(RowsInline):
    model = Consideration
    fields = ["question"]
    kept_by_operators = True


@admin.register(Domain)
class DomainAdmin(SetUpAdmin):
    list_display = ["name", "slug", "table_count", "question_count"]
    search_fields = ["name", "tables__name"]
    filter_horizontal = ["owners"]
    inlines = [TablesInline, ConsiderationsInline]
    related = ["tables", "considerations"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Domain]:
        return (
            super()
            .get_queryset(request)
            .annotate(tables_=Count("tables", distinct=True), questions_=Count("considerations", distinct=True))
        )

    @admin.display(description="Tables", ordering="tables_")
    def table_count(self, domain: Domain) -> int:
        return domain.tables_  # type: ignore[attr-defined]

    @admin.display(description="Questions", ordering="questions_")
    def question_count(self, domain: Domain) -> int:
        return domain.questions_  # type: ignore[attr-defined]
