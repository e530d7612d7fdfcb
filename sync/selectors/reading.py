"""Runs that have begun with the settings of then: what a page that changes settings says about them."""

from __future__ import annotations

from integrations.models import Connection
from sync.models import Run


def runs_reading(connection: Connection) -> list[Run]:
    """The connection's open runs that have laid out what they read, those that wait for approval among them."""
    states = (*Run.ACTIVE, Run.State.HELD)
    return list(Run.objects.filter(connection=connection, state__in=states).exclude(plan={}).order_by("pk"))
