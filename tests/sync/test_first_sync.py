"""A first sync that was shown less than there is."""

from __future__ import annotations

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Cursor
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync, Synced
from tests.sync.test_runs import truth
from tickets.models import Ticket

HALF = {"kind": "partial", "fraction": 0.5, "match": {"path": "service/tickets$"}}


def test_a_first_sync_of_half_of_the_tickets_is_an_error_and_the_next_sync_is_a_first_one_again(
    sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    calm.control("faults", **HALF)
    run = sync("full")
    assert (run.result, run.error_code) == ("error", "incomplete"), run.message
    with tenant_transaction(linked.organization_id):
        assert not Cursor.objects.filter(full_at__isnull=False).exists()
    calm.control("faults", method="DELETE")
    again = sync("quick")
    assert (again.kind, again.lands_live, again.result) == ("full", True, "success"), again.message
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == truth(calm, "tickets")


def test_after_the_psas_clock_was_set_back_a_full_sync_lets_quick_ones_see_changes_again(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    try:
        calm.control("clock", skew_seconds=-3600)
        sync("full")
        changed = calm.control("change", n=1, set={"summary": "An hour ago, says the PSA"})["ids"]
        sync("quick")
    finally:
        calm.control("clock", skew_seconds=0)
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.get(remote_id=str(changed[0])).summary == "An hour ago, says the PSA"
