"""The bell: tells whoever registered that a row waits. It carries no truth: a lost or doubled ring changes nothing."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.db import transaction

Callback = Callable[[str, UUID], None]
_callbacks: list[Callback] = []


def on_due(callback: Callback) -> None:
    """Register who is told, once, when Django starts. The callback gets the kind of the row and its id."""
    _callbacks[:] = [callback]


def ring(kind: str, row: UUID) -> None:
    """Tell after the commit, so that whoever is woken finds the row."""
    for callback in _callbacks:
        transaction.on_commit(partial(callback, kind, row))
