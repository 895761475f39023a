"""The admin with our site."""

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "governance.admin.site.LockgateSite"
