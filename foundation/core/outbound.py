"""The one door for requests to addresses that a tenant chose.

A name is resolved here, every address it leads to is held against ``AddressRule``, and the socket is opened to the very
address that was checked, so that a second DNS answer cannot change the target. TLS still verifies the *name*. Redirects
are not followed; proxy variables, netrc and cookies are not read; body and total time are capped.

``requests-hardened`` looks at the first resolved address only, knows no operator's networks beyond loopback, and caps
neither body nor total time; hence connections of our own on urllib3. They keep alive natively, because the check sits
where a socket is opened and nowhere else.
"""

from __future__ import annotations

import functools
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead, InvalidURL, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import certifi
import urllib3
from urllib3.exceptions import DecodeError, HTTPError, InvalidHeader, LocationParseError, ProtocolError, SSLError
from urllib3.response import BaseHTTPResponse

from foundation.core.address_rule import AddressForbidden, AddressRule, OutboundError, Resolver, Unreachable, resolve
from foundation.core.guarded_connections import CONNECT_SECONDS, Exchange, Pool, TlsPool

MAX_BODY = 64 * 1024 * 1024
_CHUNK = 256 * 1024
_LATIN = 0xFF
_NOT_SENT = "The address or the credentials hold characters that no request can carry."
_MOST_DIGITS = 18
"""Of a length that a header declares; a longer one is larger than anything."""

__all__ = [
    "MAX_BODY",
    "AddressForbidden",
    "AnswerInvalid",
    "BodyTooLarge",
    "CertificateRefused",
    "ConnectionBroken",
    "Limits",
    "Outbound",
    "OutboundError",
    "Reply",
    "RequestInvalid",
    "TimedOut",
    "Unreachable",
]


class TimedOut(OutboundError):
    """No complete answer within the limits."""


class CertificateRefused(OutboundError):
    """TLS could not be agreed, or the certificate is not trusted for this name."""


class ConnectionBroken(OutboundError):
    """The connection ended before the answer was complete.

    ``stale``: it was a kept-alive connection and no byte of an answer came, so that the request may be sent once more
    when it changes nothing.
    """

    def __init__(self, message: str, *, stale: bool) -> None:
        super().__init__(message)
        self.stale = stale


class BodyTooLarge(OutboundError):
    """The answer is larger than the cap."""


class AnswerInvalid(OutboundError):
    """What came is no HTTP answer that can be read: its headers, its framing or its compression are not valid."""


class RequestInvalid(OutboundError):
    """The request cannot be written as HTTP: a header holds what none can hold."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect, between two reads, and in all; bytes of body after decompression."""

    connect: float = CONNECT_SECONDS
    read: float = 60.0
    total: float = 120.0
    body: int = MAX_BODY


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Header names are lower case; ``seconds`` is the whole exchange."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


@functools.cache
def trusted_roots() -> ssl.SSLContext:
    """The system's roots (where an operator adds a private authority) and certifi's, for machines that have none."""
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=certifi.where())
    return context


class Outbound:
    """A session: keeps connections alive per host; safe to share between threads; ``close`` drops them.

    ``allowed_networks``: CIDR texts of the operator's own networks, where plain http is allowed too.
    """

    def __init__(
        self,
        *,
        allowed_networks: Sequence[str] = (),
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
        connections: int = 8,
    ) -> None:
        self._rule = AddressRule(allowed_networks, resolver=resolver)
        self._tls = tls
        self._connections = connections
        self._pools: dict[tuple[str, str, int], Pool | TlsPool] = {}
        self._lock = threading.Lock()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limits: Limits | None = None,
    ) -> Reply:
        """One exchange. Any status is a Reply, redirects too. Raises an OutboundError when there was no whole answer."""
        limits = limits or Limits()
        scheme, host, port, target = _parts(url)
        _check_headers(headers or {})
        pool = self._pool(scheme, host, port)
        started = time.monotonic()
        with Exchange(limits.total) as exchange:
            try:
                response = pool.urlopen(
                    method,
                    target,
                    body=body,
                    headers={"Accept-Encoding": "gzip", **(headers or {})},
                    retries=False,
                    redirect=False,
                    assert_same_host=False,
                    timeout=urllib3.Timeout(
                        connect=min(limits.connect, limits.total), read=min(limits.read, limits.total)
                    ),
                    preload_content=False,
                )
                exchange.answered = True
                content = _read(response, limits.body, exchange)
            except OutboundError:
                raise
            # Whatever a server can make urllib3, http.client, zlib or a codec raise: none of it may leave here.
            except Exception as err:
                raise _translated(err, exchange, host) from err
        lowered = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status, lowered, content, time.monotonic() - started)

    def close(self) -> None:
        """Drop the kept-alive connections."""
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()

    def _pool(self, scheme: str, host: str, port: int) -> Pool | TlsPool:
        with self._lock:
            pool = self._pools.get((scheme, host, port))
            if pool is None:
                pool = self._new_pool(scheme, host, port)
                self._pools[scheme, host, port] = pool
            return pool

    def _new_pool(self, scheme: str, host: str, port: int) -> Pool | TlsPool:
        options: dict[str, Any] = {"maxsize": self._connections, "rule": self._rule}
        if scheme == "https":
            return TlsPool(host, port, ssl_context=self._tls or trusted_roots(), **options)
        return Pool(host, port, **options)


def _parts(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and request target. Raises AddressForbidden for what is not a plain web address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as err:
        raise AddressForbidden("This is not a web address.") from err
    if parts.scheme not in ("http", "https"):
        raise AddressForbidden("Only https addresses can be called.")
    if parts.username is not None or parts.password is not None:
        raise AddressForbidden("The address must not hold a user name or password.")
    if not parts.hostname:
        raise AddressForbidden("The address has no host name.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), target


def _check_headers(headers: Mapping[str, str]) -> None:
    """Raises RequestInvalid for what no header can hold (RFC 9110, 5.5)."""
    for text in (*headers, *headers.values()):
        if (not text.isascii() and any(ord(char) > _LATIN for char in text)) or any(char in text for char in "\r\n\0"):
            raise RequestInvalid(_NOT_SENT)


def _read(response: BaseHTTPResponse, cap: int, exchange: Exchange) -> bytes:
    try:
        content = _whole(response, cap, exchange)
    except BaseException:
        response.close()
        raise
    response.release_conn()
    return content


def _whole(response: BaseHTTPResponse, cap: int, exchange: Exchange) -> bytes:
    content = b"".join(_chunks(response, cap))
    if exchange.expired:
        raise TimedOut("The answer did not end in time.")
    return content


def _chunks(response: BaseHTTPResponse, cap: int) -> Iterator[bytes]:
    declared = response.headers.get("Content-Length", "").strip()
    size = cap + 1 if len(declared) > _MOST_DIGITS else int(declared) if declared.isdecimal() else 0
    if size <= cap:
        size = 0
        while chunk := response.read(_CHUNK):
            size += len(chunk)
            if size > cap:
                break
            yield chunk
    if size > cap:
        raise BodyTooLarge(f"The answer is larger than {cap // (1024 * 1024)} MiB.")


def _translated(error: Exception, exchange: Exchange, host: str) -> OutboundError:
    if exchange.expired or isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError):
        return TimedOut(f"{host} did not answer in time.")
    if isinstance(error, SSLError | ssl.SSLError):
        return CertificateRefused(f"The certificate of {host} is not trusted: {_tls_reason(error)}.")
    if isinstance(error, LocationParseError | urllib3.exceptions.LocationValueError):
        return AddressForbidden("This is not a web address.")
    inner = _cause(error)
    if isinstance(inner, UnicodeEncodeError | InvalidURL) and not exchange.answered:
        return RequestInvalid(_NOT_SENT)
    if _is_malformed(error, inner):
        return AnswerInvalid(f"{host} sent what is no valid HTTP answer.")
    stale = exchange.reused and not exchange.answered
    return ConnectionBroken(f"The connection to {host} ended before the answer was complete.", stale=stale)


def _cause(error: Exception) -> BaseException:
    """What urllib3 wrapped, else the error itself."""
    wrapped = error.args[1] if isinstance(error, ProtocolError) and len(error.args) > 1 else error
    return wrapped if isinstance(wrapped, BaseException) else error


def _is_malformed(error: Exception, inner: BaseException) -> bool:
    """Whether it was what came that was wrong, not that nothing came any more."""
    if isinstance(error, ProtocolError):
        return isinstance(inner, HTTPException) and not isinstance(inner, IncompleteRead | RemoteDisconnected)
    return not isinstance(error, HTTPError | OSError) or isinstance(error, DecodeError | InvalidHeader)


def _tls_reason(error: BaseException) -> str:
    inner = error.args[0] if error.args and isinstance(error.args[0], ssl.SSLError) else error
    text = (
        getattr(inner, "verify_message", "") or getattr(inner, "reason", "") or "no secure connection could be agreed"
    )
    return str(text).lower().replace("_", " ")
