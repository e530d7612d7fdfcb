"""The filtered list of tickets as rows for a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from foundation.core.keyset import Cursor
from tickets.models import Ticket
from tickets.selectors.filters import TicketFilters
from tickets.selectors.list_positions import list_positions, statuses_named

COLUMNS: dict[str, str] = {
    "pk": "Local id",
    "remote_id": "Ticket",
    "summary": "Summary",
    "company_name": "Company",
    "contact_name": "Contact",
    "board_name": "Board",
    "status_name": "Status",
    "is_closed": "Closed",
    "priority_name": "Priority",
    "type_name": "Type",
    "owner_name": "Technician",
    "site_name": "Site",
    "source": "Source",
    "remote_created_at": "Created",
    "remote_updated_at": "Updated",
    "closed_at": "Closed at",
    "required_at": "Required",
    "required_on": "Required on",
    "budget_hours": "Budget hours",
    "actual_hours": "Actual hours",
    "custom_fields": "Custom fields",
    "description": "Description",
}
LONG = ("description",)
"""Columns that a file has where it is asked for them."""
BATCH = 1000


def ticket_rows(
    wanted: TicketFilters, cursor: Cursor | None, size: int, columns: Sequence[str]
) -> tuple[list[tuple[Any, ...]], Cursor | None]:
    """The next rows of the list as values in the order of ``columns``, of which the first is "pk", and the cursor behind them; no rows at the end."""
    found, _ = list_positions(wanted, statuses_named(wanted), cursor, size)
    values = {row[0]: row for row in Ticket.objects.filter(pk__in=[row for _, row in found]).values_list(*columns)}
    following = Cursor(found[-1][0], found[-1][1]) if found else None
    return [values[row] for _, row in found if row in values], following
