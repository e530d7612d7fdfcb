"""Ticket Sync Options: the buttons, what each does, and the dialog before a clear."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from foundation.tenancy.zones import zone_words
from integrations.models import Connection
from integrations.settings_schema import readable_settings, settings_problems
from portal.web.access import requires
from portal.web.request import PortalRequest, sent_back
from portal.web.sync.audits import shown_audit
from portal.web.sync.forms import ClearForm
from portal.web.sync.labels import KIND_ICONS, KINDS, Badge, badge_of, expectation_words, stream_words
from portal.web.sync.lookups import found_connection
from portal.web.sync.panel import panels_of
from portal.web.wording import counted
from sync.models import Run, Schedule
from sync.selectors.drift import latest_audit
from sync.selectors.readable import readable_streams
from sync.selectors.resync_impact import ResyncImpact, resync_impact
from sync.selectors.runs import last_runs, open_runs, schedule_get
from sync.services.runs import RunRefused, run_request
from sync.services.schedules import schedule_problems

STARTABLE = frozenset({Run.Kind.QUICK, Run.Kind.FULL})


@dataclass(frozen=True, slots=True)
class Option:
    """One way to sync: ``open`` is a run of this kind that a press would join."""

    kind: str
    label: str
    icon: str
    does: str
    last: Run | None
    badge: Badge | None
    open: Run | None


@require_GET
@requires("view_integration_logs")
def connection_sync(request: PortalRequest, pk: int) -> HttpResponse:
    """The page; only its live part when it refreshes itself."""
    connection = found_connection(pk)
    runs = open_runs(connection)
    drift, schedule = latest_audit(connection), schedule_get(connection)
    context = {
        "connection": connection,
        "panels": panels_of(runs, readable_streams(request.access.can)),
        "options": options_of(connection, runs),
        "schedule": schedule,
        "zone": zone_words(request.organization.time_zone),
        "problems": schedule_problems(schedule, request.organization.time_zone) if schedule else [],
        "settings_problems": settings_problems(connection),
        "drift": shown_audit(drift) if drift else None,
        "audited": readable_settings(connection).audit_sample,
        "nightly_kinds": Schedule.NightlyKind,
    }
    return render(request, "sync/connection_live.html" if request.htmx else "sync/connection.html", context)


def options_of(connection: Connection, runs: list[Run]) -> list[Option]:
    """The three ways to sync, with what came of each last."""
    last = last_runs(connection)
    joinable = {run.kind: run for run in runs if run.state != Run.State.HELD}
    return [
        Option(
            kind=kind.value,
            label=str(kind.label),
            icon=KIND_ICONS[kind],
            does=KINDS[kind],
            last=last.get(kind.value),
            badge=badge_of(last[kind.value]) if kind.value in last else None,
            open=joinable.get(kind.value),
        )
        for kind in (Run.Kind.QUICK, Run.Kind.CLEAR_RESYNC, Run.Kind.FULL)
    ]


@require_POST
@requires("manage_integrations")
def run_start(request: PortalRequest, pk: int, kind: str) -> HttpResponse:
    """Starts a quick or full sync, or joins the open one and says so."""
    connection = found_connection(pk)
    if kind == Run.Kind.CLEAR_RESYNC:
        return redirect("web:clear_resync", pk=pk)
    if kind not in STARTABLE:
        raise Http404("There is no such kind of sync.")
    try:
        asked = run_request(
            connection=connection, kind=kind, trigger=Run.Trigger.PERSON, actor=request.user, urgent=True
        )
        messages.info(request, asked.message)
    except RunRefused as err:
        messages.error(request, str(err))
    return sent_back(request, reverse("web:connection_sync", args=[pk]))


@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def clear_resync(request: PortalRequest, pk: int) -> HttpResponse:
    """The dialog: what is replaced, what stays, what is lost; then the start."""
    connection = found_connection(pk)
    form = ClearForm(request.POST or None, name=connection.name)
    if request.method == "POST" and form.is_valid():
        try:
            asked = run_request(
                connection=connection,
                kind=Run.Kind.CLEAR_RESYNC,
                trigger=Run.Trigger.PERSON,
                actor=request.user,
                reason=form.cleaned_data["reason"],
                urgent=True,
            )
        except RunRefused as err:
            form.add_error(None, str(err))
        else:
            messages.info(request, asked.message)
            return redirect("web:connection_sync", pk=pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "sync/clear.html", clear_context(connection, form), status=status)


def clear_context(connection: Connection, form: ClearForm) -> dict[str, object]:
    """What the dialog shows."""
    found = resync_impact(connection)
    return {
        "connection": connection,
        "form": form,
        "clearance": found,
        "counts": [(stream_words(name), count) for name, count in found.counts],
        "headline": headline(found),
        "takes": expectation_words(found.expectation),
    }


def headline(found: ResyncImpact) -> str:
    """ "48,210 tickets, 120,400 notes and 51,002 other records are replaced"."""
    counts = dict(found.counts)
    named = [
        f"{counted(counts[name])} {stream_words(name)}"
        for name in ("tickets", "notes", "time_entries")
        if name in counts
    ]
    rest = found.rows - sum(counts.get(name, 0) for name in ("tickets", "notes", "time_entries"))
    if rest:
        named.append(f"{counted(rest)} other record{pluralize(rest)}")
    if not named:
        return "Nothing is here yet: there is nothing to replace"
    return f"{' and '.join(', '.join(named).rsplit(', ', 1))} are replaced"
