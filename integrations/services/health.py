"""What calls proved about a connection."""

from __future__ import annotations

import datetime as dt

from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from foundation.core import database_clock
from foundation.tenancy.scope import tenant_transaction
from integrations.errors import AuthenticationFailed, IntegrationError, RateLimited
from integrations.models import Connection
from integrations.port import Budget, Usage

State = Connection.State
PAUSES = (dt.timedelta(minutes=5), dt.timedelta(minutes=30), dt.timedelta(hours=1))
"""How long after refused credentials the PSA is asked again, the last for ever after. Rarely, because vendors lock an account after a few
wrong passwords in a row."""
STEADY = dt.timedelta(hours=1)
"""After so long without a refusal the pauses begin anew: credentials that are refused every other minute are not asked for every five."""

REFUSED_DUE = Q(state=State.REFUSED, setup_step="", retry_at__lte=Now())
"""Connections whose refused credentials are to be tried again now."""


def connection_answered(*, connection_id: int, at: dt.datetime | None = None) -> None:
    """A call succeeded just now (or at ``at``): the connection is connected, since the first success after anything else."""
    moment = Value(at) if at is not None else Now()
    with tenant_transaction():
        Connection.objects.filter(pk=connection_id).update(
            state_since=Case(When(state=State.CONNECTED, then=F("state_since")), default=moment),
            state=State.CONNECTED,
            state_reason="",
            last_ok_at=moment,
            retry_at=None,
            refused_tries=Case(
                When(state=State.CONNECTED, state_since__lt=Now() - STEADY, then=0), default=F("refused_tries")
            ),
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
            **(_next_try() if state == State.REFUSED else {"retry_at": None}),
        )


def _next_try() -> dict[str, Case]:
    """When refused credentials are tried again; a moment that is set stays, whoever was refused meanwhile."""
    is_set = Q(state=State.REFUSED, retry_at__isnull=False)
    return {
        "retry_at": Case(When(is_set, then=F("retry_at")), default=after_pause()),
        "refused_tries": Case(When(is_set, then=F("refused_tries")), default=one_more()),
    }


def after_pause() -> Case:
    """The end of the pause that comes next."""
    shorter = [When(refused_tries=tries, then=Now() + pause) for tries, pause in enumerate(PAUSES[:-1])]
    return Case(*shorter, default=Now() + PAUSES[-1])


def one_more() -> Case:
    """The number of tries in a row; behind the last pause it does not matter how many there were."""
    return Case(When(refused_tries__lt=len(PAUSES), then=F("refused_tries") + Value(1)), default=F("refused_tries"))


def refused_retry_claim(*, connection_id: int) -> Connection | None:
    """The connection, if its refused credentials are due to be tried; whoever comes second, or after a death of who claimed it, finds the
    next moment set."""
    with tenant_transaction():
        due = Connection.objects.filter(REFUSED_DUE, pk=connection_id)
        claimed = due.update(retry_at=after_pause(), refused_tries=one_more())
        return Connection.objects.get(pk=connection_id) if claimed else None
