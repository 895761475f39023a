"""What no log may show: passwords and connection strings, however a message came by them."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

HIDDEN = "[hidden]"
SHORTEST_SECRET = 5  # characters: hiding every "lock" would hide more than a password

URI = re.compile(r"\bpostgres(?:ql)?://\S+", re.IGNORECASE)
PASSWORD_IN_URI = re.compile(r"://[^:@/]*:(?P<password>.+)@")
SECRET_NAME = re.compile(r"SECRET|PASSWORD|TOKEN", re.IGNORECASE)

_VALUE = r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s,;)}\]]+)"
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_PAIR = rf"\b(?:host|hostaddr|port|dbname|user|password|passfile|ssl\w+|options|application_name|connect_timeout)\s*=\s*{_VALUE}"
KEY = re.compile(r"\b(?:lg_[\w-]{20,}|whsec_[\w+/=]{20,})")  # of the API, in the address of a calendar feed, of a webhook
CONNINFO = re.compile(rf"{_PAIR}(?:\s+{_PAIR})+", re.IGNORECASE)
PASSWORD = re.compile(rf"(?P<name>\b(?:password|passwd|secret_key)['\"]?\s*[=:]\s*){_VALUE}", re.IGNORECASE)


class Redaction:
    """Hides what looks like a secret, and what is known to be one because the environment holds it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        secrets = sorted({secret for pair in environment.items() for secret in _secrets(*pair)}, key=len, reverse=True)
        self.known = re.compile("|".join(map(re.escape, secrets)) or r"(?!)")

    def __call__(self, text: str) -> str:
        text = KEY.sub(HIDDEN, CONNINFO.sub(HIDDEN, URI.sub(HIDDEN, text)))
        return self.known.sub(HIDDEN, PASSWORD.sub(rf"\g<name>{HIDDEN}", text))


def is_connection(value: str) -> bool:
    """Whether a variable's value is a connection string."""
    return bool(URI.match(value) or CONNINFO.match(value))


def _secrets(name: str, value: str) -> Iterator[str]:
    found = [value] if SECRET_NAME.search(name) else []
    if is_connection(value):
        found += [match["password"] for match in PASSWORD_IN_URI.finditer(value)]
        found += [match[0][match.end("name") - match.start() :].strip("'\"") for match in PASSWORD.finditer(value)]
    for secret in found:
        yield from (form for form in (secret, unquote(secret)) if len(form) >= SHORTEST_SECRET)
