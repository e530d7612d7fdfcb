"""The history: runs and changes of settings in one timeline."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from foundation.core.client_input import number_of
from foundation.core.redaction import HIDDEN
from foundation.tenancy.models import AuditEvent
from foundation.tenancy.zones import zone_named
from portal.web.access import requires
from portal.web.request import PortalRequest
from portal.web.sync.forms import KIND_CHOICES, RESULT_CHOICES, HistoryForm
from portal.web.sync.labels import KIND_ICONS, RESULTS, Badge, badge_of, field_words, starter
from portal.web.sync.presenters import ShownChange, shown_value
from sync.models import Run
from sync.selectors.history import (
    Entry,
    HistoryFilter,
    RunBrief,
    connection_choices,
    history_page,
    person_choices,
)
from sync.selectors.readable import PERMISSION_OF, readable_streams

FIELDS = 3
"""Changed settings that a line shows."""
LISTED = 20
"""Collapsed runs that a line lists; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline."""

    entry: Entry
    icon: str
    badge: Badge | None
    starter: str
    said: str = ""
    changes: tuple[ShownChange, ...] = ()
    unsaid: int = 0
    listed: tuple[RunBrief, ...] = ()
    unlisted: int = 0


@require_GET
@requires("view_integration_logs")
def sync_history(request: PortalRequest) -> HttpResponse:
    """One page of the timeline."""
    wanted = wanted_of(request)
    before = request.GET.get("before", "")
    page = history_page(wanted, number_of(before))
    context = {
        "wanted": wanted,
        "working": any(entry.run is not None and entry.run.is_open for entry in page.entries),
        "filters": request.GET,
        "lines": [line_of(entry, readable_streams(request.access.can)) for entry in page.entries],
        "next": page.next,
        "before": before,
        "connections": connection_choices(),
        "people": person_choices(),
        "results": RESULT_CHOICES,
        "kinds": KIND_CHOICES,
        "triggers": Run.Trigger.choices,
    }
    return render(request, "sync/history.html", context)


def wanted_of(request: PortalRequest) -> HistoryFilter:
    """The filter of the address, its dates in the organization's zone."""
    zone = zone_named(request.organization.time_zone if request.organization else "UTC")
    return HistoryForm(request.GET).chosen(zone)


def line_of(entry: Entry, readable: frozenset[str]) -> Line:
    """A line as the page shows it."""
    if entry.run is not None:
        return Line(entry, KIND_ICONS[entry.run.kind], badge_of(entry.run), starter(entry.run))
    if entry.quiet:
        rest = max(0, len(entry.quiet) - LISTED)
        return Line(entry, "equal", RESULTS[Run.Result.NO_CHANGE], "", listed=entry.quiet[:LISTED], unlisted=rest)
    return event_line(entry, entry.event, readable) if entry.event else Line(entry, "settings", None, "")


def event_line(entry: Entry, event: AuditEvent, readable: frozenset[str]) -> Line:
    """A change of settings: who, what, and the first fields with their values before and after. Mappings name companies and people to
    those who may see them."""
    changes = tuple(
        ShownChange(field_words(name), shown_value(values[0]), shown_value(values[1]))
        for name, values in event.changes.items()
        if (values[0] != values[1] or HIDDEN in values) and (name not in PERMISSION_OF or name in readable)
    )
    changes = tuple(sorted(changes, key=lambda change: change.after is not None and change.after.text == HIDDEN))
    who = str(event.actor or event.actor_label)
    rest = max(0, len(changes) - FIELDS)
    return Line(entry, "settings", None, who, said=said_of(event), changes=changes[:FIELDS], unsaid=rest)


def said_of(event: AuditEvent) -> str:
    """ "connection.credentials_changed" of Main → "connection Main: credentials changed"."""
    subject, _, act = event.action.partition(".")
    named = f"{subject} {event.target_label}" if subject == "connection" else subject
    return f"{named}: {act.replace('_', ' ')}"
