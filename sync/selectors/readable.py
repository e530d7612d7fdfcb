"""Which records a person may see. Pages about syncs count everything; what they tell of a record they tell those who may see it."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q

from clients.streams import TARGETS as CLIENT_TARGETS
from tickets.streams import TARGETS as TICKET_TARGETS

PERMISSION_OF: dict[str, str] = {target.stream: "view_clients" for target in CLIENT_TARGETS} | {
    target.stream: "view_tickets" for target in TICKET_TARGETS
}
"""The permission of the store that a stream's records land in. A stream that is not here is nobody's to see."""

Readable = frozenset[str] | None
"""The streams whose records are told; None for commands, which no person of an organization gives."""

UNTOLD = "Records failed that your role does not include."
"""What stands for a message about such records, for it may quote them."""


def readable_streams(can: Callable[[str], bool]) -> frozenset[str]:
    """The streams whose records somebody may see who ``can`` do so much."""
    return frozenset(stream for stream, permission in PERMISSION_OF.items() if can(permission))


def may_read(stream: str, readable: Readable) -> bool:
    """Whether records of the stream are told; what is about no stream is about no record."""
    return readable is None or not stream or stream in readable


def told(readable: Readable) -> Q:
    """The same as a condition on a ``stream`` column."""
    return Q() if readable is None else Q(stream="") | Q(stream__in=sorted(readable))
