"""A small HTTP server on a free port whose answers a test writes byte by byte."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Received:
    """A request as it arrived. Header names are lower case; ``connection`` numbers the connections from 1."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))


Answer = bytes | Iterable[bytes] | None
"""Bytes to write; several pieces are written one by one; None hangs up."""


def reply(body: bytes | str = b"", status: int = 200, **headers: Any) -> bytes:
    """A whole HTTP answer with its length."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def json_reply(value: Any, status: int = 200, **headers: Any) -> bytes:
    return reply(json.dumps(value), status, Content_Type="application/json", **headers)


@dataclass
class Loopback:
    """``with Loopback(answer) as server``: ``answer`` gets each request and says what to write."""

    answer: Callable[[Received], Answer]
    tls: ssl.SSLContext | None = None
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.address = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(connection)
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as reader:
                while request := _received(reader, number):
                    self.received.append(request)
                    pieces = self.answer(request)
                    if pieces is None:
                        return
                    for piece in [pieces] if isinstance(pieces, bytes) else pieces:
                        connection.sendall(piece)
        except (OSError, ValueError):
            return


def _received(reader: Any, number: int) -> Received | None:
    line = reader.readline().decode("latin-1").split()
    if len(line) < 2:
        return None
    headers: dict[str, str] = {}
    while (header := reader.readline().decode("latin-1").strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", "0")))
    return Received(line[0], line[1], headers, body, number)


def routes(table: Mapping[str, Answer | Callable[[Received], Answer]]) -> Callable[[Received], Answer]:
    """Answers by the end of the path; 404 without a body for the rest."""

    def answer(request: Received) -> Answer:
        for ending, found in table.items():
            if request.path.endswith(ending):
                return found(request) if callable(found) else found
        return reply(status=404)

    return answer
