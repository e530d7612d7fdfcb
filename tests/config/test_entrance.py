"""What comes in at the entrance: bodies, headers and addresses of bounded size, in bounded time."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from portal.config.entrance import Entrance, Limits, Message, Receive, Scope, Send

ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits(body=100, routes=(("/files/", 1000), ("/files/small/", 50)), seconds=0.2, idle_seconds=0.1, held=250)


class Inside:
    """The application behind the entrance: reads the whole body and says how long it was."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.scopes: list[Scope] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.scopes.append(scope)
        self.bodies.append(body)
        await self.open.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Client:
    """One request: ``pieces`` of its body, after which it keeps silent unless ``ends``."""

    def __init__(self, *pieces: bytes, ends: bool = True, hangs_up: bool = False) -> None:
        self.pieces, self.ends, self.hangs_up = list(pieces), ends, hangs_up
        self.given = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        if self.pieces:
            self.given += 1
            piece = self.pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self.pieces) or not self.ends}
        if self.hangs_up:
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"]) if self.sent else 0


def request(path: str = "/", *headers: tuple[bytes, bytes], peer: str = "198.51.100.7", query: bytes = b"") -> Scope:
    return {
        "type": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": list(headers),
        "client": (peer, 5),
    }


def asked(client: Client, scope: Scope, limits: Limits = LIMITS) -> tuple[int, Inside]:
    async def run() -> tuple[int, Inside]:
        inside = Inside()
        await Entrance(inside, limits)(scope, client.receive, client.send)
        return client.status, inside

    return asyncio.run(run())


def test_a_body_within_the_limit_arrives_whole() -> None:
    status, inside = asked(Client(b"a" * 60, b"b" * 40), request())
    assert (status, inside.bodies) == (200, [b"a" * 60 + b"b" * 40])


def test_a_body_that_says_it_is_too_large_is_not_read_at_all() -> None:
    client = Client(b"x" * 101)
    status, inside = asked(client, request("/", (b"content-length", b"101")))
    assert (status, client.given, inside.bodies) == (413, 0, [])


def test_a_body_without_a_length_is_read_to_the_limit_and_no_further() -> None:
    client = Client(*[b"x" * 30] * 1000)
    status, inside = asked(client, request())
    assert (status, client.given, inside.bodies) == (413, 4, [])


@pytest.mark.parametrize("length", [b"", b"-1", b"1e3", b"0x10", b"12 "])
def test_a_length_that_is_no_number_is_refused(length: bytes) -> None:
    assert asked(Client(b"x"), request("/", (b"content-length", length)))[0] == 400


def test_a_number_of_any_length_is_too_large() -> None:
    assert asked(Client(b"x"), request("/", (b"content-length", b"9" * 5000)))[0] == 413


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [("/files/", 1000, 200), ("/files/", 1001, 413), ("/files/small/", 51, 413), ("/filesystem", 101, 413)],
)
def test_routes_take_what_they_name(path: str, size: int, status: int) -> None:
    pieces = [b"x" * 20] * (size // 20) + [b"x" * (size % 20)]
    assert asked(Client(*pieces), request(path))[0] == status


@pytest.mark.parametrize("path", ["/", "/files/"])
def test_a_body_that_stops_on_its_way_is_answered_as_late(path: str) -> None:
    client = Client(b"x", ends=False)
    status, inside = asked(client, request(path))
    assert (status, inside.bodies) == (408, [])


def test_a_body_that_drips_is_answered_as_late() -> None:
    class Dripping(Client):
        async def receive(self) -> Message:
            await asyncio.sleep(0.05)
            return {"type": "http.request", "body": b"x", "more_body": True}

    assert asked(Dripping(), request())[0] == 408


def test_a_client_that_hangs_up_is_not_answered() -> None:
    client = Client(b"x", ends=False, hangs_up=True)
    status, inside = asked(client, request())
    assert (status, inside.bodies) == (0, [])


def test_all_bodies_together_hold_no_more_than_the_limit_and_let_it_go() -> None:
    async def run() -> list[int]:
        inside = Inside()
        inside.open.clear()
        entrance = Entrance(inside, LIMITS)
        clients = [Client(b"x" * 100) for _ in range(3)]
        calls = [asyncio.create_task(entrance(request(), each.receive, each.send)) for each in clients]
        while len(inside.bodies) < 2:
            await asyncio.sleep(0)
        await calls[2]
        inside.open.set()
        await asyncio.gather(*calls)
        later = Client(b"x" * 100)
        await entrance(request(), later.receive, later.send)
        return [each.status for each in (*clients, later)]

    assert asyncio.run(run()) == [200, 200, 503, 200]


def test_headers_are_bounded_in_number_and_size() -> None:
    many = [(b"x-a", b"1")] * (LIMITS.header_count + 1)
    large = [(b"x-a", b"1" * LIMITS.header_bytes)]
    assert [asked(Client(b""), request("/", *found))[0] for found in (many, large)] == [431, 431]


def test_an_address_is_bounded() -> None:
    assert asked(Client(b""), request("/" + "a" * LIMITS.target_bytes))[0] == 414
    assert asked(Client(b""), request(query=b"a" * LIMITS.target_bytes))[0] == 414


@pytest.mark.parametrize(
    ("trusted", "peer", "kept"),
    [
        ([], "198.51.100.7", False),
        (["10.0.0.5"], "198.51.100.7", False),
        (["10.0.0.5"], "10.0.0.5", True),
        (["10.0.0.0/8"], "::1", False),
    ],
)
def test_only_a_proxy_says_for_whom_it_asks(settings: Settings, trusted: list[str], peer: str, kept: bool) -> None:
    settings.TRUSTED_PROXIES = trusted
    said = [(b"X-Forwarded-Proto", b"https"), (b"x-forwarded-for", b"192.0.2.1"), (b"forwarded", b"for=192.0.2.1")]
    _, inside = asked(Client(b""), request("/", (b"host", b"x"), *said, peer=peer))
    assert inside.scopes[0]["headers"] == [(b"host", b"x"), *(said if kept else [])]


def test_a_server_starts_and_ends_it_and_nobody_opens_a_socket() -> None:
    async def spoken(kind: str, *messages: str) -> list[Any]:
        given, sent = list(messages), []

        async def receive() -> Message:
            return {"type": given.pop(0)}

        async def send(message: Message) -> None:
            sent.append(message["type"])

        await Entrance(Inside(), LIMITS)({"type": kind}, receive, send)
        return sent

    assert asyncio.run(spoken("lifespan", "lifespan.startup", "lifespan.shutdown")) == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert asyncio.run(spoken("websocket", "websocket.connect")) == ["websocket.close"]


@contextmanager
def serving() -> Iterator[int]:
    """The port of the whole application under Gunicorn, which gives a request two seconds."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = int(probe.getsockname()[1])
    patience = {"REQUEST_BODY_SECONDS": "2", "REQUEST_HEADER_SECONDS": "2", "REQUEST_BODY_BYTES": "20000"}
    program = ("-m", "gunicorn", "-k", "portal.config.worker.Worker", "portal.config.asgi:application")
    options = ("--bind", f"127.0.0.1:{port}", "--no-control-socket", "--log-level", "critical")
    with subprocess.Popen([sys.executable, *program, *options], cwd=ROOT, env=os.environ | patience) as server:
        try:
            while server.poll() is None and not answers(port):
                pass
            yield port
        finally:
            server.terminate()


def answers(port: int) -> bool:
    try:
        return spoken(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") == 200
    except (OSError, ValueError, IndexError):
        return False


def spoken(port: int, *pieces: bytes) -> int:
    """The status that Gunicorn answers to these bytes; nothing follows them."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return int(line.recv(4096).split()[1])


def test_the_server_turns_away_what_is_too_large_too_slow_or_too_much() -> None:
    post = b"POST /account/login/ HTTP/1.1\r\nHost: localhost\r\n"
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    with serving() as port:
        found = {
            "a length that is too large": spoken(port, post + b"Content-Length: 20001\r\n\r\n"),
            "chunks that are too many": spoken(port, post + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 6),
            "a body that stops": spoken(port, post + b"Content-Length: 10\r\n\r\nxx"),
            "chunks that stop": spoken(port, post + b"Transfer-Encoding: chunked\r\n\r\n", chunk),
            "headers that stop": spoken(port, post),
            "nothing at all": spoken(port),
            "too many headers": spoken(port, post + b"".join(b"X-%d: 1\r\n" % n for n in range(150)) + b"\r\n"),
            "a whole request": spoken(port, post + b"Content-Length: 3\r\n\r\na=b"),
        }
    assert found == {
        "a length that is too large": 413,
        "chunks that are too many": 413,
        "a body that stops": 408,
        "chunks that stop": 408,
        "headers that stop": 408,
        "nothing at all": 408,
        "too many headers": 431,
        "a whole request": 403,
    }
