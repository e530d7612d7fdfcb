"""Contacts, assets, agreements, invoices and opportunities: lists, one record, files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from clients.selectors import (
    SOON,
    RecordFilters,
    RecordPage,
    additions_total,
    agreement_additions,
    company_name,
    file_columns,
    file_rows,
    record_choices,
    record_get,
    record_list,
    records_counted,
)
from foundation.core.client_input import number_of, text_of
from foundation.core.keyset import Cursor
from foundation.tenancy.zones import zone_named
from portal.web.access import requires
from portal.web.clients.lines import invoice_lines
from portal.web.clients.presenters import BY_KEY, SHOWN, ShownKind, facts_of
from portal.web.custom_fields import custom_fields_shown
from portal.web.request import PortalRequest
from portal.web.sync.downloads import download
from portal.web.tickets.query_params import place_of
from sync.selectors.freshness import first_syncs

LABELS = {"q": "Search", "company": "Company", "state": "Show", "status": "Status", "type": "Type"}


@dataclass(frozen=True, slots=True)
class Hiding:
    """A filter that is on, and how many records would show without it."""

    name: str
    label: str
    value: str
    hidden: int


class Batches:
    """The list's rows, batch by batch: each call goes on where the last one ended, in the list's order."""

    def __init__(self, read: Callable[[Cursor | None], tuple[Sequence[Sequence[Any]], Cursor | None]]) -> None:
        self.read = read
        self.cursor: Cursor | None = None

    def __call__(self, place: int) -> Sequence[Sequence[Any]]:
        rows, self.cursor = self.read(self.cursor)
        return rows


@require_GET
@requires("view_clients")
def records(request: PortalRequest, key: str) -> HttpResponse:
    """One page of a list; everything that it shows is in its address."""
    shown, wanted, today = BY_KEY[key], filters_of(request), today_of(request)
    page = record_list(shown.kind, wanted, today, place_of(request.GET.dict()))
    statuses, types = record_choices(shown.kind)
    client = company_name(wanted.company) if wanted.company else ""
    context = {
        "shown": shown,
        "areas": SHOWN,
        "wanted": wanted,
        "given": request.GET,
        "page": page,
        "rows": page.rows,
        "states": [(key, state.label) for key, state in shown.kind.states.items()],
        "statuses": [(name, name) for name in statuses],
        "types": [(name, name) for name in types],
        "client": client or ("a company that is not here" if wanted.company else ""),
        "hiding": hiding_of(shown, wanted, page, today, client),
        "first_syncs": first_syncs(),
    }
    return render(request, "clients/records.html", context | days(today))


@require_GET
@requires("view_clients")
def records_csv(request: PortalRequest, key: str) -> StreamingHttpResponse:
    """All records that the list's filters let through, as CSV."""
    kind, wanted, today = BY_KEY[key].kind, filters_of(request), today_of(request)
    return list_file(request, key, file_columns(kind), Batches(lambda cursor: file_rows(kind, wanted, today, cursor)))


@require_GET
@requires("view_clients")
def record(request: PortalRequest, key: str, pk: int) -> HttpResponse:
    """One record with all that the PSA tells of it."""
    shown, found = found_record(key, pk)
    today = today_of(request)
    lines = invoice_lines(found.lines) if key == "invoices" else []
    context = {
        "shown": shown,
        "record": found,
        "lines": lines,
        "lines_counted": any(line.is_counted for line in lines),
        "facts": facts_of(shown, found),
        "additions": agreement_additions(found) if key == "agreements" else [],
        "additions_total": additions_total(found, today) if key == "agreements" else None,
        "custom_fields": custom_fields_shown(found.custom_fields),
    }
    return render(request, "clients/record.html", context | days(today))


def found_record(key: str, pk: int) -> tuple[ShownKind, Any]:
    """(its kind as pages show it, the record, removed ones too), or 404."""
    shown = BY_KEY[key]
    try:
        return shown, record_get(shown.kind, pk)
    except ObjectDoesNotExist as err:
        raise Http404(f"There is no such {shown.one}.") from err


def sections_of(request: PortalRequest, company_id: int, size: int) -> list[dict[str, Any]]:
    """What a company has of each kind but contacts: the first rows of each list and how many there are."""
    today, wanted = today_of(request), RecordFilters(company=company_id)
    pages = [(shown, record_list(shown.kind, wanted, today, None, size)) for shown in SHOWN if shown.key != "contacts"]
    return [
        {"shown": shown, "page": page, "rows": page.rows, "address": f"/clients/{shown.key}/?company={company_id}"}
        for shown, page in pages
    ]


def list_file(request: PortalRequest, noun: str, columns: Sequence[str], batches: Batches) -> StreamingHttpResponse:
    """The file of a list, which says in its name what it holds, whose it is and of which day."""
    name = f"{noun}-{request.organization.slug}-{dt.datetime.now(dt.UTC):%Y-%m-%d}.csv"
    heads = ["Local id" if column == "id" else column for column in columns]
    return download(name, request.organization.organization_id, heads, batches)


def days(today: dt.date) -> dict[str, dt.date]:
    """What rows compare their days with."""
    return {"today": today, "soon": today + SOON}


def filters_of(request: PortalRequest) -> RecordFilters:
    """The filters of the address; what cannot be understood narrows nothing."""
    texts = {name: text_of(request.GET.get(name, "")) for name in ("q", "status", "type", "state", "sort")}
    return RecordFilters(company=number_of(request.GET.get("company", "")), **texts)


def today_of(request: PortalRequest) -> dt.date:
    """The organization's calendar day."""
    return timezone.localdate(timezone=zone_named(request.organization.time_zone))


def hiding_of(shown: ShownKind, wanted: RecordFilters, page: RecordPage, today: dt.date, client: str) -> list[Hiding]:
    """Only where nothing is left: which filter hides how many."""
    if page.rows:
        return []
    state = shown.kind.states.get(wanted.state)
    words = {"company": client or "not here", "state": state.label if state else wanted.state}
    return [
        Hiding(
            name,
            LABELS[name],
            words.get(name) or str(getattr(wanted, name)),
            records_counted(shown.kind, wanted.without(name), today),
        )
        for name in wanted.active()
    ]
