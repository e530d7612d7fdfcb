"""The entrance of the web application: what of a request comes in at all, before any of it is written to a disk.

Django reads a body to its end before it looks at who sends it, and keeps it in a file once it is large. So the size, the time that it
takes to arrive and the memory that all of them hold together are bounded here. Beside that: headers, and what peers that are no proxy
say of other addresses.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.web.proxies import address_of, is_trusted

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MEGABYTE = 1024 * 1024
FORWARDED = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port", b"x-real-ip"}
)
"""What only a proxy may say."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``routes``: (beginning of a path, bytes) of those that take larger bodies, the longest beginning counts. ``seconds``: for a whole
    body of ``body`` bytes; ``idle_seconds``: without any byte of it. ``held``: bytes of all bodies that wait or are worked on."""

    body: int = MEGABYTE
    routes: tuple[tuple[str, int], ...] = ()
    seconds: float = 30
    idle_seconds: float = 10
    held: int = 64 * MEGABYTE
    header_count: int = 100
    header_bytes: int = 32 * 1024
    target_bytes: int = 8 * 1024

    def of(self, path: str) -> int:
        """How many bytes a body for this path may have."""
        fitting = [(len(begins), size) for begins, size in self.routes if path.startswith(begins)]
        return max(fitting)[1] if fitting else self.body


class Turned(Exception):
    """The request does not come in; ``message`` is a sentence for people."""

    def __init__(self, status: int, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.retry_after = status, message, retry_after


class Gone(Exception):
    """The client hung up."""


class Entrance:
    """An ASGI application around another one."""

    def __init__(self, application: Application, limits: Limits | None = None) -> None:
        self._application = application
        self._limits = limits or Limits()
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _other(scope, receive, send)
            return
        body: Body | None = None
        try:
            scope, body = self._checked(scope, receive)
            async for size in body.arriving():
                self._hold(size)
            await self._application(scope, body.receive, send)
        except Turned as turned:
            await answer(send, turned)
        except Gone:
            return
        finally:
            self._held -= body.held if body else 0

    def _checked(self, scope: Scope, receive: Receive) -> tuple[Scope, Body]:
        """What is known before the body. Raises Turned."""
        check_target(scope, self._limits)
        headers = check_headers(scope["headers"], self._limits)
        most = self._limits.of(scope["path"])
        check_length(headers, most)
        return scope | {"headers": believed(scope, headers)}, Body(receive, most, self._limits)

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > self._limits.held:
            raise Turned(503, "Too many large requests are under way. Try again in a moment.", retry_after=5)


class Body:
    """A request's body: read here where it may be held in memory, counted while the application reads it where it may be larger."""

    def __init__(self, receive: Receive, most: int, limits: Limits) -> None:
        self._receive, self._most, self._limits = receive, most, limits
        self.held = 0
        self._size = 0
        self._chunks: list[bytes] = []
        self._given = most > limits.body
        self._ends_at = asyncio.get_running_loop().time() + limits.seconds * max(1, most / limits.body)

    async def arriving(self) -> AsyncIterator[int]:
        """Yields the size of each piece that is held from now on; raises Turned and Gone."""
        more = self._most <= self._limits.body
        while more:
            message = await self._next()
            self._chunks.append(message.get("body", b""))
            self.held += len(self._chunks[-1])
            yield len(self._chunks[-1])
            more = message.get("more_body", False)

    async def receive(self) -> Message:
        """For the application: the whole body at once, or piece by piece where it is large; then what the client does."""
        if not self._given:
            self._given = True
            whole, self._chunks = b"".join(self._chunks), []
            return {"type": "http.request", "body": whole, "more_body": False}
        if self._most <= self._limits.body:
            return await self._receive()
        return await self._next()

    async def _next(self) -> Message:
        left = self._ends_at - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(self._receive(), max(0, min(self._limits.idle_seconds, left)))
        except TimeoutError as err:
            raise Turned(408, "The request did not arrive in time. Nothing was changed; send it again.") from err
        if message["type"] != "http.request":
            raise Gone
        self._size += len(message.get("body", b""))
        if self._size > self._most:
            raise too_large(self._most)
        return message


def check_target(scope: Scope, limits: Limits) -> None:
    """Raises Turned for an address that nobody types and no page of ours makes."""
    size = len(scope.get("raw_path") or scope["path"].encode()) + len(scope.get("query_string", b""))
    if size > limits.target_bytes:
        raise Turned(414, "The address is too long.")


def check_headers(headers: Iterable[tuple[bytes, bytes]], limits: Limits) -> list[tuple[bytes, bytes]]:
    """The headers. Raises Turned for too many, and for too many bytes of them."""
    found = list(headers)
    if len(found) > limits.header_count or sum(len(n) + len(v) for n, v in found) > limits.header_bytes:
        raise Turned(431, "The request has too many or too large headers.")
    return found


def check_length(headers: Iterable[tuple[bytes, bytes]], most: int) -> None:
    """Raises Turned for a body that says beforehand that it is too large."""
    for name, value in headers:
        if name.lower() == b"content-length":
            if not value.isdigit():
                raise Turned(400, "The length of the request is not a number.")
            if len(value) > 15 or int(value) > most:
                raise too_large(most)


def too_large(most: int) -> Turned:
    """The sentence for a body beyond the limit."""
    return Turned(413, f"The request is larger than {most / MEGABYTE:,.0f} MB. Nothing was changed.")


def believed(scope: Scope, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers, without what a peer that is no proxy of ours says of other addresses."""
    client = scope.get("client")
    if is_trusted(address_of(client[0]) if client else None):
        return headers
    return [(name, value) for name, value in headers if name.lower() not in FORWARDED]


async def answer(send: Send, turned: Turned) -> None:
    """A plain answer, after which the connection ends: what is left of the request is not read."""
    text = turned.message.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if turned.retry_after is not None:
        headers.append((b"retry-after", str(turned.retry_after).encode()))
    await send({"type": "http.response.start", "status": turned.status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


async def _other(scope: Scope, receive: Receive, send: Send) -> None:
    """Nothing here speaks WebSocket; a server's start and end need no preparation."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
        return
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})
