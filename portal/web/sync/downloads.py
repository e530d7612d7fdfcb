"""Files that stream: each batch is read in a short tenant transaction of its own, so that none stays open while the file travels."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.views.decorators.http import require_GET

from foundation.core.csv_files import BOM, csv_text
from foundation.tenancy.scope import tenant_transaction
from portal.web.access import requires
from portal.web.request import PortalRequest
from portal.web.sync.history import wanted_of
from portal.web.sync.labels import badge_of, starter
from portal.web.sync.lookups import found_connection
from sync.models import Run
from sync.selectors.export import COLUMNS, ticket_rows
from sync.selectors.history import history_rows

Batch = Callable[[int], Sequence[Sequence[Any]]]
HISTORY_COLUMNS = (
    "Run",
    "Connection",
    "Kind",
    "Result",
    "Trigger",
    "By",
    "Reason",
    "Asked",
    "Started",
    "Finished",
    "Seconds",
    "Requests",
    "Message",
)


@require_GET
@requires("manage_integrations")
@requires("view_tickets")
def tickets_csv(request: PortalRequest, pk: int) -> StreamingHttpResponse:
    """All tickets of the connection that people see now, as CSV."""
    connection = found_connection(pk)

    def batch(after: int) -> Sequence[Sequence[Any]]:
        return ticket_rows(connection, after)

    name = f"tickets-{slug(connection.name)}-{dt.datetime.now(dt.UTC):%Y-%m-%d}.csv"
    return download(name, connection.organization_id, COLUMNS.values(), batch)


@require_GET
@requires("view_integration_logs")
def history_csv(request: PortalRequest) -> StreamingHttpResponse:
    """The runs that the history's filters show, each by itself, as CSV."""
    wanted = wanted_of(request)

    def batch(before: int) -> Sequence[Sequence[Any]]:
        return [history_values(run) for run in history_rows(wanted, before or None)]

    name = f"sync-history-{dt.datetime.now(dt.UTC):%Y-%m-%d}.csv"
    return download(name, request.organization.organization_id, HISTORY_COLUMNS, batch)


def download(name: str, organization_id: int, columns: Iterable[str], batch: Batch) -> StreamingHttpResponse:
    """A CSV file of all batches."""
    response = StreamingHttpResponse(body(organization_id, columns, batch), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


async def body(organization_id: int, columns: Iterable[str], batch: Batch) -> AsyncIterator[str]:
    """The file in pieces. Each row's first value is its id, from which the next batch goes on."""
    yield BOM + csv_text([tuple(columns)])
    place = 0
    while rows := await sync_to_async(read_batch)(organization_id, batch, place):
        yield csv_text(rows)
        place = int(rows[-1][0])


def read_batch(organization_id: int, batch: Batch, place: int) -> Sequence[Sequence[Any]]:
    """One batch, in a tenant transaction of its own: the request's ended before the body began."""
    with tenant_transaction(organization_id):
        return batch(place)


def history_values(run: Run) -> tuple[Any, ...]:
    """One run in the order of ``HISTORY_COLUMNS``."""
    times = (run.created_at, run.started_at, run.finished_at)
    seconds = None if run.seconds is None else round(run.seconds, 1)
    said = (run.get_trigger_display(), starter(run), run.reason)
    named = (run.pk, run.connection.name, run.get_kind_display(), badge_of(run).word)
    return (*named, *said, *times, seconds, run.requests, run.message)


def slug(name: str) -> str:
    """A name for a file: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "connection"
