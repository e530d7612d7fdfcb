"""HTTP/1.1 with kept connections, a thread each."""

from __future__ import annotations

import socket
import ssl
import struct
import sys
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lab.sandbox.control_api import ControlApi
from lab.sandbox.reply import Reply, json_reply
from lab.sandbox.request import Request, request_of

CONTROL = "/_control"
IDLE_SECONDS = 300
HANDSHAKE_SECONDS = 30
LARGEST_BODY = 16 << 20
LONGEST_ADDRESS = 10_000


class Server(ThreadingHTTPServer):
    """Serves one PSA and its control interface."""

    daemon_threads = True
    request_queue_size = 128
    # A second server on the same port must fail, not share it; a restart may still take over a closed one.
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], control: ControlApi, tls: ssl.SSLContext | None = None) -> None:
        self.control = control
        self.tls = tls
        super().__init__(address, Handler)

    @property
    def scheme(self) -> str:
        return "http" if self.tls is None else "https"

    def finish_request(self, request: Any, client_address: Any) -> None:
        """One connection, in its own thread: a caller that is slow to shake hands keeps nobody else waiting."""
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(HANDSHAKE_SECONDS)
        with self.tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def server_bind(self) -> None:
        """Binds without the reverse look-up of the host's name that the standard library does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers that go away are no error; everything else is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: ``GET /_control/stats`` tells what was asked."""

    def serve(self) -> None:
        """Answers one request of any method."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY or len(self.path) > LONGEST_ADDRESS:
            self.close_connection = True
            status = 413 if length > LARGEST_BODY else 414
            self._send(json_reply({"code": "InvalidRequest", "message": "The request is too long."}, status))
            return
        body = self.rfile.read(length) if length else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = request_of(self.command, self.path, headers, body, self.server.scheme)
        if request.path == CONTROL or request.path.startswith(CONTROL + "/"):
            self._send(self.server.control.answer(request, request.path.removeprefix(CONTROL).strip("/")))
        else:
            self._serve_api(request)

    def _serve_api(self, request: Request) -> None:
        control = self.server.control
        with control.traffic.running() as refused:
            reply = refused or control.faults.answered(request, lambda: self._answer(request))
            sent = self._send(reply)
        control.time_passes(reply)
        control.traffic.record(request.method, control.template(request), reply.status, sent)

    def _answer(self, request: Request) -> Reply:
        control = self.server.control
        with control.lock:
            return control.serve(request)

    def _send(self, reply: Reply) -> int:
        """Sends the answer; returns how many bytes its body had."""
        body = reply.payload()
        headers: dict[str, str | None] = {"Date": formatdate(self.server.control.clock.now(), usegmt=True)}
        if reply.status != 204:
            headers |= {"Content-Type": reply.content_type, "Content-Length": str(len(body))}
        headers |= reply.headers
        if reply.overrides:
            # What is said of the body may be wrong now: the next request must not read what is left of it.
            self.close_connection = True
            headers |= reply.overrides
        if self.close_connection:
            headers["Connection"] = "close"
        lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
        head = "\r\n".join((f"HTTP/1.1 {reply.status} {_phrase(reply.status)}", *lines, "", "")).encode("latin-1")
        if reply.broken_after is None:
            self.connection.sendall(head + body)
        else:
            self._break(head + body[: int(len(body) * reply.broken_after)] if reply.broken_after else b"")
        return len(body)

    def _break(self, beginning: bytes) -> None:
        """Sends the beginning and cuts the line; with nothing to send, by a reset."""
        self.close_connection = True
        if beginning:
            self.connection.sendall(beginning)
        else:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Odd"


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    setattr(Handler, f"do_{_method}", Handler.serve)
