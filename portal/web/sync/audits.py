"""Drift audits: how well a random sample of the copy matches the PSA, and the records that do not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET, require_POST

from portal.web.access import requires
from portal.web.request import PortalRequest
from portal.web.sync.labels import Badge, field_words, stream_words
from portal.web.sync.lookups import found_audit, found_connection
from portal.web.sync.presenters import PAGES
from portal.web.sync.runs import untold
from sync.engine.audit.compare import Finding
from sync.models import DriftAudit, DriftStream
from sync.selectors.drift import AuditReport, MatchRate, audit_history, findings_of, rate_of
from sync.selectors.readable import readable_streams
from sync.services.audits import AuditRefused, audit_request, dispatch_for
from sync.services.live import page_urls

VERDICTS: dict[str, Badge] = {
    "differs": Badge("bad", "x-circle", "Differs", "The PSA has other values, and nothing explains it."),
    "gone": Badge(
        "bad", "trash", "Not in the PSA", "It is here, and the PSA has it no more. The next full sync decides."
    ),
    "absent": Badge("bad", "minus", "Not here", "The PSA has it, and a sync should have brought it."),
    "since": Badge("info", "edit", "Changed since", "Somebody changed it after it was read; the next sync brings it."),
    "settled": Badge("info", "refresh", "Synced meanwhile", "A sync wrote it while the PSA was asked."),
    "scope": Badge(
        "info", "filter", "Not wanted any more", "The settings leave it out; it goes at the next full sync."
    ),
    "unread": Badge("neutral", "minus", "Not read", "The PSA did not answer this one question."),
}
DRIFT = ("differs", "gone", "absent")
MOST = 500
"""Findings that the page lists; the command prints all."""


@dataclass(frozen=True, slots=True)
class ShownRate:
    """A match rate in words; percentages are cut, so that 100 % means all."""

    share: str
    low: str
    high: str
    judged: int


@dataclass(frozen=True, slots=True)
class ShownAudit:
    """An audit on a page. ``badge``: what came of it, or that it is under way."""

    report: AuditReport
    badge: Badge
    rate: ShownRate | None


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A record that does not match. ``href``: its page here; ``remote``: its page in the PSA; "" where there is none."""

    finding: Finding
    stream: str
    badge: Badge
    fields: str
    href: str
    remote: str


def percent(share: float) -> str:
    """ "99.3 %": cut to tenths, never rounded up."""
    tenths = int(share * 1000 + 1e-9) / 10
    return f"{tenths:.0f} %" if tenths == int(tenths) else f"{tenths:.1f} %"


def shown_rate(rate: MatchRate | None) -> ShownRate | None:
    """A rate in words; None for none."""
    return None if rate is None else ShownRate(percent(rate.rate), percent(rate.low), percent(rate.high), rate.judged)


def shown_audit(report: AuditReport) -> ShownAudit:
    """An audit with its badge."""
    return ShownAudit(report, badge_of_audit(report), shown_rate(report.rate))


def badge_of_audit(report: AuditReport) -> Badge:
    """Under way, not finished, drift or none."""
    audit = report.audit
    if audit.state == DriftAudit.State.OPEN:
        if audit.waits_for:
            return Badge("warn", "pause", "Waiting", audit.waits_for)
        return Badge("running", "progress", "Under way", "Goes on whenever no sync is at work.")
    if audit.state == DriftAudit.State.FAILED:
        return Badge("neutral", "stop", "Not finished", audit.message)
    if report.drift:
        return Badge("bad", "alert", "Drift", "Records differ from the PSA, and nothing explains it.")
    return Badge("ok", "check", "No drift", "Every difference is explained, or there is none.")


@require_GET
@requires("view_integration_logs")
def drift_audit(request: PortalRequest, pk: int) -> HttpResponse:
    """One audit: its figures by stream, the records that do not match, and the audits before it."""
    report = found_audit(pk)
    connection = report.audit.connection
    readable = readable_streams(request.access.can)
    told = [stream for stream in report.streams if stream.name in readable]
    found = [(stream, finding) for stream in told for finding in findings_of(stream)]
    found.sort(key=lambda pair: pair[1].verdict not in DRIFT)
    urls = page_urls(connection, [(stream.name, finding.remote_id) for stream, finding in found[:MOST]])
    context = {
        "connection": connection,
        "shown": shown_audit(report),
        "audit": report.audit,
        "lines": [(stream_words(s.name).capitalize(), s, shown_rate(rate_of(s))) for s in report.streams],
        "findings": shown_findings(found[:MOST], urls),
        "untold": untold((stream.name for stream in report.streams), readable),
        "more": max(0, len(found) - MOST),
        "history": [shown_audit(each) for each in audit_history(connection)],
    }
    return render(request, "sync/drift_audit.html", context)


def shown_findings(found: Iterable[tuple[DriftStream, Finding]], urls: list[str]) -> list[ShownFinding]:
    """The records in words, with where they are."""
    return [
        ShownFinding(
            finding,
            stream_words(stream.name),
            VERDICTS[finding.verdict],
            ", ".join(field_words(name) for name in finding.fields),
            page_here(stream.name, finding),
            url,
        )
        for (stream, finding), url in zip(found, urls, strict=True)
    ]


def page_here(stream: str, finding: Finding) -> str:
    """The record's page here; "" where it has none, or is not here."""
    name = PAGES.get(stream)
    if name is None or finding.record_id is None:
        return ""
    try:
        return reverse(name, args=[finding.record_id])
    except NoReverseMatch:
        return ""


@require_POST
@requires("manage_integrations")
def audit_start(request: PortalRequest, pk: int) -> HttpResponse:
    """Compares a sample now, or shows the comparison that is under way."""
    connection = found_connection(pk)
    try:
        asked = audit_request(connection=connection, actor=request.user)
    except AuditRefused as err:
        messages.error(request, str(err))
        return redirect("web:connection_sync", pk=pk)
    if asked.joined:
        messages.info(request, "One is under way already.")
    transaction.on_commit(lambda: dispatch_for(asked.audit))
    return redirect("web:drift_audit", pk=asked.audit.pk)
