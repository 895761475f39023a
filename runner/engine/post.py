"""One call of a webhook: to the address that an operator set up and no other, bounded in time, no redirect followed."""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit

from governance.sending import Call, Sent, headers_of

STEP, WHOLE = 5.0, 10.0  # seconds: for one answer of the network, and for everything
SHOWN = 200  # characters of a refusal that the log keeps
GONE = 410


class Forbidden(Exception):
    """The address is none that the portal may call."""


class _Pinned(http.client.HTTPConnection):
    """To the address that was looked at, whatever the name resolves to a moment later."""

    def __init__(self, host: str, port: int, address: str, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=STEP)
        self.address, self.tls = address, tls

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), STEP)
        self.sock = self.tls.wrap_socket(plain, server_hostname=self.host) if self.tls else plain


def post(call: Call, trusted: Collection[str]) -> Sent:
    """`trusted`: hosts that may be private and need no TLS, for example a chat of one's own network."""
    try:
        connection = _connection(urlsplit(call.address), trusted)
    except (Forbidden, ValueError) as why:
        return Sent(False, str(why), final=True)
    except OSError as error:
        return Sent(False, f"Its host is not found: {error.strerror or error}", everything=True)
    try:
        return _asked(connection, call)
    except (OSError, http.client.HTTPException) as error:
        return Sent(False, f"No answer: {error or type(error).__name__}", everything=True)
    finally:
        connection.close()


def _connection(address: SplitResult, trusted: Collection[str]) -> _Pinned:
    """Raises Forbidden, ValueError (no address), OSError (no such host)."""
    host, tls = address.hostname or "", address.scheme == "https"
    if host not in trusted and not tls:
        raise Forbidden(f"{host} is called by https only, unless WEBHOOK_HOSTS names it.")
    port = address.port or (443 if tls else 80)
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if host not in trusted and not all(ipaddress.ip_address(each.partition("%")[0]).is_global for each in found):
        raise Forbidden(f"{host} is in a network of one's own. WEBHOOK_HOSTS has to name it.")
    return _Pinned(host, port, found[0], ssl.create_default_context() if tls else None)


def _asked(connection: _Pinned, call: Call) -> Sent:
    """Raises OSError, HTTPException."""
    address = urlsplit(call.address)
    connection.connect()
    limit = threading.Timer(WHOLE, _cut, [connection.sock])
    limit.start()
    try:
        path = f"{address.path or '/'}{'?' * bool(address.query)}{address.query}"
        connection.request("POST", path, call.body, dict(headers_of(call, datetime.now(UTC))))
        response = connection.getresponse()
        said = response.read(SHOWN).decode(errors="replace")
    finally:
        limit.cancel()
    if 200 <= response.status < 300:
        return Sent(True, f"{response.status} {response.reason}")
    return Sent(False, f"{response.status} {response.reason}. {said}".strip(), final=response.status == GONE, everything=True)


def _cut(sock: socket.socket) -> None:
    """Whoever answers byte by byte is cut off too."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
