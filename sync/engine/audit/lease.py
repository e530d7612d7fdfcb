"""Who works on a drift audit: claimed with a fence, written only by its holder, parked and ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Now

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.port import Adapter, Scope
from integrations.settings_schema import ConnectionSettings
from sync.engine.run.work import Meter
from sync.models import DriftAudit

LEASE = dt.timedelta(seconds=120)


class Overtaken(Exception):
    """Somebody else works on the audit, or it was ended: write nothing more."""


@dataclass(slots=True)
class Auditing:
    """One worker's slice of one audit."""

    audit: DriftAudit
    connection: Connection
    adapter: Adapter
    settings: ConnectionSettings
    scope: Scope
    meter: Meter
    pool: ThreadPoolExecutor


def claim(audit_id: int) -> DriftAudit | None:
    """The audit with a new fence; None when it is not due, or somebody has it."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    due = Q(not_before=None) | Q(not_before__lte=Now())
    with tenant_transaction():
        taken = DriftAudit.objects.filter(free, due, pk=audit_id, state=DriftAudit.State.OPEN).update(
            fence=F("fence") + 1, lease_until=Now() + LEASE, not_before=None, waits_for=""
        )
        if not taken:
            return None
        DriftAudit.objects.filter(pk=audit_id, started_at=None).update(started_at=Now())
        claimed: DriftAudit = DriftAudit.objects.get(pk=audit_id)
    return claimed


@contextmanager
def held(audit: DriftAudit) -> Iterator[None]:
    """A write transaction of the audit. Raises Overtaken for a worker that lost it."""
    with tenant_transaction():
        mine = DriftAudit.objects.filter(pk=audit.pk, fence=audit.fence, state=DriftAudit.State.OPEN)
        if mine.update(lease_until=Now() + LEASE) != 1:
            raise Overtaken(f"audit {audit.pk} is no longer ours")
        yield


def park(audit: DriftAudit, pause: dt.timedelta, reason: str, *, failed: bool = False) -> None:
    """Gives the audit back until a moment that PostgreSQL remembers; the sweeper sends a task message then."""
    values: dict[str, Any] = {"attempts": F("attempts") + 1} if failed else {}
    try:
        with held(audit):
            DriftAudit.objects.filter(pk=audit.pk).update(
                lease_until=None, not_before=Now() + pause, waits_for=reason, rung_at=None, **values
            )
    except Overtaken:
        return


def end(audit: DriftAudit, state: str, message: str) -> None:
    """Closes the audit. What was compared stays."""
    try:
        with held(audit):
            DriftAudit.objects.filter(pk=audit.pk).update(
                state=state, message=message, finished_at=Now(), lease_until=None
            )
    except Overtaken:
        return
