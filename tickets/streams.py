"""The streams that land in this store."""

from __future__ import annotations

from foundation.ledger.targets import target_of
from tickets.models import (
    Board,
    Member,
    Note,
    Priority,
    Status,
    Team,
    Ticket,
    TicketItem,
    TicketSubtype,
    TicketType,
    TimeEntry,
)

_PLAIN = "CASE WHEN s.body_format = 'html' THEN regexp_replace(left(s.{column}, 2000), '<[^>]*>', ' ', 'g') ELSE s.{column} END"
"""A body without its tags, for people to know it by."""

NUMBER = "CASE WHEN s.remote_id ~ '^[0-9]{1,18}$' THEN s.remote_id::bigint END"

TARGETS = (
    target_of(Board, stream="boards", label="s.name"),
    target_of(Status, stream="statuses", label="s.name", parent="board_remote_id"),
    target_of(Priority, stream="priorities", label="s.name"),
    target_of(TicketType, stream="types", label="s.name", parent="board_remote_id"),
    target_of(TicketSubtype, stream="subtypes", label="s.name", parent="board_remote_id"),
    target_of(TicketItem, stream="items", label="s.name", parent="board_remote_id"),
    target_of(Team, stream="teams", label="s.name", parent="board_remote_id"),
    target_of(Member, stream="members", label="s.name"),
    target_of(Ticket, stream="tickets", label="s.summary", derived=(("number", NUMBER),)),
    target_of(
        Note, stream="notes", label=f"left(btrim({_PLAIN.format(column='text')}), 80)", parent="ticket_remote_id"
    ),
    target_of(
        TimeEntry,
        stream="time_entries",
        label=f"s.member_name || ' ' || left(btrim({_PLAIN.format(column='notes')}), 60)",
        parent="ticket_remote_id",
    ),
)
