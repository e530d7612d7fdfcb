"""The values of one kind on one connection: what is not mapped first, with what speaks for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q

from integrations.models import Connection
from mappings.kinds import Kind
from mappings.models import Mapping
from mappings.selectors.fields import connection_fields
from mappings.selectors.remote import board_choices, described, remote_rows, suggestions_of
from mappings.selectors.targets import target_names
from mappings.suggestions import Remote, Suggestion, folded
from tickets.models import Board, Ticket

PAGE = 50
UNMAPPED, MAPPED = "unmapped", "mapped"
COUNTED_CLOSED = ("status", "priority", "owner", "company")
"""Links of tickets that an index holds: of others only open tickets are counted, for closed ones would have to be read."""


@dataclass(frozen=True, slots=True)
class PageFilter:
    """``state``: "unmapped", "mapped" or "" for both; ``q``: in the name, the email or the website. ``board``: a board's remote id; what boards
    share is then shown with what it is on this board alone."""

    q: str = ""
    state: str = ""
    board: str = ""


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One value of the PSA. ``about``: what else tells it apart (board, email, website). ``target``: what it is mapped to, None when to
    nothing. ``open``: open tickets that have it, ``every``: closed ones too, None where they are not counted. ``scope``: the board that the
    row is about, where other boards have the value too; ``elsewhere``: what it is on those."""

    remote_id: str
    record_id: int | None
    name: str
    about: str = ""
    board: str = ""
    is_closed: bool = False
    is_active: bool = True
    mapping: Mapping | None = None
    target_name: str = ""
    suggestion: Suggestion | None = None
    suggested_name: str = ""
    open: int = 0
    every: int | None = None
    scope: str = ""
    scope_id: int | None = None
    elsewhere: str = ""

    @property
    def target(self) -> int | None:
        return self.mapping.target_id if self.mapping else None

    @property
    def word(self) -> str:
        """What it is called now."""
        if self.mapping is None:
            return self.elsewhere or self.name
        return self.target_name or self.name

    @property
    def chosen(self) -> str:
        """What stands, as a form says it: "" for not mapped, "keep", or the target's id."""
        if self.mapping is None:
            return ""
        return str(self.target) if self.target else "keep"


@dataclass(frozen=True, slots=True)
class ValuePage:
    """``total``: values that meet the filter; ``page`` of ``pages`` from 1."""

    rows: list[ValueRow]
    total: int
    page: int
    pages: int


def value_page(connection: Connection, kind: Kind, wanted: PageFilter, page: int = 1) -> ValuePage:
    """One page, what is not mapped first, then what most open tickets have; companies by name."""
    if kind.key == "company":
        return _companies(connection, kind, wanted, page)
    rows = _fields(connection, kind) if kind.model is None else _mirrored(connection, kind, wanted.board)
    found = [row for row in rows if _meets(row, wanted)]
    found.sort(key=lambda row: (row.mapping is not None, not row.is_active, -row.open, row.name.lower(), row.about))
    number, pages = _place(page, len(found))
    return ValuePage(
        _completed(kind, connection, found[(number - 1) * PAGE : number * PAGE]), len(found), number, pages
    )


def value_rows(connection: Connection, kind: Kind, remote_ids: Sequence[str], board: str = "") -> list[ValueRow]:
    """Those of the values that are here, with their counts and what they are mapped to; ``board`` as of a filter."""
    if kind.model is None:
        rows = [row for row in _fields(connection, kind) if row.remote_id in set(remote_ids)]
    else:
        found = list(remote_rows(connection, kind).filter(remote_id__in=remote_ids))
        rows = _on_board(connection, kind, _rows_of(connection, kind, found), board)
    return _named(kind, rows)


def _companies(connection: Connection, kind: Kind, wanted: PageFilter, page: int) -> ValuePage:
    """There may be tens of thousands, so the database sorts and cuts them."""
    rows = remote_rows(connection, kind)
    if wanted.state:
        rows = rows.filter(mapped=wanted.state == MAPPED)
    if wanted.q:
        rows = rows.filter(Q(name__icontains=wanted.q) | Q(website__icontains=wanted.q))
    total = rows.count()
    number, pages = _place(page, total)
    found = list(rows.order_by("mapped", "name", "pk")[(number - 1) * PAGE : number * PAGE])
    return ValuePage(_completed(kind, connection, _rows_of(connection, kind, found)), total, number, pages)


def _mirrored(connection: Connection, kind: Kind, board: str) -> list[ValueRow]:
    return _on_board(connection, kind, _rows_of(connection, kind, list(remote_rows(connection, kind))), board)


def _on_board(connection: Connection, kind: Kind, rows: list[ValueRow], board: str) -> list[ValueRow]:
    """The rows of what boards share, as they are on one of them; the others as they are."""
    found = (
        Board.objects.filter(connection_id=connection.pk, remote_id=board).first() if board and kind.scoped else None
    )
    shared = [row for row in rows if not row.board] if found else []
    if found is None or not shared:
        return rows
    own = _mappings(connection, kind, [row.remote_id for row in shared], board)
    counts = ticket_counts(kind, [row.record_id for row in shared if row.record_id], found.pk)
    names = target_names(kind.target, [row.target for row in shared if row.target])
    nothing = (0, 0 if kind.column in COUNTED_CLOSED else None)
    return [
        replace(
            row,
            scope=board,
            scope_id=found.pk,
            elsewhere=names.get(row.target or 0, "") or row.name,
            mapping=own.get(row.remote_id),
            open=counts.get(row.record_id or 0, nothing)[0],
            every=counts.get(row.record_id or 0, nothing)[1],
        )
        if not row.board
        else row
        for row in rows
    ]


def _rows_of(connection: Connection, kind: Kind, found: list[Any]) -> list[ValueRow]:
    boards = dict(board_choices(connection)) if kind.on_board else {}
    counts = ticket_counts(kind, [row.pk for row in found])
    mappings = _mappings(connection, kind, [row.remote_id for row in found])
    return [
        ValueRow(
            remote_id=row.remote_id,
            record_id=row.pk,
            name=str(row),
            about=_about(kind, row, boards),
            board=getattr(row, "board_remote_id", ""),
            is_closed=getattr(row, "is_closed", False),
            is_active=getattr(row, "is_active", True),
            mapping=mappings.get(row.remote_id),
            open=counts.get(row.pk, (0, None))[0],
            every=counts.get(row.pk, (0, 0 if kind.column in COUNTED_CLOSED else None))[1],
        )
        for row in found
    ]


def _about(kind: Kind, row: Any, boards: dict[str, str]) -> str:
    if kind.on_board:
        return boards.get(row.board_remote_id, "") or "all boards"
    return str(getattr(row, "email", "") or getattr(row, "website", "") or "")


def _fields(connection: Connection, kind: Kind) -> list[ValueRow]:
    fields = connection_fields(connection)
    mappings = _mappings(connection, kind, [field.remote_id for field in fields])
    counts = field_counts(connection, [field.remote_id for field in fields])
    return [
        ValueRow(
            remote_id=field.remote_id,
            record_id=None,
            name=field.caption,
            about=f"tickets · {field.kind}" if field.kind else "tickets",
            mapping=mappings.get(field.remote_id),
            open=counts.get(field.remote_id, 0),
        )
        for field in fields
    ]


def _mappings(connection: Connection, kind: Kind, remote_ids: list[str], scope: str = "") -> dict[str, Mapping]:
    rows = Mapping.objects.filter(connection_id=connection.pk, kind=kind.key, scope=scope, remote_id__in=remote_ids)
    rows = rows.select_related("by")
    return {row.remote_id: row for row in rows}


def ticket_counts(
    kind: Kind, record_ids: Sequence[int], board_id: int | None = None
) -> dict[int, tuple[int, int | None]]:
    """{id of a row: (open tickets that have it, all of them)}, of one board where given; those without any are left out. Each count walks
    one index."""
    column = f"{kind.column}_id"
    tickets = Ticket.objects.filter(**{f"{column}__in": record_ids})
    if board_id is not None:
        tickets = tickets.filter(board_id=board_id)
    rows = tickets.order_by().values_list(column)
    open_ones = dict(rows.filter(is_closed=False).annotate(value=Count("pk")))
    if kind.column not in COUNTED_CLOSED:
        return {row: (value, None) for row, value in open_ones.items()}
    return {row: (open_ones.get(row, 0), value) for row, value in rows.annotate(value=Count("pk"))}


def field_counts(connection: Connection, remote_ids: Sequence[str]) -> dict[str, int]:
    """{field: open tickets that have it}."""
    if not remote_ids:
        return {}
    rows = Ticket.objects.filter(connection_id=connection.pk, is_closed=False)
    names = {f"n{place}": remote_id for place, remote_id in enumerate(remote_ids)}
    counted = rows.aggregate(**{n: Count("pk", filter=Q(custom_fields__has_key=key)) for n, key in names.items()})
    return {key: counted[name] for name, key in names.items()}


def _meets(row: ValueRow, wanted: PageFilter) -> bool:
    if wanted.state and (row.mapping is not None) != (wanted.state == MAPPED):
        return False
    if wanted.board and row.board not in ("", wanted.board):
        return False
    return folded(wanted.q) in f"{row.name}\n{row.about}".lower()


def _place(page: int, total: int) -> tuple[int, int]:
    pages = max(1, -(-total // PAGE))
    return min(max(1, page), pages), pages


def _named(kind: Kind, rows: list[ValueRow]) -> list[ValueRow]:
    names = target_names(kind.target, [row.target for row in rows if row.target])
    return [replace(row, target_name=names.get(row.target or 0, "")) for row in rows]


def _completed(kind: Kind, connection: Connection, rows: list[ValueRow]) -> list[ValueRow]:
    """The rows of a page with the names of their targets, and a proposal for those without one."""
    left = [row for row in rows if row.mapping is None and not row.scope]
    if kind.model is None:
        remotes = {row.remote_id: Remote(row.name) for row in left}
    else:
        found = kind.model._default_manager.filter(pk__in=[row.record_id for row in left])
        remotes = described(connection, kind, list(found)) if left else {}
    proposed = suggestions_of(kind, remotes)
    targets = [one.target for one in proposed.values() if isinstance(one.target, int)]
    names = target_names(kind.target, targets)
    return [
        replace(
            row, suggestion=proposed[row.remote_id], suggested_name=_proposed_name(row, proposed[row.remote_id], names)
        )
        if row.remote_id in proposed
        else row
        for row in _named(kind, rows)
    ]


def _proposed_name(row: ValueRow, suggestion: Suggestion, names: dict[int, str]) -> str:
    return names.get(suggestion.target, "") if isinstance(suggestion.target, int) else row.name
