"""A full sync says what the quick ones before it had missed, how much, and why it may be."""

from __future__ import annotations

import datetime as dt

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Cursor
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import DAILY, Sync, Synced
from tickets.models import Ticket


def some_tickets(connection: Connection, number: int) -> list[int]:
    """Open tickets that have not changed for long."""
    with tenant_transaction(connection.organization_id):
        found = Ticket.objects.filter(is_closed=False).order_by("remote_updated_at")[:number]
        return [int(ticket.remote_id) for ticket in found]


def before_the_cursor(connection: Connection) -> str:
    """A moment up to which quick syncs have read, and behind the last change of those tickets."""
    with tenant_transaction(connection.organization_id):
        watermark = Cursor.objects.get(connection=connection, stream="tickets").watermark
        assert watermark is not None
        return f"{watermark - dt.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"


def test_changes_with_late_stamps_are_counted_and_a_cause_is_named(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    ids = some_tickets(linked, 3)
    calm.control("change", ids=ids, set={"summary": "Late"}, stamp=before_the_cursor(linked))
    assert sync("quick").result == "no_change"
    run = sync("full")
    assert run.state == "done", run.message
    assert (run.verification["missed"]["tickets"]["created"], run.verification["missed"]["tickets"]["changed"]) == (
        0,
        3,
    )
    assert "Quick syncs had missed 3 tickets, which are here now. The PSA may show changes late" in run.message
    again = sync("full")
    assert "missed" not in again.verification
    assert "missed" not in again.message


def test_what_has_no_new_stamp_or_came_by_other_settings_was_not_missed(
    sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    with tenant_transaction(linked.organization_id):
        board = "1"
        Connection.objects.filter(pk=linked.pk).update(
            settings={"streams": DAILY, "date_range_days": None, "boards": [board]}
        )
    sync("full")
    ids = some_tickets(linked, 1)
    calm.control("change", ids=ids, set={"summary": "In silence"}, stamp="keep")
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(
            settings={"streams": DAILY, "date_range_days": None, "hold_least": 1_000_000}
        )
    run = sync("full")
    assert run.state == "done", run.message
    assert "missed" not in run.message
