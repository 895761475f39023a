"""Addresses that nothing can be looked for with: PostgreSQL's texts hold no NUL, and neither a page nor a client sends one."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from governance.api.problems import MalformedRequest, problem_of

API = "/api/"
WHY = "The address has a character that no text can hold (NUL)."


class AddressMiddleware:
    """Comes last, so that its answer looks like a page of the portal."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = [request.path, *(value for _, values in request.GET.lists() for value in values)]
        if not any("\0" in text for text in given):
            return self.get_response(request)
        if request.path.startswith(API):
            return problem_of(MalformedRequest(WHY))
        return render(request, "400.html", status=400)
