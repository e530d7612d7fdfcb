"""Changing the PSA instance, step by step. Each step is stored when it is taken, so that it can be left and taken up again anywhere."""

from __future__ import annotations

import datetime as dt
import errno
import tempfile
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from foundation.core.errors import Refused
from integrations import registry
from integrations.models import Connection
from mappings.kinds import KINDS
from mappings.selectors import unmapped
from portal.web.access import requires
from portal.web.integrations.forms import RemoveForm
from portal.web.integrations.lookups import found_provider, shown_connection
from portal.web.integrations.presenters import shown_card
from portal.web.request import PortalRequest
from portal.web.sync.downloads import slug
from portal.web.sync.labels import stream_words
from sync.models import InstanceChange, Run
from sync.selectors.archive import archive_of
from sync.selectors.instance import change_of
from sync.selectors.overview import connection_card
from sync.selectors.resync_impact import live_counts, resync_impact
from sync.services import instance

Step = InstanceChange.Step
RAIL = ("Disconnect", "Export and purge", "Connect", "Map", "First sync")
PLACES = {Step.DISCONNECTED: 1, Step.PURGING: 1, Step.PURGED: 2, Step.CONNECTING: 2, Step.READING: 3}
SPOOLED = 8 * 1024 * 1024
NO_ROOM = (
    "The file is larger than the room for temporary files on the server. An operator can write it to a place of their choice: "
    "manage.py connection change export --file FILE."
)


class BeginForm(forms.Form):
    """Disconnecting takes a reason."""

    reason = forms.CharField(
        label="Reason",
        label_suffix="",
        max_length=500,
        help_text="It stands in the audit log.",
        error_messages={"required": "Give a reason: it stands in the audit log."},
    )


@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def connection_change(request: PortalRequest, pk: int) -> HttpResponse:
    """The step that the change has come to; a POST takes the next one."""
    found = shown_connection(pk)
    change = change_of(found)
    if request.method == "POST":
        return taken(request, found, change)
    return render(request, "integrations/change.html", context_of(found, change))


def taken(request: PortalRequest, found: Connection, change: InstanceChange | None) -> HttpResponse:
    """Takes the step that the button names; a refusal is said on the page."""
    form = BeginForm(request.POST)
    if change is None:
        if not form.is_valid():
            context = context_of(found, None) | {"form": form}
            return render(request, "integrations/change.html", context, status=422)
        instance.change_begin(connection=found, actor=request.user, reason=form.cleaned_data["reason"])
        return redirect(request.path)
    step = ACTS.get(request.POST.get("act", ""))
    if step is None:
        raise Http404("There is no such step.")
    try:
        return step(request, found, change)
    except Refused as err:
        messages.error(request, err.message)
        return redirect(request.path)


def call_off(request: PortalRequest, found: Connection, change: InstanceChange) -> HttpResponse:
    instance.change_cancel(change=change, actor=request.user)
    messages.success(request, "Called off. The connection leads to the same PSA as before.")
    return redirect("web:connection", pk=found.pk)


def purge(request: PortalRequest, found: Connection, change: InstanceChange) -> HttpResponse:
    named = RemoveForm(request.POST, connection=found)
    if not named.is_valid():
        context = context_of(found, change) | {"named": named}
        return render(request, "integrations/change.html", context, status=422)
    instance.change_purge(change=change, actor=request.user)
    return redirect(request.path)


def connect(request: PortalRequest, found: Connection, change: InstanceChange) -> HttpResponse:
    system = found_provider(request.POST.get("provider", ""))
    instance.change_connect(change=change, provider=system.key, actor=request.user)
    return redirect("web:connection_configure", pk=found.pk, step="credentials")


def read(request: PortalRequest, found: Connection, change: InstanceChange) -> HttpResponse:
    asked = instance.change_read(change=change, actor=request.user)
    messages.info(request, asked.message)
    return redirect(request.path)


def first_sync(request: PortalRequest, found: Connection, change: InstanceChange) -> HttpResponse:
    asked = instance.change_finish(change=change, actor=request.user)
    messages.success(request, asked.message)
    return redirect("web:run", pk=asked.run.pk)


ACTS: dict[str, Callable[[PortalRequest, Connection, InstanceChange], HttpResponse]] = {
    "cancel": call_off,
    "purge": purge,
    "connect": connect,
    "read": read,
    "first": first_sync,
}


def context_of(found: Connection, change: InstanceChange | None) -> dict[str, Any]:
    """What the page shows at each step."""
    reading = Run.objects.filter(pk=change.reading).first() if change is not None and change.reading else None
    place = 0 if change is None else PLACES[Step(change.step)]
    context = {
        "connection": found,
        "provider": found_provider(found.provider),
        "card": shown_card(connection_card(found, timezone.now())),
        "change": change,
        "rail": [
            (label, "done" if number < place else "current" if number == place else "todo")
            for number, label in enumerate(RAIL)
        ],
        "form": BeginForm(),
        "named": RemoveForm(None, connection=found),
        "tab": "overview",
        "reading": reading,
    }
    if change is None or change.step == Step.DISCONNECTED:
        counts = [(stream_words(name).capitalize(), rows) for name, rows in live_counts(found)]
        context |= {"counts": counts, "unsent": resync_impact(found).unsent_count, "open_run": open_run(found)}
    elif change.step == Step.PURGING:
        context |= {"deleted": sum(change.purged.values()), "expected": sum(change.counts.values())}
    elif change.step in {Step.PURGED, Step.CONNECTING}:
        context |= {"systems": registry.providers(), "deleted": sum(change.purged.values())}
    elif change.step == Step.READING and reading is not None and reading.state == Run.State.DONE:
        left = unmapped(found)
        # Members and companies come first: they are what this step was made for.
        kinds = sorted(KINDS.values(), key=lambda kind: kind.key not in {"member", "company"})
        context |= {"unmapped": [(kind.many.capitalize(), left.get(kind.key, 0), kind.slug) for kind in kinds]}
    return context


def open_run(found: Connection) -> Run | None:
    """A run that is still ending."""
    return Run.objects.filter(connection=found, state__in=Run.OPEN).order_by("pk").first()


@require_GET
@requires("manage_integrations")
@requires("view_tickets")
@requires("view_clients")
def connection_export(request: PortalRequest, pk: int) -> FileResponse:
    """Everything that people see of the connection as one ZIP of CSV files, a file a stream. Made on disk, batch by batch."""
    found = shown_connection(pk)
    file = tempfile.SpooledTemporaryFile(max_size=SPOOLED)  # noqa: SIM115 - the answer closes it
    try:
        archive_of(found, file)
    except BaseException as err:
        file.close()
        if isinstance(err, OSError) and err.errno == errno.ENOSPC:
            raise Refused(NO_ROOM) from err
        raise
    file.seek(0)
    name = f"{slug(found.name)}-{dt.datetime.now(dt.UTC):%Y-%m-%d}.zip"
    answer = FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
    answer["Cache-Control"] = "no-store"
    return answer
