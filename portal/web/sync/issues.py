"""Issues: what is broken, by cause, and which button mends it?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from foundation.core.client_input import number_of
from foundation.core.errors import Refused
from portal.web.access import requires
from portal.web.mappings.issues import unmapped_shown
from portal.web.request import PortalRequest
from portal.web.sync.forms import DismissForm
from portal.web.sync.labels import stream_words
from portal.web.sync.lookups import found_issue
from sync.engine.run.locations import one_of
from sync.models import Issue
from sync.selectors.history import connection_choices
from sync.selectors.issues import (
    CLEARED,
    DISMISSED,
    OPEN,
    IssueGroup,
    IssuePage,
    about,
    issue_groups_open,
    issue_labels,
    issues_like,
)
from sync.selectors.readable import UNTOLD, may_read, readable_streams
from sync.services.issues import fetched_again, issues_dismiss, issues_reopen, issues_retry

STATE_CHOICES = [(OPEN, "Open"), (DISMISSED, "Dismissed"), (CLEARED, "Cleared")]
MENDING = {
    "authentication_failed": ("Enter new credentials.", "web:connection_credentials"),
    "address_refused": ("Correct the address.", "web:connection_credentials"),
    "permission_missing": ("Give the key the right that is named, then test the connection.", "web:connection"),
    "record_rejected": ("Correct the record in the PSA, then fetch it again.", ""),
    "not_found": ("Nothing: the next full sync removes what is gone, and reads again what is not.", ""),
    "parents_unread": ("Nothing, if the PSA is well again: the next full sync reads them.", "web:connection_sync"),
    "stream_unread": (
        "Ask the PSA's vendor, if it stays: it answers other questions. Each sync asks for it again.",
        "web:connection_sync",
    ),
    "value_left_out": ("Correct the value in the PSA, if it matters: the record itself is here.", ""),
    "incomplete_answer": (
        "Ask the PSA's vendor, or whoever runs what stands before it, why it sends so much in one answer.",
        "web:connection_sync",
    ),
    "removals_withheld": ("Decide on the page of the run: the records go, or they stay.", ""),
    "incomplete": (
        "Sync again; if it stays, ask the PSA's vendor why its count and its list differ.",
        "web:connection_sync",
    ),
    "too_many_failed": (
        "Look at the records that failed; if they may be left out, raise the share in the error handling.",
        "web:connection_handling",
    ),
    "protocol_error": ("Sync again later; the sample shows what the PSA answered.", "web:connection_sync"),
    "transient": ("Nothing, if the PSA is up again: the next sync clears this.", "web:connection_sync"),
    "rate_limited": ("Nothing: the next sync clears this.", "web:connection_sync"),
}
"""What to do about a code, and the connection's page where that is done."""


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """A group as the page shows it. ``what``: "212 tickets" or what else failed; ``remedy``, ``href``: how it is mended, and where."""

    group: IssueGroup
    what: str
    remedy: str
    href: str


@require_GET
@requires("view_integration_logs")
def issues(request: PortalRequest) -> HttpResponse:
    """The groups, most records first."""
    state = request.GET.get("state", OPEN)
    state = state if state in dict(STATE_CHOICES) else OPEN
    wanted = request.GET.get("connection", "")
    connection = number_of(wanted)
    readable = readable_streams(request.access.can)
    groups = [shown_group(told_group(group, readable)) for group in issue_groups_open(state, connection)]
    context = {
        "groups": groups,
        "unmapped": unmapped_shown(connection, readable) if state == OPEN else [],
        "state": state,
        "states": STATE_CHOICES,
        "connection": connection,
        "connections": connection_choices(),
        "active": (state != OPEN) + (connection is not None),
        "working": any(shown.group.waiting for shown in groups),
    }
    return render(request, "sync/issues.html", context)


def told_group(group: IssueGroup, readable: frozenset[str]) -> IssueGroup:
    """The group, without the message where that may quote records that the person may not see."""
    return group if may_read(group.stream, readable) else replace(group, message=UNTOLD)


def told_issue(found: Issue, readable: frozenset[str]) -> Issue:
    """The issue as it may be shown; not to be saved."""
    if not may_read(found.stream, readable):
        found.message, found.sample = UNTOLD, ""
    return found


def shown_group(group: IssueGroup) -> ShownGroup:
    """The group in words."""
    remedy, page = MENDING.get(group.code, ("Look at the run's log.", ""))
    return ShownGroup(group, what_failed(group), remedy, reverse(page, args=[group.connection_id]) if page else "")


def what_failed(group: IssueGroup) -> str:
    """What the issues are about: records, a stream, or whole runs."""
    if not group.stream:
        return "The sync itself"
    words = stream_words(group.stream)
    if group.records == 1:
        return words.capitalize()
    return f"{group.records:,} {words}"


@require_GET
@requires("view_integration_logs")
def issue(request: PortalRequest, pk: int) -> HttpResponse:
    """The records of one cause, and what can be done."""
    return render(request, "sync/issue.html", shown_issue(request, pk))


def shown_issue(request: PortalRequest, pk: int, form: DismissForm | None = None) -> dict[str, Any]:
    """What the page shows."""
    readable = readable_streams(request.access.can)
    found = found_issue(pk)
    after = request.GET.get("after", "")
    page = issues_like(found, number_of(after)) if may_read(found.stream, readable) else IssuePage([], None)
    found = told_issue(found, readable)
    labels = issue_labels(page.issues)
    remedy, where = MENDING.get(found.code, ("Look at the run's log.", ""))
    return {
        "issue": found,
        "rows": [shown_member(member, labels) for member in page.issues],
        "next": page.next,
        "after": after,
        "words": stream_words(found.stream) if found.stream else "the sync itself",
        "remedy": remedy,
        "href": reverse(where, args=[found.connection_id]) if where else "",
        "form": form or DismissForm(),
        "again": bool(fetched_again(found)[0]),
        "working": any(member.retry_at for member in page.issues),
    }


def shown_member(member: Issue, labels: dict[str, tuple[str, int]]) -> dict[str, Any]:
    """One issue of the list, with what it is about and whether that can be fetched again."""
    stream, remote_id = about(member)
    label, local = labels.get(remote_id, ("", None))
    below = f"{stream_words(member.stream)} of {one_of(stream)}" if stream != member.stream else one_of(stream)
    again = bool(fetched_again(member)[0])
    return {
        "issue": member,
        "label": label,
        "local": local,
        "stream": stream,
        "what": below,
        "id": remote_id,
        "again": again,
    }


@require_POST
@requires("manage_integrations")
def retry(request: PortalRequest, pk: int) -> HttpResponse:
    """Fetches the record, or all that failed alike, again."""
    found = found_issue(pk)
    try:
        asked = issues_retry(issue=found, all_alike="all" in request.POST, actor=request.user)
    except Refused as err:
        messages.error(request, err.message)
    else:
        messages.success(
            request,
            f"{asked:,} record{'s' if asked != 1 else ''} will be fetched again. What works disappears from here.",
        )
    return redirect("web:issue", pk=pk)


@require_POST
@requires("manage_integrations")
def dismiss(request: PortalRequest, pk: int) -> HttpResponse:
    """Takes the cause off the list, with a reason."""
    form = DismissForm(request.POST)
    if not form.is_valid():
        return render(request, "sync/issue.html", shown_issue(request, pk, form), status=422)
    dismissed = issues_dismiss(issue=found_issue(pk), reason=form.cleaned_data["reason"], actor=request.user)
    messages.success(
        request,
        f"{dismissed:,} issue{'s' if dismissed != 1 else ''} dismissed. They come back if they fail for another cause.",
    )
    return redirect("web:issues")


@require_POST
@requires("manage_integrations")
def reopen(request: PortalRequest, pk: int) -> HttpResponse:
    """Puts what was dismissed back on the list."""
    issues_reopen(issue=found_issue(pk), actor=request.user)
    messages.success(request, "These issues are on the list again.")
    return redirect("web:issue", pk=pk)
