"""An answer of a remote system, and what it means by its status and its headers: a table from answers to errors."""

from __future__ import annotations

import datetime as dt
import email.utils
import random
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import msgspec

from integrations.errors import (
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
from integrations.redaction import redacted

DEFAULT_RETRY_AFTER = 30.0
LONGEST_RETRY_AFTER = 3600.0
CLOCK_YEARS = range(1990, 2200)
"""A clock that shows another year is no clock."""
LONGEST_DATE = 100
"""Characters of an HTTP date."""

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
    """An aware UTC time from an HTTP date (RFC 9110, 5.6.7), None when it is none, or one that no clock shows."""
    if len(text) > LONGEST_DATE:
        return None
    try:
        moment = email.utils.parsedate_to_datetime(text)
        found = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError):
        return None
    return found if found.year in CLOCK_YEARS else None


def retry_after(headers: Mapping[str, str], *, now: dt.datetime | None = None) -> float | None:
    """Seconds to wait by the Retry-After header (RFC 9110, 10.2.3: seconds or a date, the date by the remote's clock)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.replace(".", "", 1).isdecimal():
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


def is_html(answer: Answer) -> bool:
    """Whether the body is a web page: a log-in form, a firewall's or a proxy's notice, a maintenance page."""
    start = answer.body[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body")):
        return True
    return "html" in answer.headers.get("content-type", "").lower() and not start.startswith((b"{", b"[", b'"'))


def in_between(answer: Answer) -> IntegrationError | None:
    """The error of an answer that is nothing the interface said, whatever its status: a redirect, or a web page of a firewall, a proxy, a
    log-in form. None where the vendor's own judge is to look at it.

    A page with a status that only says "later" is left to the judge, and so is one with 401 and a challenge, which the interface sends.
    """
    if answer.status in _REDIRECTS:
        message = f"The address redirects to {_place(answer)}: it is probably wrong, or a log-in page is in between."
        return ProtocolError(message, status=answer.status)
    if not is_html(answer) or answer.status >= 500 or answer.status in (408, 425, 429):
        return None
    if answer.status == 401 and "www-authenticate" in answer.headers:
        return None
    if answer.status == 404:
        message = "The address does not lead to the system's interface: a web page came instead (status 404)."
    else:
        message = (
            f"Something before the system answers with a web page (status {answer.status}): a firewall, a proxy or a log-in form. "
            "It is not the system that refuses."
        )
    return ProtocolError(message, sample=redacted(answer.body), worded=False, status=answer.status)


_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def _place(answer: Answer) -> str:
    """Where a redirect leads, without the query, in which secrets may stand."""
    try:
        parts = urlsplit(answer.headers.get("location", ""))
        where = f"{parts.scheme}://{parts.hostname}{parts.path}" if parts.hostname else parts.path
    except ValueError:
        where = ""
    return redacted(where, length=100) or "nowhere"


def blocked(answer: Answer, words: str) -> ProtocolError:
    """The error of a refusal that is not in the interface's own words: no right is missing then, and no credentials are wrong."""
    message = (
        f"Something before the system refuses the request (status {answer.status}): a firewall or a proxy. "
        "It is not the system that refuses."
    )
    return ProtocolError(message, sample=words, status=answer.status)


def stray(answer: Answer, words: str) -> ProtocolError:
    """The error of a "not found" that is not in the interface's own words: whether a record is gone is not known by it."""
    message = (
        f"The answer (status {answer.status}) is not in the system's own words: the address is wrong, or something is in between. "
        "It is no proof that a record is gone."
    )
    return ProtocolError(message, sample=words, status=answer.status)


def is_foreign(answer: Answer, *, own: bool) -> bool:
    """Whether somebody else than the system speaks in a refusal. ``own``: whether the body has a shape of the vendor's.

    An empty body is nobody's words; nor is a 401 with a challenge, or one that says no more than its name, told apart: then credentials
    are taken to be refused, for a wrong secret that is tried again and again locks an account.
    """
    body = answer.body.strip()
    if own or not body:
        return False
    return not (answer.status == 401 and ("www-authenticate" in answer.headers or body.lower() == b"unauthorized"))
