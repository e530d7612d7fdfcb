"""The adapter contract. Plain Python: no Django, no Celery, no other adapter.

An adapter does one thing at a time and keeps no state between calls, so that the engine can stop and go on
anywhere: ``read_page`` fetches exactly one page and returns the checkpoint of the next.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from integrations.errors import IntegrationError
from integrations.records import Record

Checkpoint = dict[str, Any]
"""Opaque to the engine, JSON-able, small. None is the beginning."""


class Reach(enum.Enum):
    """How a stream is read."""

    GLOBAL = "global"
    """One collection, filtered by ``lastUpdated``, in pages."""
    PER_PARENT = "per_parent"
    """One request (or a few) a parent record; a parent's answer is complete."""


class StreamSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of record that an adapter reads.

    ``name`` is the engine's and the store's name (boards, tickets, notes …); ``parent`` names the stream whose records
    are the parents of a per-parent stream. ``incremental``: can be asked for changes since a moment. ``scoped``: the settings' scope
    (boards, statuses, date range) narrows it. ``counts``: the remote can count it. ``permission``: what the key needs, in the vendor's words.
    """

    name: str
    record: type[Record]
    reach: Reach = Reach.GLOBAL
    parent: str = ""
    after: tuple[str, ...] = ()
    incremental: bool = True
    scoped: bool = False
    counts: bool = True
    reference: bool = False
    permission: str = ""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """Something that does not come here. ``stream``: of which stream, or which whole stream. ``offered``: the system has it,
    and we do not read it; else it has no such thing. ``why``: a sentence for people."""

    stream: str
    why: str
    offered: bool = True


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What of the PSA is wanted. ``None`` of ``board_ids``/``changed_after`` means all.

    In scope is a ticket of a wanted board, with a status not excluded, that is open or was changed at or after ``changed_after``.
    ``company_type_ids``, ``company_status_ids``: of the companies that are wanted; None means all. Which companies these settings
    leave out is known to the caller, who names them in ``outside_company_ids``: what is of them is out of scope too, and no remote
    filters by it. ``company_ids``: only tickets of these, for a count. ``custom_field_ids`` (of tickets):
    None keeps all defined fields, an empty tuple none. ``field_ids``: those kept of other records, by stream; a stream that is not
    named keeps all.
    """

    board_ids: tuple[str, ...] | None = None
    excluded_status_ids: tuple[str, ...] = ()
    changed_after: dt.datetime | None = None
    company_type_ids: tuple[str, ...] | None = None
    company_status_ids: tuple[str, ...] | None = None
    outside_company_ids: frozenset[str] = frozenset()
    company_ids: tuple[str, ...] | None = None
    custom_field_ids: tuple[str, ...] | None = None
    field_ids: dict[str, tuple[str, ...]] = {}

    @property
    def narrows_companies(self) -> bool:
        """Whether some companies may be out of scope."""
        return self.company_type_ids is not None or self.company_status_ids is not None


EVERYTHING = Scope()
"""The scope that narrows nothing."""


class ReadRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``since``: only records changed at or after this moment (remote clock, inclusive); the scope then does not filter
    tickets on the remote, so that one that left the scope is still noticed. A remote that tells what was deleted gives it
    then too, as records that ``in_scope`` refuses. ``newest_first``: highest ids first, where the remote can walk that way."""

    stream: str
    scope: Scope = EVERYTHING
    since: dt.datetime | None = None
    newest_first: bool = False
    page_size: int = 1000


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """A record of the page that could not be understood. ``sample`` is redacted and short."""

    remote_id: str
    message: str
    sample: str = ""


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a record that is not what the vendor documents. The record comes without it (``field`` in the vendor's or our spelling),
    or with what of it could be used; ``understood``: nothing of it is lost, a number was written as text or the like. ``sample`` is
    redacted and short. ``remote_id`` is empty where it is about several records."""

    remote_id: str
    field: str
    message: str
    sample: str = ""
    understood: bool = False


class Unshown(msgspec.Struct, frozen=True, kw_only=True):
    """Records that have a list of their own, which was refused or is not there. ``kinds``: their ``record_type``. ``why``: a sentence."""

    kinds: tuple[str, ...]
    why: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """``next``: the checkpoint of the page after this one, None at the end. ``server_time``: the remote's clock when it answered
    (its Date header), from which the next cursor comes. ``rows``: how many rows the remote sent, rejected ones included.
    ``remarks``: values of the records that were odd. ``incomplete``: a sentence where more was sent than can be read: what is not in
    ``records`` is not known to be gone then. ``untold``: fields of the records that no row of the page came with, not even as null;
    ``omitted``: the same, where the remote leaves out what is null. ``unshown``: kinds of tickets that a whole reading could not ask for,
    which are not known to be gone either."""

    records: Sequence[Record]
    next: Checkpoint | None
    server_time: dt.datetime | None = None
    rejected: Sequence[Rejected] = ()
    rows: int = 0
    remarks: Sequence[Remark] = ()
    incomplete: str = ""
    untold: Sequence[str] = ()
    omitted: Sequence[str] = ()
    unshown: Unshown | None = None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a connection test: what was tried, whether it worked, and what to do when it did not.

    ``warning``: it works (``ok``), but somebody should read the message. ``error``: the code of the error behind it.
    """

    name: str
    ok: bool
    message: str
    warning: bool = False
    permission: str = ""
    action: str = ""
    error: str = ""


class ProbeReport(msgspec.Struct, frozen=True, kw_only=True):
    """``fingerprint`` tells one PSA instance from another (empty when it could not be learnt); ``server_time`` for clock skew."""

    checks: Sequence[Check]
    fingerprint: str = ""
    product: str = ""
    version: str = ""
    server_time: dt.datetime | None = None

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


class CredentialField(msgspec.Struct, frozen=True, kw_only=True):
    """One input of the configure page. ``kind``: text, url, key or secret. Keys and secrets are never shown again; a secret is not
    shown while it is typed either."""

    name: str
    label: str
    help: str = ""
    kind: str = "text"
    required: bool = True


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What the vendor bears: requests in flight at once, and how many per-parent requests a run may spend on rotation.

    ``slow_above``, ``stop_above``: shares of the requests that an adapter's ``usage`` tells, above which work in the background
    goes one request at a time, and waits. What lies above ``stop_above`` is kept for people. None: there is no such budget.
    """

    concurrency: int = 4
    rotation_requests: int = 500
    slow_above: float | None = None
    stop_above: float | None = None


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that the remote counted in its running ``window``, those of other programs included, of ``limit``."""

    used: int
    limit: int
    window: dt.timedelta

    @property
    def share(self) -> float:
        return self.used / self.limit if self.limit > 0 else 0.0


class CustomField(msgspec.Struct, frozen=True, kw_only=True):
    """A field that the PSA's owner defined. ``record``: tickets, companies, contacts …"""

    remote_id: str
    caption: str
    kind: str
    record: str
    options: Sequence[str] = ()


class Observer(Protocol):
    """Told of each request that is made: counts and logs, never contents."""

    def request_made(self, *, method: str, path: str, status: int | None, seconds: float, size: int) -> None: ...


class Adapter(Protocol):
    """One configured PSA. Construction makes no request. Every method may raise the errors of ``integrations.errors``.

    ``time left``: a method returns or raises within the deadline of its HTTP layer; it never sleeps to retry — waiting is the engine's.
    Thread-safe: the engine reads independent pages at the same time, up to ``budget.concurrency``.
    """

    streams: Sequence[StreamSpec]
    budget: Budget

    def probe(self) -> ProbeReport: ...

    def fingerprint(self) -> str:
        """Which PSA instance answers: stable for one instance, different for another."""

    def count(self, request: ReadRequest) -> int | None:
        """How many records ``read_page`` would give in all by the remote's own count; None where it can't count."""

    def read_page(self, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
        """One page of a global stream, in an order that does not move while records change."""

    def read_children(self, stream: str, parent_id: str, scope: Scope = EVERYTHING) -> Page:
        """All records of a stream that belong to one parent (complete, ``next`` is None): of per-parent streams, and of notes."""

    def read_one(self, stream: str, remote_id: str, scope: Scope = EVERYTHING) -> Record:
        """One record as it is now. Raises NotFound."""

    def in_scope(self, record: Record, scope: Scope) -> bool:
        """Whether the settings want this record (used where the remote did not filter)."""

    def custom_fields(self) -> Sequence[CustomField]: ...

    def page_url(self, stream: str, remote_id: str) -> str:
        """The record's page in the PSA's own user interface; empty when there is none."""

    def close(self) -> None: ...


@runtime_checkable
class Metered(Protocol):
    """What an adapter has whose remote tells how much was asked of it."""

    def usage(self) -> Usage:
        """The remote's own count as of now. May cost a request."""


class Provider(Protocol):
    """What the registry knows of a system before anything is configured.

    A provider may also have ``limits``, a sequence of Limit: what of the system does not come here, for the capability table;
    ``key_holder``, whose rights count ("An API member whose security role has"), said before a list of them; and ``boards_there``,
    what the system calls what are boards here ("queues"), where it is another word.
    """

    key: str
    name: str
    tagline: str
    credential_fields: Sequence[CredentialField]
    streams: Sequence[StreamSpec]

    def clean_credentials(self, credentials: dict[str, str]) -> dict[str, str]:
        """Normalised credentials. Raises ``CredentialsInvalid`` with a sentence per field."""

    def open(
        self, credentials: dict[str, str], *, allowed_networks: Sequence[str] = (), observer: Observer | None = None
    ) -> Adapter: ...


class CredentialsInvalid(IntegrationError):
    """``errors``: {field name: sentence}."""

    code = "credentials_invalid"

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors
