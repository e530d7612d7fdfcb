"""HTTP for adapters: requests below one base address, each with a successful answer or one typed error.

The layer never sleeps and never loops. A kept-alive connection that turns out to be dead is the one thing it mends by
itself, once, and only for a request that asks (a GET, or a query by POST): the server never saw it. All other waiting is
the engine's. What the bytes of an answer mean: ``integrations.decoding``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

import msgspec

from foundation.core.known_secrets import current_secrets
from foundation.core.outbound import (
    AddressForbidden,
    AnswerInvalid,
    BodyTooLarge,
    CertificateRefused,
    ConnectionBroken,
    Limits,
    Outbound,
    OutboundError,
    Reply,
    RequestInvalid,
)
from integrations.answers import Answer, Judge, in_between, standard_error
from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    IntegrationError,
    ProtocolError,
    TransientError,
)
from integrations.port import Observer


def keep_secret(headers: Mapping[str, str]) -> None:
    """What is sent as authorization is a secret of the connection, also where a system made it up: a token."""
    known = current_secrets()
    if known is not None:
        for name, value in headers.items():
            if name.lower() == "authorization":
                known.learn(value.rpartition(" ")[2])


class Client:
    """Requests below one base address. Safe to share between threads. Construction makes no request."""

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str],
        judge: Judge = standard_error,
        allowed_networks: Sequence[str] = (),
        observer: Observer | None = None,
        limits: Limits | None = None,
        outbound: Outbound | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._headers = dict(headers)
        self._judge = judge
        self._observer = observer
        self._limits = limits or Limits()
        self._outbound = outbound or Outbound(allowed_networks=allowed_networks)

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        payload: object = None,
        form: Mapping[str, str] | None = None,
        permission: str = "",
        limits: Limits | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """One request below the base address; ``path`` is already escaped, ``payload`` becomes JSON, ``form`` a form.
        ``repeatable``: it only asks, whatever its method.

        Returns a successful answer. Raises the judge's error for any other, and AddressRefused, TransientError or
        ProtocolError when there was no whole answer.
        """
        url = self.url(path, params)
        sent = {**self._headers, **(headers or {})}
        keep_secret(sent)
        body = None if payload is None else msgspec.json.encode(payload)
        if body is not None:
            sent["Content-Type"] = "application/json"
        if form is not None:
            body, sent["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        reply = self._exchange(method, path, url, sent, body, limits or self._limits, repeatable or method == "GET")
        answer = Answer(
            method=method,
            path=path,
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            permission=permission,
        )
        if not answer.ok:
            raise in_between(answer) or self._judge(answer)
        return answer

    def url(self, path: str, params: Mapping[str, str | int] | None = None) -> str:
        """The whole address of a request."""
        query = urlencode(params, quote_via=quote, safe="") if params else ""
        return f"{self.base_url}/{path.lstrip('/')}" + (f"?{query}" if query else "")

    def close(self) -> None:
        self._outbound.close()

    def _exchange(
        self,
        method: str,
        path: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        limits: Limits,
        repeatable: bool,
    ) -> Reply:
        try:
            return self._observed(method, path, url, headers, body, limits)
        except ConnectionBroken as err:
            if not (err.stale and repeatable):
                raise _refused(err) from err
        except OutboundError as err:
            raise _refused(err) from err
        try:
            return self._observed(method, path, url, headers, body, limits)
        except OutboundError as err:
            raise _refused(err) from err

    def _observed(
        self, method: str, path: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply:
        started = time.monotonic()
        try:
            reply = self._outbound.request(method, url, headers=headers, body=body, limits=limits)
        except OutboundError:
            seconds = time.monotonic() - started
            self._tell(method, path, None, seconds, 0)
            raise
        self._tell(method, path, reply.status, reply.seconds, len(reply.body))
        return reply

    def _tell(self, method: str, path: str, status: int | None, seconds: float, size: int) -> None:
        if self._observer is not None:
            self._observer.request_made(method=method, path=path, status=status, seconds=seconds, size=size)


def _refused(error: OutboundError) -> IntegrationError:
    message = str(error)
    if isinstance(error, AddressForbidden | CertificateRefused):
        return AddressRefused(message)
    if isinstance(error, RequestInvalid):
        return AuthenticationFailed(message)
    if isinstance(error, BodyTooLarge | AnswerInvalid):
        return ProtocolError(message)
    return TransientError(message)
