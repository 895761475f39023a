"""Idempotency keys: a POST that is sent again, because its answer was lost, is answered as before and done once.

Act and answer are kept in one transaction, so no crash can come between them. What was refused changed nothing and may be tried again.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from governance.api.auth import caller_of
from governance.api.problems import body_of, problem_of
from governance.errors import BadInput, NotReady, Refusal
from governance.models import ApiToken, IdempotentAnswer

HEADER = "Idempotency-Key"
LONGEST = 200
KEPT = timedelta(days=1)
Run = Callable[..., HttpResponse]


class KeyReused(BadInput):
    """The idempotency key was used for another request."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The key {key!r} belongs to another request of yours. Make a new key for every new request.")
        self.key = key


class KeyInUse(NotReady):
    """A request with this idempotency key is being worked on."""

    def __init__(self, key: str) -> None:
        super().__init__(f"A request with the key {key!r} has not been answered yet. Wait a moment and send it again.")
        self.key = key


def once(run: Run) -> Run:
    """Wraps an operation, authentication included."""

    @wraps(run)
    def running(request: HttpRequest, **path: Any) -> HttpResponse:
        if request.method != "POST" or HEADER not in request.headers:
            return run(request, **path)
        try:
            caller_of(request)  # before the transaction: the token's last use is written at once, and keeps no other request waiting
            with transaction.atomic():
                return _answer(request, request.headers[HEADER], lambda: run(request, **path))
        except Refusal as refusal:
            return problem_of(refusal)

    return running


def _answer(request: HttpRequest, key: str, act: Callable[[], HttpResponse]) -> HttpResponse:
    person, token = caller_of(request)
    if not key.isprintable() or not 1 <= len(key) <= LONGEST:
        raise BadInput(f"An idempotency key has 1 to {LONGEST} printable characters. A random UUID is a good one.")
    _hold(f"{person.pk} {key}", key)
    fingerprint = _fingerprint(request, token)
    IdempotentAnswer.objects.filter(person=person, at__lt=timezone.now() - KEPT).delete()
    known = IdempotentAnswer.objects.filter(person=person, key=key).first()
    if known and known.fingerprint != fingerprint:
        raise KeyReused(key)
    if known:
        return JsonResponse(known.body, status=known.status, safe=False, headers={"Idempotency-Replayed": "true"})
    answer = act()
    if answer.status_code < 300:
        IdempotentAnswer.objects.create(person=person, key=key, fingerprint=fingerprint, status=answer.status_code, body=body_of(answer))
    return answer


def _hold(name: str, key: str) -> None:
    """Until the end of the transaction; whoever comes meanwhile is told at once rather than kept waiting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"idempotency {name}"])
        if not cursor.fetchone()[0]:
            raise KeyInUse(key)


def _fingerprint(request: HttpRequest, token: ApiToken) -> str:
    """Of the token too: another one may not have the scope."""
    parts = [str(token.pk), request.method or "", request.get_full_path()]
    return hashlib.sha256("\n".join(parts).encode() + b"\n" + request.body).hexdigest()
