"""Who has read evidence: what auditors and administrators look at is an event, once a day for each of them and each thing.

Everybody else works with what they read; an event for each of their looks would only bury the others.
"""

import re
from collections.abc import Callable

from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from governance import audit
from governance.lifecycle import Role
from governance.models import AuditEvent
from governance.visitors import roles_in

READ, DAY = "read.evidence", 24 * 60 * 60
UUID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
# What addresses of pages and of the API show, and the subject of the event.
EVIDENCE = tuple(
    (re.compile(pattern), subject)
    for pattern, subject in (
        (r"/(?:governance/spec|changes)/(\d+)/", "CHG-{}"),
        (r"/api/v\d+/changes/(?:CHG-)?(\d+)\b", "CHG-{}"),
        (rf"/(?:governance/run|api/v\d+/runs)/{UUID}\b", "run {}"),
        (rf"/governance/rehearsal/{UUID}/", "rehearsal {}"),
        (r"/governance/(\w+)/([^/]+)/(?:change|history)/", "{} {}"),
        (r"/(audit)/", "the history"),
    )
)


class ReadershipMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "GET" and response.status_code == 200 and (subject := evidence_at(request.path)) and _is_told(request):
            _tell(request.user, subject)  # type: ignore[arg-type]
        return response


def evidence_at(path: str) -> str:
    """ "CHG-12"; "" where there is none."""
    found = ((pattern.match(path), subject) for pattern, subject in EVIDENCE)
    return next((subject.format(*match.groups()) for match, subject in found if match), "")


def _is_told(request: HttpRequest) -> bool:
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return False
    roles = roles_in(request)
    return Role.AUDITOR in roles or (not roles and person.is_superuser)


def _tell(person: User, subject: str) -> None:
    """Remembered where it costs no query; the history itself says whether another process has told it."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    if not cache.add(f"read:{today:%Y%m%d}:{person.pk}:{subject.replace(' ', '-')}", True, timeout=DAY):
        return
    if not AuditEvent.objects.filter(subject=subject, kind=READ, actor=person.get_username(), at__gte=today).exists():
        audit.append(person, READ, subject, f"{person} read {subject}.")
