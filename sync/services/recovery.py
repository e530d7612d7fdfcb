"""Refused credentials are tried again by the clock: one refusal that passes must not stop a connection's syncs for good.

Rarely, and with one request each time: a vendor locks an account after a few wrong passwords in a row. Once the PSA accepts them again,
the first sync, the night that was missed, or a quick sync, is due at once; the run that goes well gives the all-clear.
"""

from __future__ import annotations

from contextlib import suppress

import structlog

from foundation.core import database_clock
from foundation.tenancy.scope import system_transaction, tenant_transaction
from integrations.errors import AuthenticationFailed, IntegrationError, PermissionMissing
from integrations.models import Connection
from integrations.port import Adapter, ReadRequest
from integrations.services.connections import connection_answered, connection_failed, connection_open
from integrations.services.health import REFUSED_DUE, refused_retry_claim
from sync.engine.run.alarms import alarm_end_accepted
from sync.models import Nightly, Run, Schedule
from sync.services.runs import RunRefused, is_first, run_request, serialise

log = structlog.get_logger("sync")


def retries_of_refused_due() -> list[tuple[int, int]]:
    """(organization, connection) of connections whose refused credentials are to be tried again."""
    with system_transaction():
        due = Connection.objects.filter(REFUSED_DUE)
        return list(due.order_by("retry_at").values_list("organization_id", "pk")[:500])


def refused_retry(connection_id: int) -> bool:
    """Asks the PSA once whether it accepts the credentials again. In a tenant scope, outside a transaction: it waits on the network.
    Returns whether it does."""
    connection = refused_retry_claim(connection_id=connection_id)
    if connection is None:
        return False
    try:
        adapter = connection_open(connection)
        try:
            require_accepted(adapter)
        finally:
            adapter.close()
    except IntegrationError as err:
        log.info("Refused credentials were tried again", connection=connection.pk, code=err.code)
        with tenant_transaction(connection.organization_id):
            connection_failed(connection_id=connection.pk, error=err)
        return False
    log.info("The PSA accepts the credentials again", connection=connection.pk)
    with tenant_transaction(connection.organization_id):
        # First the lock of presses, then the schedule's row, as whoever starts what is due.
        serialise(connection)
        connection_answered(connection_id=connection.pk)
        if not brought_forward(connection):
            alarm_end_accepted(connection.pk)
    return True


def require_accepted(adapter: Adapter) -> None:
    """Raises AuthenticationFailed where the PSA refuses the credentials. Which instance it is, systems tell without any; so it is asked
    for a ticket. A right that is missing is no refusal of the credentials."""
    with suppress(PermissionMissing):
        adapter.read_page(ReadRequest(stream="tickets", page_size=1))


def brought_forward(connection: Connection) -> bool:
    """Asks for the first sync, where the connection still has none; else makes the missed night due now, or a quick sync. Returns whether
    anything is to come."""
    schedule = Schedule.objects.select_for_update(no_key=True).filter(connection=connection).first()
    if schedule is not None and schedule.paused_at is not None:
        return False
    if is_first(connection):
        return first_asked(connection)
    if schedule is None:
        return False
    now = database_clock.now()
    night = Nightly.objects.filter(connection=connection).select_related("run").order_by("-local_date").first()
    if schedule.nightly_on and night is not None and night_missed(night):
        schedule.nightly_next_at, schedule.nightly_next_date = now, night.local_date
    elif schedule.quick_minutes:
        schedule.quick_next_at = now
    else:
        return False
    schedule.save(update_fields=["nightly_next_at", "nightly_next_date", "quick_next_at"])
    return True


def first_asked(connection: Connection) -> bool:
    """Asks for the connection's first sync: it is nobody's night, and quick syncs wait for it. Returns whether it is to come."""
    try:
        run_request(connection=connection, kind=Run.Kind.FULL, trigger=Run.Trigger.FIRST)
    except RunRefused as err:
        log.warning(str(err), connection=connection.pk)
        return False
    return True


def night_missed(night: Nightly) -> bool:
    """Whether a night's run was not started, or ended because the credentials were refused."""
    return night.run is None or night.run.error_code == AuthenticationFailed.code
