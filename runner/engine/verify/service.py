"""Whether the service in front of the target answers as it should: one GET, to an address that only the runner's environment can name.

An author chooses a path, nobody in the browser a host. Redirects are not followed, proxies not used, addresses at which machines keep
their secrets (link-local) not opened, and what was resolved is what is connected to. Of the answer nothing is kept but its status.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from governance.orders import Check, Verdict
from governance.validation.answers import Answer, Judgement, verdict
from runner.engine.session import Session
from runner.engine.verify.asking import Asked

TIMEOUT = 10.0
MOST_BYTES = 256 * 1024
PROOF = "One request through the whole service, answered as declared. It says nothing of other requests."
NO_ADDRESS = "no address is known: set {variable} in the runner's environment to the service that uses this target, for example https://bids.example.com"


class NotAsked(Exception):
    """The message says why the service was not asked, or could not be."""


@dataclass(frozen=True, slots=True)
class Heard:
    status: int
    found: bool
    seconds: float


def before(asked: Asked, check: Check) -> Answer:
    """Also what it answered before: one that was broken already was not broken by the change."""
    heard = _ask(asked, check)
    return Answer(1, str(heard.status) if isinstance(heard, Heard) else heard, "")


def after(asked: Asked, check: Check, kept: Answer | None) -> tuple[Judgement, str]:
    path, status, text = _said(check)
    again = f'curl --max-time {TIMEOUT:.0f} -i "$SERVICE{path}"'
    heard = _ask(asked, check)
    if isinstance(heard, str):
        return Judgement(Verdict.UNKNOWN, heard), again
    was = f"; before it was {kept.first}" if kept and kept.first and kept.first != str(heard.status) else ""
    evidence = f"{heard.status} in {heard.seconds * 1000:.0f} ms, {status} expected{was}"
    if text:
        evidence += f"; “{text}” is {'there' if heard.found else 'not there'}"
    return Judgement(verdict(heard.status == int(status) and (heard.found or not text)), evidence, PROOF), again


def _said(check: Check) -> tuple[str, str, str]:
    path, status, text = check.detail.split("\n", 2)
    return path, status, text


def _ask(asked: Asked, check: Check) -> Heard | str:
    if not isinstance(asked, Session):
        return "a rehearsal has no service"
    if not asked.order.service:
        return NO_ADDRESS.format(variable=variable_of(asked.order.connection))
    path, _status, text = _said(check)
    try:
        return get(asked.order.service, path, text)
    except NotAsked as why:
        return str(why)


def variable_of(connection: str) -> str:
    return f"{connection.removesuffix('_URL')}_SERVICE"


def get(base: str, path: str, text: str = "") -> Heard:
    """
    Raises:
        NotAsked
    """
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise NotAsked("the service's address is not of the form https://host[:port][/path]")
    if not path.startswith("/") or path.startswith("//") or any(character.isspace() for character in path):
        raise NotAsked(f"`{path}` is not a path")
    began = time.monotonic()
    try:
        connection = _Pinned(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), parts.scheme == "https")
        try:
            connection.request("GET", parts.path.rstrip("/") + path, headers={"User-Agent": "Lockgate", "Accept": "*/*"})
            answer = connection.getresponse()
            body = answer.read(MOST_BYTES)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotAsked(f"the service did not answer: {type(error).__name__}") from error
    return Heard(answer.status, text.encode() in body, time.monotonic() - began)


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was looked at, not to whatever the name means a moment later."""

    def __init__(self, host: str, port: int, secure: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self._secure = secure

    def connect(self) -> None:
        address = _harmless(self.host, self.port)
        self.sock = socket.create_connection((address, self.port), TIMEOUT)
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _harmless(host: str, port: int) -> str:
    found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
            raise NotAsked(f"{host} leads to {text}, at which no service of yours is")
    return found[0]
