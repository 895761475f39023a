"""Addresses of the portal."""

from django.contrib import admin
from django.urls import path

from governance.api import v1
from governance.subscribing import feed
from portal.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("feeds/<slug:secret>.ics", feed, name="feed"),
    path("api/v1/", v1.urls),
    v1.fallback,
    path("", admin.site.urls),
]
