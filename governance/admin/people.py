"""People and their roles. People are deactivated, never deleted: the history names them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db import models, transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from governance import audit
from governance.admin.base import Titled
from governance.pages.values import EMPTY, pill

ROLES = (
    "An engineer submits changes, a reviewer approves how they are made, a stakeholder for the business, security for what they reveal; "
    "an operator sets up, books and runs; an auditor reads. Nobody approves what they wrote themselves."
)

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PeopleAdmin(Titled, UserAdmin):
    list_display = ["username", "full_name", "email", "roles", "active"]
    list_filter = ["groups", "is_active"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Roles", {"fields": ["is_active", "is_staff", "groups"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "People", **(extra_context or {})})

    @admin.display(description="Name", ordering="last_name")
    def full_name(self, person: User) -> str:
        return person.get_full_name() or EMPTY

    @admin.display(description="May sign in", ordering="is_active")
    def active(self, person: User) -> SafeString:
        may = person.is_active and person.is_staff
        return pill("done" if may else "", "Yes" if may else "No")

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **given: Any) -> Any:
        """Django calls them staff who may sign in to an admin site; here that is everybody."""
        if db_field.name == "is_staff":
            given |= {"label": "May sign in", "help_text": "Everybody who has a role needs it; without it the portal is closed to them."}
        if db_field.name == "groups":
            given |= {"label": "Roles", "help_text": ROLES}
        return super().formfield_for_dbfield(db_field, request, **given)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Whoever is added may sign in."""
        obj.is_staff = obj.is_staff or not change
        super().save_model(request, obj, form, change)

    @admin.display(description="Roles")
    def roles(self, person: User) -> str:
        return ", ".join(group.name for group in person.groups.all()) or EMPTY

    def has_module_permission(self, request: HttpRequest) -> bool:
        """People are a superuser's business; Django's permissions open nothing here."""
        return request.user.is_active and request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.has_module_permission(request)

    has_add_permission = has_module_permission
    has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Whoever sets a password can sign in as that person: an event, like a change of roles."""
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            person = User.objects.get(pk=id)
            audit.append(
                request.user,  # type: ignore[arg-type]
                "person.password",
                person.get_username(),
                f"{request.user} set the password of {person}.",
            )
        return response

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        """Roles decide who approves: every change of them is an event."""
        before = sorted(form.instance.groups.values_list("name", flat=True))
        super().save_related(request, form, formsets, change)
        after = sorted(form.instance.groups.values_list("name", flat=True))
        person = form.instance
        audit.append(
            request.user,  # type: ignore[arg-type]
            "person.change" if change else "person.add",
            person.get_username(),
            f"{request.user} {'changed' if change else 'added'} {person}: {', '.join(after) or 'no role'}.",
            before=before,
            after=after,
            active=person.is_active,
        )
