"""A fourth PSA in the product itself, with one line in the registry: configured on the pages, synced, swept, explained."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from clients.models import Company, Contact
from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.capabilities import SYNCED, capabilities_document, capabilities_of
from integrations.models import Connection
from integrations.registry import PROVIDERS
from sync.engine.run.drive import advance
from sync.models import Run
from sync.services.runs import run_request
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.integrations.adapters.tinydesk.provider import TinyDeskProvider
from tests.source_files import PRODUCT
from tickets.models import Note, Status, Ticket, TimeEntry

ROOT = Path(__file__).resolve().parents[4]
HERE = Path(__file__).resolve().parent


@pytest.fixture
def psa(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setitem(PROVIDERS, "tinydesk", TinyDeskProvider())
    with running("tinydesk", tickets=400) as started:
        yield started


@pytest.fixture
def connected(
    psa: Sandbox, organization: Organization, client_for: Callable[[User], Client], admin: User
) -> Connection:
    """Connected on the configure pages, as a person does it."""
    browser = client_for(admin)
    form = browser.get(reverse("web:connection_new", args=["tinydesk"])).content.decode()
    assert "Settings › Keys." in form
    answer = browser.post(reverse("web:connection_new", args=["tinydesk"]), {"name": "Desk", **psa.credentials})
    assert answer.status_code == 302
    tested = browser.get(answer.headers["Location"]).content.decode()
    assert "Tickets can be read." in tested
    with tenant_transaction(organization.pk):
        made: Connection = Connection.objects.get(name="Desk")
        made.setup_step = ""
        made.settings |= {"date_range_days": None, "hold_least": 1_000_000}
        made.save()
    assert made.fingerprint == "tiny-1"
    return made


def synced(connection: Connection, kind: str) -> Run:
    with tenant(connection.organization_id):
        with tenant_transaction():
            run = run_request(connection=connection, kind=kind, trigger="person", reason="a test").run
        for _ in range(50):
            if not advance(run.pk):
                break
        with tenant_transaction():
            found: Run = Run.objects.get(pk=run.pk)
    return found


def test_it_is_synced_in_full_quickly_and_swept(connected: Connection, psa: Sandbox) -> None:
    first = synced(connected, "full")
    assert first.result == "success", first.message
    with tenant_transaction(connected.organization_id):
        assert Ticket.objects.count() == 400
        assert (Company.objects.count(), Contact.objects.count(), Status.objects.count()) == (10, 20, 12)
        ticket = Ticket.objects.order_by("pk")[0]
        assert None not in (ticket.board_id, ticket.status_id, ticket.company_id, ticket.contact_id)
        assert TimeEntry.objects.exclude(ticket=None).count() == 80
        assert Note.objects.exclude(ticket=None).exists()
    assert synced(connected, "quick").result == "no_change"
    changed = psa.control("POST", "change", {"n": 3, "set": {"name": "Changed"}})["ids"]
    made = psa.control("POST", "create", {"n": 2})["ids"]
    assert synced(connected, "quick").result == "success"
    gone = psa.control("POST", "delete", {"ids": [int(changed[0])]})["ids"]
    assert synced(connected, "full").result == "success"
    with tenant_transaction(connected.organization_id):
        here = set(Ticket.objects.values_list("remote_id", flat=True))
        assert Ticket.objects.filter(summary="Changed").count() == 2
    assert here >= {str(number) for number in made}
    assert str(gone[0]) not in here
    assert len(here) == 401


def test_the_capability_table_knows_it(psa: Sandbox) -> None:
    system = PROVIDERS[psa.key]
    rows = {row.stream: row for row in capabilities_of(system)}
    assert rows["tickets"].state == SYNCED
    assert rows["notes"].how == "one request for each of the tickets"
    assert (rows["assets"].state, rows["assets"].notes) == ("Not offered", ["TinyDesk has no such thing."])
    assert "## TinyDesk" in capabilities_document([system])


def test_nothing_outside_of_its_folder_names_it() -> None:
    named = re.compile("tiny.?desk", re.IGNORECASE)
    files = [path for area in (*PRODUCT, "lab", "tests", "templates", "static") for path in (ROOT / area).rglob("*")]
    found = [path for path in files if path.suffix in {".py", ".html", ".js", ".css"} and HERE not in path.parents]
    assert len(found) > 500
    assert [path for path in found if named.search(path.read_text(encoding="utf-8"))] == []
