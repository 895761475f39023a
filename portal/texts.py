"""Requests with what no text can hold: PostgreSQL's have no NUL, and neither a browser nor a client sends one by itself."""

from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from governance.api.problems import MalformedRequest, problem_of

API = "/api/"
WHY = "The address has a character that no text can hold (NUL)."


class TextMiddleware:
    """Comes last, so that its answer looks like a page of the portal. What is sent as JSON is read and refused by the API itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not any("\0" in text for text in _texts(request)):
            return self.get_response(request)
        if request.path.startswith(API):
            return problem_of(MalformedRequest(WHY))
        return render(request, "400.html", status=400)


def _texts(request: HttpRequest) -> Iterator[str]:
    yield request.path
    for sent in (request.GET, request.POST):
        for _, values in sent.lists():
            yield from values
