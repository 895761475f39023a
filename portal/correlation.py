"""Ties together what is logged for one request, here and in the services around: the request's id."""

import logging
import re
import time
from collections.abc import Callable
from functools import partial
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path
from django.utils.functional import LazyObject, empty

from portal.logs import about, present

HEADER = "X-Request-ID"
TOKEN = re.compile(r"[A-Za-z0-9._-]{1,64}")

logger = logging.getLogger(__name__)


class RequestIdMiddleware:
    """Comes first, so that the lines of all the others carry the id, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id, path, started = _id_of(request), escape_uri_path(request.path), time.perf_counter()
        with about(request_id=request_id, user=partial(_user_of, request), path=path):
            response = self.get_response(request)
            with about(status=response.status_code, duration=round(time.perf_counter() - started, 4)):
                logger.info("%s", request.method)
                request.log_context = present()  # type: ignore[attr-defined]
        response.headers[HEADER] = request_id
        return response


def _id_of(request: HttpRequest) -> str:
    """The caller's, if it can be written into a log as it is; else a new one."""
    given = request.headers.get(HEADER, "")
    return given if TOKEN.fullmatch(given) else uuid4().hex


def _user_of(request: HttpRequest) -> str:
    """Of a user that somebody has asked for already: a line in the log is no reason to read the session."""
    user = vars(request).get("user")
    if user is None or (isinstance(user, LazyObject) and user._wrapped is empty):  # type: ignore[attr-defined]
        return ""
    return user.get_username()
