"""What is said about a ticket that is not shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """``code``: which reason, a stable name. ``said``: what is the matter. ``remedy``: how to mend it.

    ``way``: where the remedy is: ticket, run, settings, credentials, test, schedule, setup, sync, fetch, or empty;
    ``ticket_id``, ``run_id``, ``connection_id``, ``remote_id``: of what.
    """

    code: str
    said: str
    remedy: str = ""
    way: str = ""
    ticket_id: int | None = None
    run_id: int | None = None
    connection_id: int | None = None
    remote_id: str = ""
