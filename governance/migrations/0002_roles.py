"""The roles: a person has those whose group they are in."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

ROLES = ("engineer", "reviewer", "stakeholder", "operator", "auditor")


def add_roles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    groups = apps.get_model("auth", "Group")
    for name in ROLES:
        groups.objects.get_or_create(name=name)
    event = apps.get_model("governance", "AuditEvent")
    event.objects.create(actor="system:migrations", kind="roles.add", text=f"The roles {', '.join(ROLES)} exist.")


class Migration(migrations.Migration):
    dependencies = [("governance", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(add_roles, migrations.RunPython.noop)]
