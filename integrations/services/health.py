"""What calls proved about a connection."""

from __future__ import annotations

import datetime as dt

from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from integrations.errors import AuthenticationFailed, IntegrationError, RateLimited
from integrations.models import Connection
from integrations.port import Budget, Usage
from portal.core import database_clock
from portal.tenancy.scope import tenant_transaction

State = Connection.State


def connection_answered(*, connection_id: int, at: dt.datetime | None = None) -> None:
    """A call succeeded just now (or at ``at``): the connection is connected, since the first success after anything else."""
    moment = Value(at) if at is not None else Now()
    with tenant_transaction():
        Connection.objects.filter(pk=connection_id).update(
            state_since=Case(When(state=State.CONNECTED, then=F("state_since")), default=moment),
            state=State.CONNECTED,
            state_reason="",
            last_ok_at=moment,
        )


def connection_metered(*, connection_id: int, usage: Usage, budget: Budget) -> None:
    """What the PSA just told of the requests that all of its integrations made, and above which shares of them
    work in the background goes slowly and waits."""
    told: dict[str, float | None] = {
        "used": usage.used,
        "limit": usage.limit,
        "minutes": usage.window.total_seconds() / 60,
    }
    told |= {"slow_above": budget.slow_above, "stop_above": budget.stop_above}
    with tenant_transaction():
        Connection.objects.filter(pk=connection_id).update(usage=told | {"at": database_clock.now().isoformat()})


def connection_failed(*, connection_id: int, error: IntegrationError) -> None:
    """A call failed. Being asked to wait is an answer, so it changes nothing; refused credentials say so; the rest is failing."""
    if isinstance(error, RateLimited):
        return
    state = State.REFUSED if isinstance(error, AuthenticationFailed) else State.FAILING
    connection_failing(connection_id=connection_id, state=state, reason=error.message)


def connection_failing(*, connection_id: int, state: str, reason: str) -> None:
    """Notes a failure in words. ``state_since`` stays while the state does: it says since when, not how often."""
    with tenant_transaction():
        Connection.objects.filter(pk=connection_id).update(
            state_since=Case(When(state=state, then=F("state_since")), default=Now()),
            state=state,
            state_reason=reason,
            last_error_at=Now(),
        )
