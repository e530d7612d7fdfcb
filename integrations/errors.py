"""What can go wrong between us and a PSA. The type decides what the engine does; nobody parses messages."""

from __future__ import annotations


class IntegrationError(Exception):
    """A call to a remote system did not do what was asked.

    ``message`` is a sentence for people; ``remote_message`` quotes the remote system's own words, redacted;
    ``status`` is the HTTP status where there was one. ``place``: what was being read, as "tickets, page 4"; the engine says it.
    """

    code = "error"
    place = ""

    def __init__(self, message: str, *, remote_message: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remote_message = remote_message
        self.status = status

    @property
    def sentence(self) -> str:
        """The message with its place: "Tickets, page 4: the PSA …"."""
        return f"{self.place[:1].upper()}{self.place[1:]}: {self.message}" if self.place else self.message


class TransientError(IntegrationError):
    """The remote is away or slow: the same call may work later.

    ``retry_after``: seconds, where the remote said how long; None leaves the wait to the engine.
    """

    code = "transient"

    def __init__(
        self, message: str, *, remote_message: str = "", status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, remote_message=remote_message, status=status)
        self.retry_after = retry_after


class RateLimited(TransientError):
    """The remote asks us to wait ``retry_after`` seconds before the next call."""

    code = "rate_limited"
    retry_after: float

    def __init__(self, message: str, *, retry_after: float, remote_message: str = "", status: int | None = 429) -> None:
        super().__init__(message, remote_message=remote_message, status=status, retry_after=retry_after)


class AuthenticationFailed(IntegrationError):
    """The credentials are not (or no longer) accepted: stop, and tell the administrator."""

    code = "authentication_failed"


class PermissionMissing(IntegrationError):
    """The credentials work, but lack a right. ``which`` names it in the vendor's own words."""

    code = "permission_missing"

    def __init__(self, message: str, *, which: str, remote_message: str = "", status: int | None = 403) -> None:
        super().__init__(message, remote_message=remote_message, status=status)
        self.which = which


class RecordRejected(IntegrationError):
    """The remote refuses this record's content; repeating the call will not help."""

    code = "record_rejected"


class Conflict(IntegrationError):
    """The remote record is in use or in a state that forbids the change."""

    code = "conflict"


class NotFound(IntegrationError):
    """The record (or the end point) is not there."""

    code = "not_found"


class ProtocolError(IntegrationError):
    """The answer is not what the vendor documents: truncated, HTML, another shape.

    ``sample`` is redacted; ``worded`` says whether it is the remote's own words about the failure. Data that broke off are
    none, and stay out of what is quoted.
    """

    code = "protocol_error"

    def __init__(self, message: str, *, sample: str = "", worded: bool = True, status: int | None = None) -> None:
        super().__init__(message, remote_message=sample if worded else "", status=status)
        self.sample = sample


class EndlessPaging(ProtocolError):
    """A list that names a next page for ever, and gives nothing new on it. What was read until then is right, and not all."""

    code = "endless_paging"


class AddressRefused(IntegrationError):
    """The address may not be called from here (private network, wrong scheme, unresolvable name)."""

    code = "address_refused"


class UnsupportedFeature(IntegrationError):
    """The remote system, or this version of it, does not offer what was asked."""

    code = "unsupported"


REFUSALS = (NotFound, UnsupportedFeature, Conflict, RecordRejected)
"""Answers that asking again does not change, and that are of no right that is missing."""
