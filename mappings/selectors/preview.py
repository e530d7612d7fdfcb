"""Real tickets that a change of mappings would show differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.models import Connection
from mappings.kinds import Kind
from mappings.selectors.page import ValueRow
from tickets.models import Ticket

SAMPLES = 10
EACH = 3
"""Tickets of one value, so that the first one does not take all places."""


@dataclass(frozen=True, slots=True)
class PreviewSample:
    """A ticket, the PSA's word on it, and the word shown before and after."""

    pk: int
    remote_id: str
    summary: str
    raw: str
    before: str
    after: str


def mapping_samples(
    connection: Connection, kind: Kind, rows: Sequence[ValueRow], after: Mapping[str, str]
) -> list[PreviewSample]:
    """Up to ``SAMPLES`` of the newest tickets with these values. ``after``: {remote id: the word that would be shown}."""
    found: list[PreviewSample] = []
    for row in rows[:SAMPLES]:
        shown = Ticket.objects.order_by("-latest_at", "-pk").only("remote_id", "summary")
        tickets = shown.filter(**_having(connection, kind, row))
        found += [
            PreviewSample(t.pk, t.remote_id, t.summary, row.name, row.word, after[row.remote_id])
            for t in tickets[:EACH]
        ]
    return found[:SAMPLES]


def _having(connection: Connection, kind: Kind, row: ValueRow) -> dict[str, Any]:
    """What tickets with the value have, as a filter; of custom fields open tickets alone are looked through."""
    if kind.model is not None:
        board = {"board_id": row.scope_id} if row.scope_id else {}
        return {f"{kind.column}_id": row.record_id} | board
    return {"connection_id": connection.pk, "is_closed": False, "custom_fields__has_key": row.remote_id}
