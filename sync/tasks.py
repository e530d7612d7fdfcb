"""Doors of the workers: one id in, one service, done. A task may be lost or arrive twice."""

from __future__ import annotations

import time

from celery import shared_task
from django.conf import settings
from structlog.contextvars import bound_contextvars

from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.tasks import TenantTask
from sync.dispatch import dispatch_audit, dispatch_purge, dispatch_retries, dispatch_run
from sync.engine.audit.drift_audit import audit_advance
from sync.engine.run.drive import advance
from sync.isolation import isolated
from sync.models import Run
from sync.services.issues import retry_next
from sync.services.mails import mails_send
from sync.services.purge import purge_advance
from sync.services.recovery import refused_retry
from sync.services.sweeper import dispatch_turns, sweep


@shared_task(name="sync.advance", base=TenantTask)
def advance_run(organization_id: int, run_id: int) -> None:
    """One slice of a run; asks for another one when there is more, behind whoever waits by then."""
    with bound_contextvars(run=run_id), isolated("a slice of a run", organization_id, run=run_id):
        if advance(run_id):
            dispatch_run(organization_id, run_id, lane_of(run_id, organization_id))
    dispatch_turns()


@shared_task(name="sync.audit", base=TenantTask)
def audit_drift(organization_id: int, audit_id: int) -> None:
    """One slice of a drift audit; asks for another one when there is more."""
    with bound_contextvars(audit=audit_id), isolated("a slice of an audit", organization_id, audit=audit_id):
        if audit_advance(audit_id):
            dispatch_audit(organization_id, audit_id)


def lane_of(run_id: int, organization_id: int) -> str:
    """The run's lane."""
    with tenant_transaction(organization_id):
        return Run.objects.values_list("lane", flat=True).get(pk=run_id)


@shared_task(name="sync.purge", base=TenantTask)
def purge_instance(organization_id: int, change_id: int) -> None:
    """One slice of a purge; asks for another one when there is more."""
    with isolated("a slice of a purge", organization_id, change=change_id):
        if purge_advance(change_id):
            dispatch_purge(organization_id, change_id)


@shared_task(name="sync.retry", base=TenantTask)
def retry_records(organization_id: int) -> None:
    """Fetches the records again that somebody asked for, for a slice's time; asks for another one when there are more."""
    ends_at = time.monotonic() + settings.SYNC_SLICE_SECONDS
    while retry_next():
        if time.monotonic() > ends_at:
            dispatch_retries(organization_id)
            return


@shared_task(name="sync.refused_retry", base=TenantTask)
def retry_refused(organization_id: int, connection_id: int) -> None:
    """Asks a PSA that refused the credentials whether it accepts them again."""
    with isolated("trying refused credentials", organization_id, connection=connection_id):
        refused_retry(connection_id)


@shared_task(name="sync.mail", base=TenantTask)
def send_mails(organization_id: int) -> None:
    """Sends the organization's mails that are due."""
    mails_send()


@shared_task(name="sync.sweep")
def sweep_due() -> None:
    """Starts what is due and missing, and tells workers of runs that nobody works on."""
    sweep()
