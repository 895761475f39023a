"""The admin site: our home page, and what the navigation counts."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse

from governance.pages.home import home_page, navigation
from governance.workflow import roles_of


class LockgateSite(AdminSite):
    site_title = site_header = "Lockgate"
    index_title = "Home"
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        if request.user.is_authenticated and self.has_permission(request):
            context["nav"] = navigation(roles_of(request.user), request.user.is_superuser)  # type: ignore[arg-type]
        return context

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().index(request, {**home_page(roles_of(request.user)), **(extra_context or {})})  # type: ignore[arg-type]
