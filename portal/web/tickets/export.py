"""The filtered list as a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.http import StreamingHttpResponse
from django.views.decorators.http import require_GET

from foundation.core.keyset import Cursor
from foundation.tenancy.zones import zone_named
from mappings.selectors.files import HEADINGS, columns_of, file_rows
from mappings.selectors.labels import resolved_filters
from portal.web.access import requires
from portal.web.request import PortalRequest
from portal.web.sync.downloads import download
from portal.web.tickets.query_params import filters_of
from tickets.selectors.filters import TicketFilters


class Batches:
    """The list's rows, batch by batch: each call goes on where the last one ended, in the list's order."""

    def __init__(self, wanted: TicketFilters, columns: Sequence[str]) -> None:
        self.wanted, self.columns = wanted, columns
        self.cursor: Cursor | None = None

    def __call__(self, place: int) -> Sequence[Sequence[Any]]:
        rows, self.cursor = file_rows(self.wanted, self.cursor, self.columns)
        return rows


@require_GET
@requires("view_tickets")
def tickets_csv(request: PortalRequest) -> StreamingHttpResponse:
    """All tickets that the list's filters let through, as CSV; ``columns`` names those that are wanted."""
    wanted = resolved_filters(filters_of(request.GET.dict(), zone_named(request.organization.time_zone)))
    columns = columns_of(request.GET.get("columns", ""))
    name = f"tickets-{request.organization.slug}-{dt.datetime.now(dt.UTC):%Y-%m-%d}.csv"
    return download(
        name, request.organization.organization_id, [HEADINGS[column] for column in columns], Batches(wanted, columns)
    )
