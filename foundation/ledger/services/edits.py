"""What becomes of edits made here that the PSA does not have yet."""

from __future__ import annotations

from foundation.ledger.models import PendingChange
from foundation.ledger.selectors import unsent_edits


def drop_unsent(connection_id: int, run_id: int) -> int:
    """Gives up all unsent edits of the connection for its clear and resync, in the caller's transaction. Returns how many."""
    return unsent_edits(connection_id).update(
        state=PendingChange.State.DROPPED,
        end=PendingChange.End.CLEARED,
        ended_run_id=run_id,
        message=f"Dropped by the full clear and resync, run {run_id}.",
    )


def take_back_drop(connection_id: int, run_id: int) -> int:
    """The edits that this clear and resync gave up wait to be sent again, in the caller's transaction. Returns how many."""
    dropped = PendingChange.objects.filter(
        connection_id=connection_id,
        state=PendingChange.State.DROPPED,
        end=PendingChange.End.CLEARED,
        ended_run_id=run_id,
    )
    return dropped.update(
        state=PendingChange.State.WAITING,
        end="",
        ended_run_id=None,
        message=f"Brought back when run {run_id} was undone.",
    )
