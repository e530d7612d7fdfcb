"""The audit log: who did what, when, from where."""

from __future__ import annotations

from datetime import UTC
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from foundation.core.client_input import day_of, midnight, moment_of, number_of
from foundation.tenancy.models import AuditEvent
from foundation.tenancy.selectors import AuditFilter, AuditPlace, audit_page, member_list
from foundation.tenancy.zones import zone_named
from portal.web.access import requires
from portal.web.people.audit_words import AREAS, presented
from portal.web.request import PortalRequest

PAGE = 50
MOST_PEOPLE = 500
FILTERS = ("person", "area", "from", "to")


@requires("view_audit")
def audit(request: PortalRequest) -> HttpResponse:
    """Filtered by person, area and days in the organization's zone. What can't be read in the address is left out."""
    found = audit_page(_wanted(request), PAGE + 1, _place(request.GET.get("before", "")))
    people = [(member.user_id, str(member)) for member in member_list()[:MOST_PEOPLE]]
    given = {name: value for name in FILTERS if (value := request.GET.get(name, ""))}
    more = found[PAGE - 1] if len(found) > PAGE else None
    context = {
        "events": [presented(event) for event in found[:PAGE]],
        "given": given | {"since": given.get("from", ""), "until": given.get("to", "")},
        "active": len(given),
        "people": people,
        "areas": list(AREAS.items()),
        "next": "?" + urlencode(given | {"before": _spelt(more)}) if more else "",
        "first": "?" + urlencode(given) if request.GET.get("before") else "",
    }
    return render(request, "people/audit.html", context)


def _wanted(request: PortalRequest) -> AuditFilter:
    zone = zone_named(request.organization.time_zone)
    person, area = request.GET.get("person", ""), request.GET.get("area", "")
    return AuditFilter(
        actor_id=number_of(person),
        area=area if area in AREAS else "",
        since=midnight(day_of(request.GET.get("from", "")), zone),
        until=midnight(day_of(request.GET.get("to", "")), zone, days=1),
    )


def _spelt(event: AuditEvent) -> str:
    return f"{event.at.astimezone(UTC).isoformat()}~{event.pk}"


def _place(text: str) -> AuditPlace | None:
    moment, _, number = text.partition("~")
    at, row = moment_of(moment), number_of(number)
    return AuditPlace(at, row) if at is not None and row is not None else None
