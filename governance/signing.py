"""How the person who decides was recognised. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

CONFIRMATION_LASTS = timedelta(minutes=15)  # of a token whose person has given the password
MOST_TRIES, TRIES_WITHIN = 5, timedelta(minutes=15)


class Method(StrEnum):
    SESSION = "session"
    PASSWORD = "password"  # typed with the decision
    TOKEN = "token"
    CONFIRMED_TOKEN = "confirmed_token"  # whose person has just given the password


CONFIRMED = frozenset({Method.PASSWORD, Method.CONFIRMED_TOKEN})


@dataclass(frozen=True, slots=True)
class Signing:
    """`session`: the beginning of a hash, which tells sessions apart and opens none. `address`: of the caller."""

    method: Method | None = None
    session: str = ""
    address: str = ""

    @property
    def confirmed(self) -> bool:
        return self.method in CONFIRMED


UNSIGNED = Signing()  # a function was called, by nobody's browser or token
