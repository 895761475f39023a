"""Addresses of the templates of standard changes: the list, one of them, and a change made from it."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from governance import workflow
from governance.errors import Refusal
from governance.models import ChangeTemplate, TemplateVersion
from governance.pages.templates import TemplateForm, UseForm, template_page, templates_page
from governance.pages.values import address_of
from governance.specification import Specification
from governance.views import page
from governance.visitors import refuse_strangers, roles_in


@require_http_methods(["GET", "HEAD", "POST"])
def templates(request: HttpRequest) -> HttpResponse:
    """The list, and the form that writes one."""
    refuse_strangers(request)
    form = TemplateForm(request.POST or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        try:
            version = workflow.write_template(actor=_person(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, f"{version} is written. Two people other than you have to approve it.")
            return HttpResponseRedirect(reverse("admin:template", args=[version.template_id]))
    return page(request, "governance/templates.html", "Templates", templates_page(roles_in(request), form))


@require_http_methods(["GET", "HEAD", "POST"])
def template(request: HttpRequest, pk: int) -> HttpResponse:
    refuse_strangers(request)
    row = get_object_or_404(ChangeTemplate, pk=pk)
    version = workflow.version_numbered(row, None)
    form = UseForm(request.POST if request.POST.get("act") == "use" else None, version=version)
    if request.method == "POST":
        answer = _act(request, row, form)
        if answer:
            return answer
    return page(request, "governance/template.html", str(row), template_page(_person(request), roles_in(request), row, form))


def _act(request: HttpRequest, row: ChangeTemplate, form: UseForm) -> HttpResponse | None:
    """None: the page is shown again with what is wrong in its form."""
    person, reason = _person(request), request.POST.get("reason", "")
    try:
        match request.POST.get("act"):
            case "use":
                return _use(request, form)
            case "approve":
                key = request.POST.get("version", "")
                number = int(key) if key.isascii() and key.isdigit() and len(key) < 9 else 0
                version = get_object_or_404(TemplateVersion, template=row, number=number)
                workflow.approve_template(actor=person, version=version)
                messages.success(request, f"You approved {version}.")
            case "suspend":
                workflow.suspend_template(actor=person, template=row, reason=reason)
                messages.success(request, "Suspended. Changes made from it are normal ones until somebody lifts it.")
            case "lift":
                workflow.lift_suspension(actor=person, template=row, reason=reason)
                messages.success(request, "Lifted. Changes made from it are standard again.")
            case _:
                raise Http404
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return HttpResponseRedirect(request.path)


def _use(request: HttpRequest, form: UseForm) -> HttpResponse | None:
    if not form.is_valid():
        return None
    data = dict(form.cleaned_data)
    given = Specification(title=data.pop("title"), domains=tuple(domain.slug for domain in data.pop("domains")))
    values = {name.removeprefix("value_"): value for name, value in data.items()}
    try:
        spec = workflow.use_template(actor=_person(request), version=form.version, values=values, specification=given)
    except Refusal as refusal:
        form.add_error(None, refusal.message)
        return None
    outside = spec.standard.outside
    if outside:
        messages.warning(request, f"{spec.number} is submitted as a normal change: {outside}.")
    else:
        messages.success(request, f"{spec.number} is submitted as a standard change.")
    return HttpResponseRedirect(address_of(spec))


def _person(request: HttpRequest) -> User:
    """admin_view lets nobody in who is not signed in."""
    return request.user  # type: ignore[return-value]
