"""Gunicorn's ASGI worker with a deadline for a request's headers: ``gunicorn -k portal.config.worker.Worker``.

Gunicorn bounds the wait for the next request of a kept-alive connection and for a body, not that for the first headers: a client that
sends a byte a minute would hold its connection for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

from django.conf import settings
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi


class TimedProtocol(ASGIProtocol):
    """Answers 408 when the first headers of a connection have not arrived in time."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._deadline = self.worker.loop.call_later(settings.REQUEST_HEADER_SECONDS, self._headers_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        super().connection_lost(exc)

    def _on_headers_complete(self) -> Any:
        self._in_time()
        return super()._on_headers_complete()

    def _in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _headers_late(self) -> None:
        self._send_error_response(408, "The headers of the request did not arrive in time.")
        self._close_transport()
        self._request_ready.set()


class Worker(gasgi.ASGIWorker):
    """The worker that speaks it."""

    def init_process(self) -> None:
        vars(gasgi)["ASGIProtocol"] = TimedProtocol
        super().init_process()
