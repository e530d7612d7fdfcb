"""A worker that dies at any named place: nothing is lost, nothing half shown, and the next one goes on."""

from __future__ import annotations

import pytest

from foundation.ledger.models import JournalEntry
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from lab.crashes import POINTS
from sync.engine.run.drive import advance
from sync.models import Run
from tests.fixtures.crashes import killed_at
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Synced
from tests.sync.test_runs import truth
from tickets.models import Ticket

AFTER_THE_MOMENT = {"applied", "cleaned"}


@pytest.mark.committed
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_worker_leaves_readers_the_old_or_the_new_and_the_run_goes_on(
    synced: Synced, linked: Connection, calm: Sandbox, point: str
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        before = Ticket.objects.count()
    deleted = {str(one) for one in calm.control("delete", n=2)["ids"]}
    with tenant_transaction(linked.organization_id):
        kept = Ticket.objects.exclude(remote_id__in=deleted).order_by("pk")[0]
        Ticket.objects.filter(pk=kept.pk).update(summary="altered by hand")
    killed_at(point, "start", "--connection", str(linked.pk), "--kind", "clear_resync", "--reason", "a test")
    with tenant_transaction(linked.organization_id):
        run = Run.objects.latest("id")
        assert run.is_open
        seen = (Ticket.objects.count(), Ticket.objects.filter(summary="altered by hand").exists())
        assert seen == ((before - 2, False) if point in AFTER_THE_MOMENT else (before, True))
        Run.objects.filter(pk=run.pk).update(lease_until=None)
    with tenant(linked.organization_id):
        while advance(run.pk):
            pass
    with tenant_transaction(linked.organization_id):
        run = Run.objects.get(pk=run.pk)
        assert (run.state, run.result) == ("done", "success"), run.message
        assert Ticket.objects.count() == truth(calm, "tickets")
        assert not Ticket.objects.filter(summary="altered by hand").exists()
        entries = JournalEntry.objects.filter(run_id=run.pk, stream="tickets").values_list("action", flat=True)
        assert sorted(entries) == ["removed", "removed", "updated"]
