"""Connections that open their socket by the address rule, and the deadline that cuts them.

They are urllib3's own, so they keep alive as those do: the rule is asked where a socket is opened and nowhere else.
"""

from __future__ import annotations

import math
import os
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from foundation.core.address_rule import AddressRule

CONNECT_SECONDS = 10.0


class Exchange:
    """One request's deadline. It cuts the socket, for a server that drips a byte a second passes every read time-out."""

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self.reused = False
        self.answered = False
        self.ends_at = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        _current.exchange = self
        _deadlines.watch(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _deadlines.forget(self)
        _current.exchange = None
        with self._lock:
            self._socket = None

    def hold(self, sock: socket.socket) -> None:
        """The socket to cut when the time is over."""
        with self._lock:
            self._socket = sock
        if self.expired:
            self.expire()

    def expire(self) -> None:
        """Cuts the socket, now or when there is one."""
        self.expired = True
        with self._lock:
            if self._socket is None:
                return
            try:
                # Not SSLSocket.shutdown: it takes the TLS layer from under the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                self._socket = None


class Deadlines:
    """One thread for the deadlines of all exchanges of the process: a thread for each would cost more than many a request."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: set[Exchange] = set()
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None

    def watch(self, exchange: Exchange) -> None:
        """Expires the exchange at its end, unless it is forgotten before."""
        with self._changed:
            self._open.add(exchange)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            if exchange.ends_at < self._wakes_at:
                self._changed.notify()

    def forget(self, exchange: Exchange) -> None:
        """The exchange has ended by itself."""
        with self._changed:
            self._open.discard(exchange)

    def _watch(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                due = [exchange for exchange in self._open if exchange.ends_at <= now]
                self._open.difference_update(due)
                self._wakes_at = min((exchange.ends_at for exchange in self._open), default=math.inf)
                if not due:
                    self._changed.wait(None if self._wakes_at == math.inf else self._wakes_at - now)
            for exchange in due:
                exchange.expire()


_deadlines = Deadlines()


def _begin_anew() -> None:
    """A forked process has neither the thread nor, it may be, a lock that anybody will release."""
    global _deadlines
    _deadlines = Deadlines()


os.register_at_fork(after_in_child=_begin_anew)


class _Current(threading.local):
    exchange: Exchange | None = None


_current = _Current()


class GuardedConnection(HTTPConnection):
    """Opens its socket by the rule, and tells the exchange which socket it uses."""

    secure = False
    _opened_in: Exchange | None = None

    def __init__(self, host: str, port: int | None = None, *, rule: AddressRule, **options: Any) -> None:
        super().__init__(host, port, **options)
        self._rule = rule

    def _new_conn(self) -> socket.socket:
        timeout = self.timeout if isinstance(self.timeout, int | float) else CONNECT_SECONDS
        sock = self._rule.open(self._dns_host, self.port, secure=self.secure, timeout=timeout)
        self._opened_in = _current.exchange
        if _current.exchange is not None:
            _current.exchange.hold(sock)
        return sock

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        if self.sock is not None and _current.exchange is not None:
            _current.exchange.hold(self.sock)
            _current.exchange.reused = self._opened_in is not _current.exchange
        super().putrequest(method, url, skip_host=skip_host, skip_accept_encoding=skip_accept_encoding)


class GuardedTlsConnection(GuardedConnection, HTTPSConnection):
    secure = True


class Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = GuardedConnection


class TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = GuardedTlsConnection
