"""Servers that receive what is sent out: they keep it, and answer as the test wants: well, badly, not at all, somewhere else."""

import json
import smtplib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Receiver:
    """`answers`: a status each, "hang" for none or "drip" for one byte by byte; the last one is kept."""

    url: str = ""
    answers: list[int | str] = field(default_factory=lambda: [200])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def texts(self) -> list[str]:
        return [json.loads(body)["text"] for _, body in self.got]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


@contextmanager
def web_server(port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            answer = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
            if answer == "hang":
                receiver.over.wait(20)
            elif answer == "drip":
                self._drip()
            else:
                self._answer(int(answer))

        def _drip(self) -> None:
            for byte in b"HTTP/1.1 200 OK and so on":
                if receiver.over.wait(0.05):
                    return
                try:
                    self.wfile.write(bytes([byte]))
                except OSError:
                    return

        def _answer(self, status: int) -> None:
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{receiver.url}elsewhere")
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"said")

        def log_message(self, *given: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook/secret-path?x=1"
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Mailbox:
    """`refusals`: what is answered to the next messages, instead of taking them."""

    def __init__(self) -> None:
        self.refusals: list[str] = []
        self.unknown: set[str] = set()
        self.messages: list[tuple[str, str]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.unknown:
            return "550 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        self.messages.append((envelope.rcpt_tos[0], envelope.content.decode()))
        return "250 OK"


@contextmanager
def mail_server(port: int = 0) -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port or _free_port())
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


def _free_port() -> int:
    with smtplib.socket.create_server(("127.0.0.1", 0)) as server:  # type: ignore[attr-defined]
        return int(server.getsockname()[1])


def wait_for(condition: Any, seconds: float = 5.0) -> None:
    ends = time.monotonic() + seconds
    while not condition() and time.monotonic() < ends:
        time.sleep(0.02)
    assert condition()
