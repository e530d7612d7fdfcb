"""What a PSA offers to choose from: its boards, their statuses, its own fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import msgspec

from integrations.decoding import converted
from integrations.errors import PermissionMissing, UnsupportedFeature
from integrations.port import Adapter, CustomField, Reach, ReadRequest
from integrations.records import BoardRecord, Record, StatusRecord
from integrations.settings_schema import RECORD_FIELDS
from integrations.threads import CallPool


class StatusChoice(msgspec.Struct, frozen=True, kw_only=True):
    remote_id: str
    name: str
    is_closed: bool = False
    is_active: bool = True


class BoardChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A board, with its statuses in the PSA's order."""

    remote_id: str
    name: str
    is_active: bool = True
    is_project: bool = False
    statuses: list[StatusChoice] = []


class CompanyChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A type or a status of companies."""

    remote_id: str
    name: str
    is_active: bool = True


class FieldChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a kind of record that the PSA's owner defined."""

    remote_id: str
    caption: str
    kind: str = ""


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """``read_at``: when the PSA was asked. ``statuses``: those that all boards share, where they have none of their own.
    ``company_types`` and ``company_statuses``: None where they were not asked for or can't be read. ``custom_fields``: of tickets;
    ``record_fields``: of other records, by stream; ``fields_note``: why there are no custom fields, where they could not be read."""

    read_at: dt.datetime
    boards: list[BoardChoice] = []
    statuses: list[StatusChoice] = []
    company_types: list[CompanyChoice] | None = None
    company_statuses: list[CompanyChoice] | None = None
    custom_fields: list[FieldChoice] = []
    company_fields: list[FieldChoice] = []
    record_fields: dict[str, list[FieldChoice]] = {}
    fields_note: str = ""

    @property
    def fields_count(self) -> int:
        """How many custom fields there are to choose from."""
        return len(self.custom_fields) + len(self.company_fields) + sum(map(len, self.record_fields.values()))


def catalog_read(adapter: Adapter, now: dt.datetime) -> Catalog:
    """Asks the PSA: one request for boards, one a board for statuses side by side (or one for all), one each for types and statuses
    of companies and for fields.

    Raises the errors of ``integrations.errors``.
    """
    reach = {spec.name: spec.reach for spec in adapter.streams}
    boards = (
        [record for record in _walk(adapter, "boards") if isinstance(record, BoardRecord)] if "boards" in reach else []
    )
    own = reach.get("statuses") is Reach.PER_PARENT
    statuses = _statuses(adapter, boards) if own else [[] for _ in boards]
    shared = list(_walk(adapter, "statuses")) if reach.get("statuses") is Reach.GLOBAL else []
    fields, note = _fields(adapter)
    return Catalog(
        read_at=now,
        boards=[_board(board, found) for board, found in zip(boards, statuses, strict=True)],
        statuses=_choices([record for record in shared if isinstance(record, StatusRecord)]),
        company_types=_of_companies(adapter, "company_types"),
        company_statuses=_of_companies(adapter, "company_statuses"),
        custom_fields=_field_choices(fields, "tickets"),
        company_fields=_field_choices(fields, "companies"),
        record_fields={stream: found for stream in RECORD_FIELDS if (found := _field_choices(fields, stream))},
        fields_note=note,
    )


def catalog_of(stored: object) -> Catalog | None:
    """The stored catalog; None when the PSA was never asked, or what is stored is of another release."""
    if not stored:
        return None
    try:
        return converted(stored, Catalog)
    except msgspec.ValidationError:
        return None


def _walk(adapter: Adapter, stream: str) -> Iterator[Record]:
    checkpoint = None
    while True:
        page = adapter.read_page(ReadRequest(stream=stream), checkpoint)
        yield from page.records
        if page.next is None:
            return
        checkpoint = page.next


def _statuses(adapter: Adapter, boards: Sequence[BoardRecord]) -> list[list[StatusRecord]]:
    def read(board: BoardRecord) -> list[StatusRecord]:
        found = adapter.read_children("statuses", board.remote_id).records
        return [record for record in found if isinstance(record, StatusRecord)]

    with CallPool(max_workers=adapter.budget.concurrency, thread_name_prefix="catalog") as pool:
        return list(pool.map(read, boards))


def _of_companies(adapter: Adapter, stream: str) -> list[CompanyChoice] | None:
    """The choices, one request for all; None where the system has no such thing or the key may not read it."""
    if stream not in {spec.name for spec in adapter.streams}:
        return None
    try:
        found = list(_walk(adapter, stream))
    except PermissionMissing:
        return None
    return [
        CompanyChoice(
            remote_id=record.remote_id,
            name=getattr(record, "name", record.remote_id),
            is_active=getattr(record, "is_active", True),
        )
        for record in found
    ]


def _field_choices(fields: Sequence[CustomField], record: str) -> list[FieldChoice]:
    return [FieldChoice(remote_id=f.remote_id, caption=f.caption, kind=f.kind) for f in fields if f.record == record]


def _fields(adapter: Adapter) -> tuple[Sequence[CustomField], str]:
    try:
        return adapter.custom_fields(), ""
    except PermissionMissing as err:
        return (), f"The custom fields could not be read: the key lacks {err.which}."
    except UnsupportedFeature as err:
        return (), err.message


def _board(board: BoardRecord, statuses: Sequence[StatusRecord]) -> BoardChoice:
    return BoardChoice(
        remote_id=board.remote_id,
        name=board.name,
        is_active=board.is_active,
        is_project=board.is_project,
        statuses=_choices(statuses),
    )


def _choices(statuses: Sequence[StatusRecord]) -> list[StatusChoice]:
    ordered = sorted(statuses, key=lambda status: (status.sort_order, status.name))
    return [
        StatusChoice(remote_id=s.remote_id, name=s.name, is_closed=s.is_closed, is_active=s.is_active) for s in ordered
    ]
