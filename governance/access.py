"""Keys with which programs come in: their form, their hash, and why a wrong one is refused."""

import hashlib
import secrets
from collections.abc import Iterable

from governance.errors import NotAllowed, Refusal

PREFIX = "lg_"  # so that a scanner of repositories can find one that was committed


class BadToken(Refusal):
    """The request carries no token that holds."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}. Make a new token with `manage.py token`, and send it as `Authorization: Bearer {PREFIX}…`.")
        self.why = why


class ScopeMissing(NotAllowed):
    """The token was not made for this."""

    def __init__(self, scope: str, scopes: Iterable[str]) -> None:
        self.scope, self.scopes = scope, tuple(scopes)
        super().__init__(f"This takes a token with the scope {scope}; this one has {', '.join(self.scopes)}. Make one that has it.")


def new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """Tokens are random, so a plain hash is enough, and looking one up tells nothing about another by its time."""
    return hashlib.sha256(token.encode()).hexdigest()
