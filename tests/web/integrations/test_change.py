"""The pages of a change of the instance: each step shown, taken and refused, and the file to take along."""

from __future__ import annotations

import csv
import errno
import io
import zipfile
from collections.abc import Callable, Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from portal.web.integrations import change
from sync.engine.run.drive import advance
from sync.models import InstanceChange, Run
from sync.services.purge import purge_advance
from sync.streams import TARGETS
from tests.fixtures.systems import TICKETS, Sandbox, started_sandbox
from tests.sync.conftest import Sync, calm, linked, sync
from tests.web.integrations.test_setup import SCHEDULE
from tickets.models import Ticket

__all__ = ["calm", "linked", "sync"]
ClientFor = Callable[[User], Client]


@pytest.fixture
def browser(client_for: ClientFor, admin: User) -> Client:
    return client_for(admin)


@pytest.fixture
def other_psa() -> Iterator[Sandbox]:
    """Another instance of the same system."""
    with started_sandbox() as started:
        started.control("instance", identity="elsewhere")
        yield started


def address(connection: Connection) -> str:
    return reverse("web:connection_change", args=[connection.pk])


def page(browser: Client, connection: Connection) -> str:
    return browser.get(address(connection)).content.decode()


def change_of(connection: Connection) -> InstanceChange:
    with tenant_transaction(connection.organization_id):
        found: InstanceChange = InstanceChange.objects.get(connection=connection)
    return found


def tickets(connection: Connection) -> int:
    """How many tickets people see of the connection."""
    with tenant_transaction(connection.organization_id):
        return Ticket.objects.filter(connection=connection).count()


def configured(browser: Client, connection: Connection, setup: str, credentials: dict[str, str]) -> HttpResponse:
    """What a person does on the configure pages: fills in the page that is shown and follows it. Returns the last answer."""
    typed: dict[str, dict[str, str]] = {
        "credentials": credentials,
        "test": {},
        "boards": {"boards_mode": "all"},
        "scope": {"date_range": "all", "fields_mode": "all"},
        "schedule": SCHEDULE,
        "first": {},
    }
    coming = setup
    for step, values in typed.items():
        assert coming == reverse("web:connection_configure", args=[connection.pk, step])
        assert browser.get(coming).status_code == 200
        answer = browser.post(coming, values)
        assert answer.status_code == 302, step
        coming = answer.headers["Location"]
    return answer


def worked_on(connection: Connection) -> None:
    """What workers do: all open runs to their end."""
    with tenant(connection.organization_id):
        with tenant_transaction():
            runs = list(Run.objects.filter(connection=connection, state__in=Run.OPEN))
        for run in runs:
            for _ in range(50):
                if not advance(run.pk):
                    break


def test_from_the_old_instance_to_the_first_sync_of_the_new_one(
    browser: Client, linked: Connection, sync: Sync, other_psa: Sandbox
) -> None:
    sync("full")
    assert "Change the instance" in browser.get(reverse("web:connection", args=[linked.pk])).content.decode()
    assert "Disconnect from ConnectWise" in page(browser, linked)
    assert browser.post(address(linked), {"reason": "We move"}).status_code == 302
    shown = page(browser, linked)
    assert "What will be purged" in shown
    assert str(tickets(linked)) in shown
    overview = browser.get(reverse("web:connection", args=[linked.pk])).content.decode()
    assert "The PSA instance is being changed" in overview
    assert reverse("web:run_start", args=[linked.pk, "quick"]) not in overview
    refused = browser.post(address(linked), {"act": "purge", "confirm_name": "Something else"})
    assert (refused.status_code, "The name does not match." in refused.content.decode()) == (422, True)
    assert browser.post(address(linked), {"act": "purge", "confirm_name": "Linked"}).status_code == 302
    assert "hidden from everybody in one moment" in page(browser, linked)
    with tenant(linked.organization_id):
        assert purge_advance(change_of(linked).pk) is False
    assert "Another instance of it" in page(browser, linked)
    for kind in ("dashboard", "ticket_list"):
        said = browser.get(reverse(f"web:{kind}")).content.decode()
        assert ("is being changed" in said, "The last sync was applied" in said) == (True, False)
    step = browser.post(address(linked), {"act": "connect", "provider": "connectwise"})
    setup = reverse("web:connection_configure", args=[linked.pk, "credentials"])
    assert step.headers["Location"] == setup
    last = configured(browser, linked, setup, other_psa.credentials)
    assert last.headers["Location"] == address(linked)
    assert "Reading members and companies" in page(browser, linked)
    worked_on(linked)
    shown = page(browser, linked)
    assert "What is mapped by hand" in shown
    assert reverse("web:connection_mapping", args=[linked.pk, "companies"]) in shown
    started = browser.post(address(linked), {"act": "first"})
    worked_on(linked)
    with tenant_transaction(linked.organization_id):
        run = Run.objects.order_by("-pk")[0]
        assert (run.result, tickets(linked)) == ("success", TICKETS)
    assert started.headers["Location"] == reverse("web:run", args=[run.pk])
    assert change_of(linked).step == "done"
    assert "The last sync was applied and nothing failed." in browser.get(reverse("web:dashboard")).content.decode()


def test_every_page_of_the_connection_leads_to_the_change_and_none_to_a_sync(
    browser: Client, linked: Connection, sync: Sync
) -> None:
    sync("full")
    browser.post(address(linked), {"reason": "We move"})
    quick = reverse("web:run_start", args=[linked.pk, "quick"])
    for name in ("schedule", "safeguards", "handling", "tickets", "credentials"):
        said = browser.get(reverse(f"web:connection_{name}", args=[linked.pk])).content.decode()
        assert (name, "Go on with the change" in said, quick in said) == (name, True, False)
    cards = browser.get(reverse("web:integrations")).content.decode()
    assert ("Changing instance" in cards, "Go on with the change" in cards) == (True, True)
    assert ("Paused by" in cards, "after the change of its instance" in cards) == (False, True)
    browser.post(address(linked), {"act": "cancel"})
    assert "Changing instance" not in browser.get(reverse("web:integrations")).content.decode()


def test_it_can_be_called_off_until_the_purge(browser: Client, linked: Connection, sync: Sync) -> None:
    sync("full")
    browser.post(address(linked), {"reason": "We move"})
    assert browser.post(address(linked), {"act": "cancel"}).status_code == 302
    assert change_of(linked).step == "cancelled"
    assert sync("quick").result == "no_change"


def test_a_reason_is_asked_for_and_an_unknown_step_is_none(browser: Client, linked: Connection) -> None:
    answer = browser.post(address(linked), {"reason": "  "})
    assert (answer.status_code, "Give a reason" in answer.content.decode()) == (422, True)
    browser.post(address(linked), {"reason": "We move"})
    assert browser.post(address(linked), {"act": "everything"}).status_code == 404
    early = browser.post(address(linked), {"act": "first"}, follow=True).content.decode()
    assert "were not read yet" in early
    unknown = browser.post(address(linked), {"act": "connect", "provider": "nobody"})
    assert unknown.status_code == 404


def test_the_file_holds_a_table_for_each_stream_and_no_formula(browser: Client, linked: Connection, sync: Sync) -> None:
    sync("full")
    with tenant_transaction(linked.organization_id):
        ticket = Ticket.objects.filter(connection=linked).order_by("pk")[0]
        Ticket.objects.filter(pk=ticket.pk).update(summary="=cmd()", company_name="שלום 🚀")
    answer = browser.get(reverse("web:connection_export", args=[linked.pk]))
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="linked-')
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as archive:
        assert set(archive.namelist()) == {f"{name}.csv" for name in TARGETS}
        rows = list(csv.DictReader(io.StringIO(archive.read("tickets.csv").decode("utf-8-sig"))))
    first = next(row for row in rows if row["remote_id"] == ticket.remote_id)
    assert len(rows) == tickets(linked)
    assert (first["summary"], first["company_name"]) == ("'=cmd()", "שלום 🚀")


def test_a_file_that_finds_no_room_says_how_to_get_it(
    browser: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(connection: Connection, file: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(change, "archive_of", full)
    answer = browser.get(reverse("web:connection_export", args=[connection.pk]))
    assert (answer.status_code, "connection change export --file" in answer.text) == (409, True)
