"""The admin site: our home page, and what the navigation counts."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path

from governance import deciding, drifting, holding, hooking, learning, lending, noticing, reporting, ruling, subscribing, templating, views
from governance.pages.home import navigation
from governance.pages.overview import overview_page
from governance.visitors import may_read, roles_in

PAGES = (
    ("approve/", views.approvals, "approvals"),
    ("approve/<int:phase>/<slug:kind>/", deciding.approve, "approve"),
    ("changes/<int:pk>/specification/", deciding.specification, "specification"),
    ("calendar/", views.calendar, "calendar"),
    ("calendar/order/", views.sequence, "sequence"),
    ("calendar/feeds/", subscribing.feeds, "feeds"),
    ("matrix/", views.matrix, "matrix"),
    ("audit/", views.audit, "audit"),
    ("policy/", ruling.policy, "policy"),
    ("policy/draft/", ruling.draft, "policy_draft"),
    ("delegations/", lending.delegations, "delegations"),
    ("lessons/", learning.lessons, "lessons"),
    ("debts/", learning.debts, "debts"),
    ("checks/<int:pk>/supersede/", learning.supersede, "supersede"),
    ("report/", reporting.report, "report"),
    ("templates/", templating.templates, "templates"),
    ("templates/<int:pk>/", templating.template, "template"),
    ("tokens/", holding.tokens, "tokens"),
    ("notices/", noticing.notices, "notices"),
    ("notices/choices/", hooking.choices, "notice_choices"),
    ("notices/webhooks/", hooking.webhooks, "webhooks"),
    ("notices/webhooks/<int:pk>/", hooking.webhook, "webhook"),
    ("notices/deliveries/", hooking.deliveries, "deliveries"),
    ("notices/<int:pk>/", noticing.notice, "notice"),
    ("schema/", views.schemas, "schema"),
    ("comparison/", drifting.comparison, "comparison"),
    ("drift/<int:pk>/", drifting.drift, "drift"),
    ("schema/<slug:name>/", views.schema, "schema_target"),
    ("schema/<slug:name>/read/", views.observe, "schema_observe"),
    ("schema/<slug:name>/<path:table>/", views.table, "schema_table"),
)


class LockgateSite(AdminSite):
    site_title = site_header = "Lockgate"
    index_title = "Home"
    index_template = "governance/overview.html"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [path(route, self.admin_view(view), name=name) for route, view, name in PAGES] + super().get_urls()

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """As the admin's own, without the list of all records, which takes a hundred addresses: what shows it asks for it."""
        context: dict[str, Any] = {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "site_url": self.site_url,
            "has_permission": self.has_permission(request),
            "is_popup": False,
            "is_nav_sidebar_enabled": False,
        }
        if request.user.is_authenticated and self.has_permission(request):
            context["nav"] = navigation(request.user, roles_in(request))
        return context

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        page = overview_page(request.user, roles_in(request)) if may_read(request) else None  # type: ignore[arg-type]
        return super().index(request, {"page": page, **(extra_context or {})})
