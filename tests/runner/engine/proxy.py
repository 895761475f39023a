"""A TCP proxy that can swallow the server's word that it has committed."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from psycopg.conninfo import conninfo_to_dict, make_conninfo

COMMITTED = b"COMMIT\0"


class Proxy:
    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.armed = False
        self.closed_for_good = False

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.closed_for_good:
                    client.close()
                    continue
                threading.Thread(target=self._forward, args=[client], daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def cuts(self, data: bytes) -> bool:
        """Whether the connection ends here, so that the client never reads these bytes."""
        swallowed = self.armed and COMMITTED in data
        self.armed = self.armed and not swallowed
        return swallowed

    def _forward(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server, suppress(OSError):
            others = {client: server, server: client}
            while True:
                for ready in select.select(list(others), [], [])[0]:
                    data = ready.recv(65536)
                    if not data or (ready is server and self.cuts(data)):
                        return
                    others[ready].sendall(data)


@contextmanager
def proxied(url: str, kind: type[Proxy] = Proxy) -> Iterator[tuple[Proxy, str]]:
    """The proxy, and a connection string that leads through it."""
    parts = conninfo_to_dict(url)
    proxy = kind(str(parts["host"]), int(str(parts["port"])))
    thread = threading.Thread(target=proxy.serve)
    thread.start()
    yield proxy, make_conninfo(url, host="127.0.0.1", port=proxy.port)
    proxy.close()
    thread.join()
