"""What waits to be sent to a PSA."""

from __future__ import annotations

from django.db.models import QuerySet

from foundation.ledger.models import PendingChange


def unsent_edits(connection_id: int) -> QuerySet[PendingChange]:
    """The edits made here that the PSA of this connection does not have yet."""
    return PendingChange.objects.filter(connection_id=connection_id, state__in=PendingChange.UNSENT)
