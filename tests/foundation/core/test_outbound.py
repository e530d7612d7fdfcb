"""The guard of requests to addresses that a tenant chose."""

from __future__ import annotations

import gzip
import itertools
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest

from foundation.core.address_rule import Address, AddressRule, is_public_unicast, parse_networks, unwrapped
from foundation.core.outbound import (
    AddressForbidden,
    BodyTooLarge,
    CertificateRefused,
    ConnectionBroken,
    Limits,
    Outbound,
    TimedOut,
    Unreachable,
)
from tests.loopback import Loopback, Received, reply

LOOPBACK = ["127.0.0.0/8"]

FORBIDDEN = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "168.63.129.16",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
]


class Names:
    """A resolver with answers of the test's choosing; several lists are given out one after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self.asked: list[str] = []
        self._answers = itertools.chain(answers, itertools.repeat(answers[-1]))

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return next(self._answers)


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_public_unicast_is_refused(address: str) -> None:
    with pytest.raises(AddressForbidden):
        Outbound(resolver=Names([address])).request("GET", "https://psa.example.com/")


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "172.32.0.1", "192.0.1.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]
)
def test_public_unicast_is_allowed(address: str) -> None:
    assert AddressRule().check("psa.example.com", [address], secure=True)


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    with pytest.raises(AddressForbidden):
        AddressRule().check("psa.example.com", ["8.8.8.8", "10.0.0.1"], secure=True)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:7f00:1]", "localhost"]
)
def test_no_spelling_of_loopback_gets_through(host: str) -> None:
    for scheme in ("http", "https"):
        with pytest.raises(AddressForbidden):
            Outbound().request("GET", f"{scheme}://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "//example.com",
        "https://",
        "https://u:p@example.com/",
        "https://example.com:99999/",
        "gopher://x/",
    ],
)
def test_only_plain_web_addresses_are_called(url: str) -> None:
    with pytest.raises(AddressForbidden):
        Outbound(resolver=Names(["8.8.8.8"])).request("GET", url)


def test_plain_http_to_a_public_address_is_refused() -> None:
    with pytest.raises(AddressForbidden, match="https"):
        Outbound(resolver=Names(["8.8.8.8"])).request("GET", "http://psa.example.com/")


def test_the_operators_networks_are_allowed_over_plain_http() -> None:
    with Loopback(lambda request: reply("hello")) as server:
        answer = Outbound(allowed_networks=LOOPBACK).request("GET", server.address + "/a?b=c")
    assert (answer.status, answer.body) == (200, b"hello")
    assert server.received[0].target == "/a?b=c"


def test_a_v4_network_of_the_operator_holds_its_v4_mapped_form() -> None:
    assert AddressRule(LOOPBACK).check("x", ["::ffff:127.0.0.1"], secure=False)


def test_a_bad_network_is_named() -> None:
    with pytest.raises(ValueError, match=re.escape("10.0.0.0/99")):
        parse_networks(["10.0.0.0/99"])


def test_a_second_dns_answer_cannot_change_the_target() -> None:
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    with Loopback(lambda request: reply("x", Connection="close")) as server:
        session = Outbound(allowed_networks=LOOPBACK, resolver=names)
        url = f"http://psa.example.com:{server.port}/"
        assert session.request("GET", url).body == b"x"
        assert names.asked == ["psa.example.com"]
        with pytest.raises(AddressForbidden):
            session.request("GET", url)
    assert server.received[0].headers["host"] == f"psa.example.com:{server.port}"
    assert len(server.received) == 1


def test_a_redirect_is_an_answer_not_an_order() -> None:
    with Loopback(lambda request: reply(status=302, Location="http://169.254.169.254/")) as server:
        answer = Outbound(allowed_networks=LOOPBACK).request("GET", server.address)
    assert answer.status == 302
    assert len(server.received) == 1


def test_proxy_variables_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Loopback(lambda request: reply("direct")) as server:
        assert Outbound(allowed_networks=LOOPBACK).request("GET", server.address).body == b"direct"


def test_connections_are_kept_alive_and_checked_once() -> None:
    names = Names(["127.0.0.1"])
    with Loopback(lambda request: reply("x")) as server:
        session = Outbound(allowed_networks=LOOPBACK, resolver=names)
        for _ in range(5):
            session.request("GET", f"http://psa.example.com:{server.port}/")
    assert server.connections == 1
    assert len(names.asked) == 1


def test_threads_share_a_session() -> None:
    with Loopback(lambda request: reply(request.path)) as server, ThreadPoolExecutor(8) as pool:
        session = Outbound(allowed_networks=LOOPBACK)
        bodies = list(pool.map(lambda n: session.request("GET", f"{server.address}/{n}").body, range(200)))
    assert bodies == [f"/{n}".encode() for n in range(200)]
    assert server.connections <= 8


@pytest.mark.parametrize("declared", [True, False])
def test_an_oversize_body_is_refused(declared: bool) -> None:
    def answer(request: Received) -> Iterator[bytes]:
        head = "Content-Length: 3000000" if declared else "Connection: close"
        yield f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode()
        for _ in range(30):
            yield b"x" * 100_000

    with Loopback(answer) as server, pytest.raises(BodyTooLarge):
        Outbound(allowed_networks=LOOPBACK).request("GET", server.address, limits=Limits(body=1_000_000))


def test_a_compressed_bomb_counts_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 20_000_000)
    with Loopback(lambda request: reply(bomb, Content_Encoding="gzip")) as server, pytest.raises(BodyTooLarge):
        Outbound(allowed_networks=LOOPBACK).request("GET", server.address, limits=Limits(body=1_000_000))


def test_a_compressed_answer_is_unpacked() -> None:
    with Loopback(lambda request: reply(gzip.compress(b"hello"), Content_Encoding="gzip")) as server:
        assert Outbound(allowed_networks=LOOPBACK).request("GET", server.address).body == b"hello"


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_a_dripping_answer_ends_at_the_total_time(start: bytes) -> None:
    stop = threading.Event()

    def answer(request: Received) -> Iterator[bytes]:
        yield start
        while not stop.wait(0.05):
            yield b"a"

    began = time.monotonic()
    with Loopback(answer) as server, pytest.raises(TimedOut):
        Outbound(allowed_networks=LOOPBACK).request("GET", server.address, limits=Limits(total=0.5))
    stop.set()
    assert time.monotonic() - began < 3


def dripping(seconds: float, ended: list[float], server: Loopback) -> None:
    """Reads a dripping answer for so long, and appends when it ended."""
    with pytest.raises(TimedOut):
        Outbound(allowed_networks=LOOPBACK).request("GET", server.address, limits=Limits(total=seconds))
    ended.append(seconds)


def test_a_shorter_deadline_that_begins_later_ends_first() -> None:
    stop, ended = threading.Event(), list[float]()

    def answer(request: Received) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while not stop.wait(0.05):
            yield b"a"

    with Loopback(answer) as server, ThreadPoolExecutor(2) as pool:
        long = pool.submit(dripping, 1.2, ended, server)
        assert not long.done()
        short = pool.submit(dripping, 0.3, ended, server)
        short.result(timeout=5)
        long.result(timeout=5)
        stop.set()
    assert ended == [0.3, 1.2]


def test_a_forked_process_has_deadlines_of_its_own() -> None:
    stop = threading.Event()

    def answer(request: Received) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while not stop.wait(0.05):
            yield b"a"

    with Loopback(answer) as server:
        outbound = Outbound(allowed_networks=LOOPBACK)
        with pytest.raises(TimedOut):
            outbound.request("GET", server.address, limits=Limits(total=0.2))
        program = (
            "import os, sys\n"
            "from foundation.core.outbound import Limits, Outbound, TimedOut\n"
            "def drip():\n"
            "    try:\n"
            f"        Outbound(allowed_networks={LOOPBACK!r}).request('GET', {server.address!r}, limits=Limits(total=0.3))\n"
            "    except TimedOut:\n"
            "        return 7\n"
            "assert drip() == 7\n"
            "if not (child := os.fork()):\n"
            "    os._exit(drip())\n"
            "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        )
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=False, timeout=20)
        stop.set()
    assert done.returncode == 7


def test_a_silent_server_ends_at_the_read_time() -> None:
    stop = threading.Event()
    with Loopback(lambda request: [b"", *(b"" for _ in range(1) if stop.wait(5))]) as server, pytest.raises(TimedOut):
        Outbound(allowed_networks=LOOPBACK).request("GET", server.address, limits=Limits(read=0.2))
    stop.set()


def test_a_slow_name_server_ends_at_the_connect_time() -> None:
    stop = threading.Event()

    def never(host: str, port: int) -> list[str]:
        stop.wait(10)
        return []

    with pytest.raises(Unreachable):
        Outbound(resolver=never).request("GET", "https://psa.example.com/", limits=Limits(connect=0.2))
    stop.set()


def test_a_cut_answer_is_broken_and_a_dead_kept_connection_is_stale() -> None:
    def answer(request: Received) -> bytes | None:
        return reply("x") if len(server.received) == 1 else None

    with Loopback(answer) as server:
        session = Outbound(allowed_networks=LOOPBACK)
        session.request("GET", server.address)
        with pytest.raises(ConnectionBroken) as first:
            session.request("GET", server.address)
        with pytest.raises(ConnectionBroken) as second:
            session.request("GET", server.address)
    assert (first.value.stale, second.value.stale) == (True, False)


def test_a_short_body_is_no_answer() -> None:
    def answer(request: Received) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
        raise OSError

    with Loopback(answer) as server, pytest.raises(ConnectionBroken):
        Outbound(allowed_networks=LOOPBACK).request("GET", server.address)


def test_a_refused_connection_is_unreachable() -> None:
    with Loopback(lambda request: reply()) as server:
        address = server.address
    with pytest.raises(Unreachable, match="refused"):
        Outbound(allowed_networks=LOOPBACK).request("GET", address)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "psa.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=psa.example.com",
         "-addext", "subjectAltName=DNS:psa.example.com", "-keyout", str(path), "-out", f"{path}.crt"],
        check=True, capture_output=True, env={**os.environ, "RANDFILE": str(path.parent / "rnd")},
    )  # fmt: skip
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def test_tls_verifies_the_name_and_keeps_alive(certificate: Path) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    asked: list[str | None] = []
    server_side.sni_callback = lambda sock, name, context: asked.append(name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with Loopback(lambda request: reply("safe"), tls=server_side) as server:
        session = Outbound(allowed_networks=LOOPBACK, resolver=Names(["127.0.0.1"]), tls=trusting)
        url = f"https://psa.example.com:{server.port}/"
        assert [session.request("GET", url).body for _ in range(3)] == [b"safe"] * 3
        assert (server.connections, asked) == (1, ["psa.example.com"])
        with pytest.raises(CertificateRefused):
            session.request("GET", f"https://other.example.com:{server.port}/")
        with pytest.raises(CertificateRefused):
            Outbound(allowed_networks=LOOPBACK, resolver=Names(["127.0.0.1"])).request("GET", url)


def test_a_dripping_tls_answer_ends_at_the_total_time(certificate: Path) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    stop = threading.Event()

    def answer(request: Received) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"
        while not stop.wait(0.05):
            yield b"a"

    trusting = ssl.create_default_context(cafile=str(certificate))
    session = Outbound(allowed_networks=LOOPBACK, resolver=Names(["127.0.0.1"]), tls=trusting)
    with Loopback(answer, tls=server_side) as server, pytest.raises(TimedOut):
        session.request("GET", f"https://psa.example.com:{server.port}/", limits=Limits(total=0.5))
    stop.set()


@hypothesis.given(st.ip_addresses())
def test_what_the_rule_calls_public_python_calls_global(address: Address) -> None:
    if is_public_unicast(address):
        inner = unwrapped(address)
        assert inner.is_global
        assert not inner.is_multicast
