"""Records of how it is agreed: versions of the policy, who was asked, who decides for whom, and who approved a template."""

from django.contrib import admin

from governance.admin.base import ReadOnlyAdmin
from governance.models import ApprovalRequest, Delegation, PolicyVersion, TemplateApproval


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "state", "reason", "drafted_by", "approved_by", "approved_at"]
    list_filter = ["state"]
    list_select_related = ["drafted_by", "approved_by"]
    search_fields = ["reason", "drafted_by__username", "approved_by__username"]


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    list_display = ["phase", "kind", "step", "due_at", "escalated_at", "closed_at"]
    list_filter = ["kind", ("escalated_at", admin.EmptyFieldListFilter), ("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["phase__spec"]
    search_fields = ["phase__spec__title", "domain"]


@admin.register(Delegation)
class DelegationAdmin(ReadOnlyAdmin):
    list_display = ["person", "delegate", "starts", "ends", "reason", "revoked_at"]
    list_select_related = ["person", "delegate"]
    search_fields = ["person__username", "delegate__username", "reason"]


@admin.register(TemplateApproval)
class TemplateApprovalAdmin(ReadOnlyAdmin):
    list_display = ["version", "person", "at"]
    list_select_related = ["version__template", "person"]
    search_fields = ["version__template__name", "person__username"]
