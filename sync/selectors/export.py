"""The local ticket data of a connection, for a file."""

from __future__ import annotations

from typing import Any

from integrations.models import Connection
from tickets.models import Ticket

COLUMNS: dict[str, str] = {
    "id": "Local id",
    "remote_id": "Ticket",
    "summary": "Summary",
    "description": "Description",
    "resolution": "Resolution",
    "record_type": "Record type",
    "board_name": "Board",
    "status_name": "Status",
    "is_closed": "Closed",
    "priority_name": "Priority",
    "type_name": "Type",
    "subtype_name": "Subtype",
    "item_name": "Item",
    "team_name": "Team",
    "owner_name": "Owner",
    "resources": "Resources",
    "company_remote_id": "Company id",
    "company_name": "Company",
    "site_name": "Site",
    "contact_name": "Contact",
    "contact_email": "Contact email",
    "contact_phone": "Contact phone",
    "source": "Source",
    "severity": "Severity",
    "impact": "Impact",
    "agreement": "Agreement",
    "budget_hours": "Budget hours",
    "actual_hours": "Actual hours",
    "entered_by": "Entered by",
    "updated_by": "Updated by",
    "closed_by": "Closed by",
    "remote_created_at": "Created",
    "remote_updated_at": "Updated",
    "required_at": "Required",
    "closed_at": "Closed at",
    "external_reference": "External reference",
    "custom_fields": "Custom fields",
    "synced_at": "Last written here",
}


def ticket_rows(connection: Connection, after: int, size: int = 2000) -> list[tuple[Any, ...]]:
    """The next tickets behind local id ``after``, as values in the order of ``COLUMNS``; the first value is the local id."""
    rows = Ticket.objects.filter(connection_id=connection.pk, pk__gt=after).order_by("pk")
    return list(rows.values_list(*COLUMNS)[:size])
