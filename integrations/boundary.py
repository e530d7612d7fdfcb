"""The boundary between an adapter and everything that uses it.

An adapter may come from anywhere and may be surprised by anything. On this side of the boundary there are records that can be kept, errors
of ``integrations.errors`` that say where they happened, and nothing else.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

import msgspec
import structlog

from integrations.cleaning import LONGEST_ID, cleaned
from integrations.errors import IntegrationError, ProtocolError
from integrations.noticing import Noticed, notice, noticing
from integrations.port import (
    EVERYTHING,
    Adapter,
    Budget,
    Checkpoint,
    CustomField,
    Metered,
    Page,
    ProbeReport,
    ReadRequest,
    Rejected,
    Remark,
    Scope,
    StreamSpec,
    Usage,
)
from integrations.records import Record
from integrations.redaction import printable, redacted

MOST_REMARKS = 1000
"""Of one page; the rest is counted."""
LONGEST_CHECKPOINT = 16_384
"""Bytes of JSON."""
MOST_COUNTED = 2**53
FRAMES = 8
LONGEST_WORDS = 500

log = structlog.get_logger("integrations")


class MeteredAdapter(Adapter, Metered, Protocol):
    """An adapter whose remote tells how much is used."""


def bounded(adapter: Adapter) -> Adapter:
    """The adapter behind the boundary."""
    return BoundedMetered(adapter) if isinstance(adapter, Metered) else Bounded(adapter)


class Bounded:
    """See ``integrations.port.Adapter``."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self.streams: Sequence[StreamSpec] = adapter.streams
        self.budget: Budget = adapter.budget

    def probe(self) -> ProbeReport:
        with _typed():
            return self._adapter.probe()

    def fingerprint(self) -> str:
        with _typed():
            return self._adapter.fingerprint()

    def count(self, request: ReadRequest) -> int | None:
        with _typed(request.stream):
            counted = self._adapter.count(request)
        if counted is not None and not (isinstance(counted, int) and 0 <= counted <= MOST_COUNTED):
            raise ProtocolError(f"The system counts {redacted(repr(counted), length=40)}.")
        return counted

    def read_page(self, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
        with _typed(request.stream), noticing() as noticed:
            page = self._adapter.read_page(request, checkpoint)
            if page.next is not None and len(msgspec.json.encode(page.next)) > LONGEST_CHECKPOINT:
                raise ProtocolError("The place to go on from is too long to be kept.")
            return cleaned_page(_with(page, noticed))

    def read_children(self, stream: str, parent_id: str, scope: Scope = EVERYTHING) -> Page:
        with _typed(stream, parent_id), noticing() as noticed:
            page = self._adapter.read_children(stream, parent_id, scope)
            if page.incomplete:
                # What is not among a parent's children is taken for gone: so there is no half of them.
                raise ProtocolError(page.incomplete)
            return cleaned_page(_with(page, noticed))

    def read_one(self, stream: str, remote_id: str, scope: Scope = EVERYTHING) -> Record:
        with _typed(stream):
            found = cleaned(self._adapter.read_one(stream, remote_id, scope))
        if isinstance(found, Rejected):
            raise ProtocolError(f"The record cannot be kept: {found.message}", sample=found.sample)
        notice(found[1])
        return found[0]

    def in_scope(self, record: Record, scope: Scope) -> bool:
        # Asked once a record: what is below in a block would cost more than the question.
        try:
            return self._adapter.in_scope(record, scope)
        except IntegrationError:
            raise
        except Exception as err:
            raise _surprise(err, "", "") from err

    def custom_fields(self) -> Sequence[CustomField]:
        with _typed():
            return self._adapter.custom_fields()

    def page_url(self, stream: str, remote_id: str) -> str:
        with _typed(stream):
            return self._adapter.page_url(stream, remote_id)

    def close(self) -> None:
        self._adapter.close()


class BoundedMetered(Bounded):
    """See ``integrations.port.Metered``."""

    def __init__(self, adapter: MeteredAdapter) -> None:
        super().__init__(adapter)
        self._metered = adapter

    def usage(self) -> Usage:
        with _typed():
            return self._metered.usage()


def _with(page: Page, noticed: Noticed) -> Page:
    """The page with what was odd about what was asked for beside it."""
    return msgspec.structs.replace(page, remarks=[*page.remarks, *noticed.remarks]) if noticed.remarks else page


def cleaned_page(page: Page) -> Page:
    """The page with records that can be kept. Of two with one id the later counts."""
    kept: dict[str, Record] = {}
    rejected, remarks = list(page.rejected), list(page.remarks)
    for record in page.records:
        found = cleaned(record)
        if isinstance(found, Rejected):
            rejected.append(found)
        else:
            kept[found[0].remote_id] = found[0]
            remarks += found[1]
    refused = {entry.remote_id for entry in rejected}
    remarks = [entry for entry in remarks if not entry.remote_id or entry.remote_id not in refused]
    return msgspec.structs.replace(
        page, records=list(kept.values()), rejected=_usable(rejected), remarks=_usable(_few(remarks))
    )


Entry = TypeVar("Entry", Rejected, Remark)


def _usable(entries: Iterable[Entry]) -> list[Entry]:
    """With ids that an issue can be kept under, and words that a page can show."""
    return [
        msgspec.structs.replace(
            entry,
            remote_id=printable(entry.remote_id)[:LONGEST_ID],
            message=printable(entry.message)[:LONGEST_WORDS],
            sample=printable(entry.sample)[:LONGEST_WORDS],
        )
        for entry in entries
    ]


def _few(remarks: list[Remark]) -> list[Remark]:
    if len(remarks) <= MOST_REMARKS:
        return remarks
    said = f"{len(remarks) - MOST_REMARKS:,} more values of the same page were odd."
    return [*remarks[:MOST_REMARKS], Remark(remote_id="", field="", message=said)]


@contextmanager
def _typed(stream: str = "", parent_id: str = "") -> Iterator[None]:
    """Whatever the block raises is an error of ``integrations.errors``."""
    try:
        yield
    except IntegrationError:
        raise
    # The boundary itself: an adapter that was surprised must not end what has nothing to do with it.
    except Exception as err:
        raise _surprise(err, stream, parent_id) from err


def _surprise(error: Exception, stream: str, parent_id: str) -> ProtocolError:
    """The error of an adapter that raised what it must not: for the log with where, for people without the values."""
    said = redacted(repr(error))
    log.error("An adapter was surprised", stream=stream, parent=parent_id, said=said, at=_frames(error))
    message = (
        "MSPortal did not understand what the system answered: a fault of MSPortal's own, of which its log says more."
    )
    return ProtocolError(message, sample=said, worded=False)


def _frames(error: Exception) -> list[str]:
    """Where it was raised, the innermost last, without any of the values."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
