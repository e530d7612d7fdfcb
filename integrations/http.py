"""HTTP for adapters: one base address, typed JSON, and a table from answers to errors.

The layer never sleeps and never loops. A kept-alive connection that turns out to be dead is the one thing it mends by
itself, once, and only for a request that asks (a GET, or a query by POST): the server never saw it. All other waiting is
the engine's.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    Conflict,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    RecordRejected,
    TransientError,
    UnsupportedFeature,
)
from integrations.port import Observer
from integrations.redaction import redacted
from portal.core.known_secrets import current_secrets
from portal.core.outbound import (
    AddressForbidden,
    BodyTooLarge,
    CertificateRefused,
    ConnectionBroken,
    Limits,
    Outbound,
    OutboundError,
    Reply,
)

DEFAULT_RETRY_AFTER = 30.0
LONGEST_RETRY_AFTER = 3600.0

T = TypeVar("T")

_chance = random.SystemRandom()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A reply with what was asked. Header names are lower case; ``permission`` is the right that the request needs."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    permission: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def server_time(self) -> dt.datetime | None:
        """The remote's clock from its Date header, aware UTC; None when it sent none."""
        return http_date(self.headers.get("date", ""))


Judge = Callable[[Answer], IntegrationError]
"""Makes the error of an answer that is not a success. Vendors speak differently; the types are the same."""


def http_date(text: str) -> dt.datetime | None:
    """An aware UTC time from an HTTP date (RFC 9110, 5.6.7), None when it is none."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def retry_after(headers: Mapping[str, str], *, now: dt.datetime | None = None) -> float | None:
    """Seconds to wait by the Retry-After header (RFC 9110, 10.2.3: seconds or a date, the date by the remote's clock)."""
    text = headers.get("retry-after", "").strip()
    if text.replace(".", "", 1).isdecimal():
        return min(float(text), LONGEST_RETRY_AFTER)
    moment = http_date(text)
    if moment is None:
        return None
    here = http_date(headers.get("date", "")) or now or dt.datetime.now(dt.UTC)
    return min(max((moment - here).total_seconds(), 0.0), LONGEST_RETRY_AFTER)


def wait_for(headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429; a default with jitter, so that not all come back at once, when it does not say."""
    said = retry_after(headers)
    return DEFAULT_RETRY_AFTER * _chance.uniform(0.8, 1.4) if said is None else said


def standard_error(answer: Answer, words: str = "") -> IntegrationError:
    """The error by HTTP status alone. ``words``: the remote's own message, already redacted."""
    status = answer.status
    if status == 401:
        return AuthenticationFailed("The credentials are not accepted.", remote_message=words, status=status)
    if status == 403:
        needed = answer.permission or "not named"
        message = f"The credentials lack a right: {needed}."
        return PermissionMissing(message, which=answer.permission, remote_message=words, status=status)
    if status == 429:
        wait = wait_for(answer.headers)
        return RateLimited(f"Asked to wait {wait:.0f} seconds.", retry_after=wait, remote_message=words)
    if status == 408 or (status >= 500 and status != 501):
        return _away(answer, words)
    simple = _BY_STATUS.get(status)
    if simple is not None:
        kind, message = simple
        return kind(message, remote_message=words, status=status)
    return ProtocolError(f"An answer with status {status} was not expected.", sample=words, status=status)


_BY_STATUS: dict[int, tuple[type[IntegrationError], str]] = {
    400: (RecordRejected, "The request was refused as invalid."),
    404: (NotFound, "There is no such record."),
    405: (UnsupportedFeature, "This system does not offer what was asked."),
    409: (Conflict, "The record is in use or in a state that forbids this."),
    410: (NotFound, "The record is gone."),
    412: (Conflict, "The record has changed meanwhile."),
    422: (RecordRejected, "The record's content was refused."),
    423: (Conflict, "The record is locked."),
    501: (UnsupportedFeature, "This system does not offer what was asked."),
}


def _away(answer: Answer, words: str) -> TransientError:
    message = f"The system answered with an error of its own (status {answer.status})."
    return TransientError(message, remote_message=words, status=answer.status, retry_after=retry_after(answer.headers))


def decoded(answer: Answer, decoder: msgspec.json.Decoder[T]) -> T:
    """The typed body. Raises ProtocolError for an empty, truncated, HTML or otherwise undocumented one."""
    if not answer.body.strip():
        raise ProtocolError("The system's answer is empty.", status=answer.status)
    try:
        return decoder.decode(answer.body)
    except msgspec.ValidationError as err:
        message = f"The answer has another shape: {err}."
        raise ProtocolError(message, sample=redacted(answer.body), worded=False, status=answer.status) from err
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        message = (
            "The system answered with a web page instead of data."
            if is_html(answer)
            else "The system's answer is not complete JSON."
        )
        raise ProtocolError(message, sample=redacted(answer.body), worded=False, status=answer.status) from err


def is_html(answer: Answer) -> bool:
    """Whether the body is a web page: a log-in form, a proxy's notice, a maintenance page."""
    start = answer.body[:200].lstrip().lower()
    return "html" in answer.headers.get("content-type", "").lower() or start.startswith((b"<!doctype", b"<html"))


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
            raise self._judge(answer)
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
    if isinstance(error, BodyTooLarge):
        return ProtocolError(message)
    return TransientError(message)
