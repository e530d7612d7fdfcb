"""Asking for drift audits, and which of them are due."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Now

from foundation.core import database_clock
from foundation.core.errors import Refused
from foundation.tenancy.models import User
from foundation.tenancy.scope import system_transaction
from foundation.tenancy.services.audit import audit_record
from integrations.models import Connection
from integrations.settings_schema import LIMITS, settings_of
from sync.dispatch import dispatch_audit
from sync.models import DriftAudit
from sync.services.runs import is_first, serialise

TOLD_AT_ONCE = 16
"""Audits that workers are told of in one round of the sweeper: they are nobody's hurry."""
TOLD_AGAIN = dt.timedelta(minutes=5)
"""After so long without a worker its task message counts as lost."""


class AuditRefused(Refused):
    """What was asked can't be audited now; the message is for people."""


@dataclass(frozen=True, slots=True)
class AuditRequested:
    """``joined``: one was under way already."""

    audit: DriftAudit
    joined: bool


def audit_request(*, connection: Connection, sample: int | None = None, actor: User | None = None) -> AuditRequested:
    """An audit that is due now, or the one that is under way. In the caller's tenant transaction; the caller tells a worker or works on it.

    ``sample``: records of each stream, by default as many as each night, or 100 where the nightly one is off. Raises AuditRefused.
    """
    least, most = 1, LIMITS["audit_sample"][1]
    size = (settings_of(connection).audit_sample or 100) if sample is None else sample
    if not least <= size <= most:
        raise AuditRefused(f"A sample has {least} to {most:,} records of each stream.")
    serialise(connection)
    if is_first(connection):
        raise AuditRefused("The first sync has not been completed: there is no copy yet that could be compared.")
    under_way = DriftAudit.objects.filter(connection=connection, state=DriftAudit.State.OPEN).first()
    if under_way is not None:
        return AuditRequested(under_way, True)
    audit = DriftAudit.objects.create(
        organization_id=connection.organization_id, connection=connection, sample=size, created_at=database_clock.now()
    )
    audit_record(action="sync.audited", target=audit, actor=actor, changes={"sample": [None, size]})
    return AuditRequested(audit, False)


def audits_due() -> list[tuple[int, int]]:
    """(organization, audit) of the oldest ones that nobody works on, marked as told of."""
    idle = Q(lease_until=None) | Q(lease_until__lt=Now())
    rested = Q(not_before=None) | Q(not_before__lte=Now())
    untold = Q(rung_at=None) | Q(rung_at__lt=Now() - TOLD_AGAIN)
    with system_transaction():
        due = DriftAudit.objects.filter(idle, rested, untold, state=DriftAudit.State.OPEN).order_by("created_at")
        rows = list(due.values_list("organization_id", "pk")[:TOLD_AT_ONCE])
        DriftAudit.objects.filter(pk__in=[pk for _, pk in rows]).update(rung_at=Now())
    return rows


def dispatch_for(audit: DriftAudit) -> None:
    """Tells a worker of the audit."""
    dispatch_audit(audit.organization_id, audit.pk)
