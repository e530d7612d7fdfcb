"""What the drift audits of a connection found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from integrations.models import Connection
from sync.engine.audit.compare import Finding, wilson
from sync.models import DriftAudit, DriftStream

SHOWN = 30
FIGURES = ("sampled", "matching", "differing", "missing_there", "missing_here", "looked_at", "explained", "unread")


@dataclass(frozen=True, slots=True)
class MatchRate:
    """``matching`` of ``judged`` records are as the PSA has them; with 95 % confidence the share lies between ``low`` and ``high``."""

    matching: int
    judged: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        return self.matching / self.judged


@dataclass(frozen=True, slots=True)
class AuditReport:
    """An audit with its streams. ``rate``: of all streams together; None while nothing is judged."""

    audit: DriftAudit
    streams: tuple[DriftStream, ...]

    @property
    def rate(self) -> MatchRate | None:
        return match_rate(sum(s.matching for s in self.streams), sum(s.judged for s in self.streams))

    @property
    def drift(self) -> int:
        """Differences that nothing explains."""
        return sum(stream.drift for stream in self.streams)

    @property
    def explained(self) -> int:
        return sum(stream.explained for stream in self.streams)

    @property
    def left(self) -> int:
        """Records of the sample that are still to be read."""
        return sum(len(stream.todo) for stream in self.streams)


def match_rate(matching: int, judged: int) -> MatchRate | None:
    """The rate with its interval; None for no record."""
    interval = wilson(matching, judged)
    return None if interval is None else MatchRate(matching, judged, *interval)


def rate_of(stream: DriftStream) -> MatchRate | None:
    """One stream's rate."""
    return match_rate(stream.matching, stream.judged)


def findings_of(stream: DriftStream) -> list[Finding]:
    """The records that do not match, in the order in which they were met."""
    return [Finding(**row | {"fields": tuple(row["fields"])}) for row in stream.findings]


def audit_report(pk: int) -> AuditReport:
    """One audit. Raises DriftAudit.DoesNotExist, for foreign and absent ones alike."""
    return reports([DriftAudit.objects.select_related("connection").get(pk=pk)])[0]


def latest_audit(connection: Connection) -> AuditReport | None:
    """The connection's newest audit, under way or not."""
    found = reports(DriftAudit.objects.filter(connection_id=connection.pk).order_by("-pk")[:1])
    return found[0] if found else None


def audit_history(connection: Connection, most: int = SHOWN) -> list[AuditReport]:
    """The connection's newest audits, newest first, in two queries."""
    return reports(DriftAudit.objects.filter(connection_id=connection.pk).order_by("-pk")[:most])


def reports(audits: Iterable[DriftAudit]) -> list[AuditReport]:
    """Audits with their streams, in their order."""
    known = list(audits)
    streams = DriftStream.objects.filter(audit_id__in=[audit.pk for audit in known]).order_by("audit_id", "position")
    by_audit = {key: tuple(members) for key, members in groupby(streams, key=lambda stream: stream.audit_id)}
    return [AuditReport(audit, by_audit.get(audit.pk, ())) for audit in known]


def audit_answer(report: AuditReport) -> dict[str, Any]:
    """The audit for scripts: rates are shares from 0 to 1, None where nothing could be judged."""
    audit = report.audit
    return {
        "audit": audit.pk,
        "connection": audit.connection_id,
        "state": audit.state,
        "message": audit.message or audit.waits_for,
        "created_at": audit.created_at,
        "finished_at": audit.finished_at,
        "sample": audit.sample,
        "requests": audit.requests,
        "drift": report.drift,
        "explained": report.explained,
        **rate_answer(report.rate),
        "streams": {
            stream.name: {name: getattr(stream, name) for name in FIGURES}
            | {"requests": stream.requests, **rate_answer(rate_of(stream))}
            | {"findings": stream.findings}
            for stream in report.streams
        },
    }


def rate_answer(found: MatchRate | None) -> dict[str, Any]:
    """{"match_rate", "interval"}."""
    if found is None:
        return {"match_rate": None, "interval": None}
    return {"match_rate": round(found.rate, 6), "interval": [round(found.low, 6), round(found.high, 6)]}
