"""Project tickets that ConnectWise does not show any more, while it shows the others: what is here of them and below them stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run, RunIssue
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import Sync, linked_to
from tickets.models import Note, Ticket, TimeEntry

LIST = {"path": r"project/tickets(/search|/count)?$"}
MODELS = (Ticket, Note, TimeEntry)


@pytest.fixture(params=[True, False], ids=["projects", "no projects"])
def has_projects(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def system(has_projects: bool) -> Iterator[Sandbox]:
    with running("connectwise", tickets=60, projects=has_projects) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, system: Sandbox) -> Connection:
    """What ``sync`` of this directory's conftest works on."""
    return linked_to(organization, system, streams=["tickets", "notes", "time_entries"])


def here(linked: Connection) -> set[tuple[str, str]]:
    with tenant_transaction(linked.organization_id):
        return {
            (model.__name__, key)
            for model in MODELS
            for key in model.objects.filter(removed_at=None).values_list("remote_id", flat=True)
        }


def narrowed(linked: Connection, settings: dict[str, object]) -> None:
    linked.settings |= settings
    with tenant_transaction(linked.organization_id):
        linked.save()


def a_service_ticket(linked: Connection) -> str:
    """One without time and notes, so that nothing goes with it."""
    with tenant_transaction(linked.organization_id):
        kept = Ticket.objects.filter(record_type="ServiceTicket").exclude(
            remote_id__in=TimeEntry.objects.values("ticket_remote_id")
        )
        found = kept.exclude(remote_id__in=Note.objects.values("ticket_remote_id")).first() or kept.first()
        assert found is not None
        return str(found.remote_id)


def told(run: Run) -> list[str]:
    with tenant_transaction(run.organization_id):
        return list(RunIssue.objects.filter(run=run, stream="tickets").values_list("message", flat=True))


@pytest.mark.parametrize(
    ("kind", "settings"), [("403", {}), ("404", {"date_range_days": 3650, "excluded_statuses": ["999999"]})]
)
def test_project_tickets_that_are_not_shown_stay_and_service_tickets_are_swept(
    kind: str,
    settings: dict[str, object],
    sync: Sync,
    system: Sandbox,
    linked: Connection,
    has_projects: bool,
) -> None:
    narrowed(linked, settings)
    assert sync("full").result == "success"
    before, gone = here(linked), a_service_ticket(linked)
    system.control("POST", "delete", {"ids": [int(gone)]})
    with system.fault(kind=kind, match=LIST):
        run = sync("full")
    assert run.state == "done", run.message
    lost = before - here(linked)
    assert ("Ticket", gone) in lost
    with tenant_transaction(linked.organization_id):
        below = {
            ("Note", str(pk)) for pk in Note.objects.filter(ticket_remote_id=gone).values_list("remote_id", flat=True)
        }
        below |= {
            ("TimeEntry", str(pk))
            for pk in TimeEntry.objects.filter(ticket_remote_id=gone).values_list("remote_id", flat=True)
        }
    assert lost <= {("Ticket", gone), *below}
    if has_projects:
        assert run.result == "warning"
        assert [message for message in told(run) if "Project tickets cannot be read" in message]
    else:
        assert (run.result, told(run)) == ("success", [])
    again = sync("full")
    assert again.result in {"success", "no_change"}, again.message
    assert before - here(linked) == lost
