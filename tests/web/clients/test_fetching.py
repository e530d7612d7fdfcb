"""Records fetched again from their pages, and by the command, against a simulated PSA."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from clients.models import Asset, Company, CompanyStatus, Contact
from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Handle, calm, handle, linked, sync
from tests.web.clients.test_pages import role_with
from tickets.models import Ticket

__all__ = ["calm", "handle", "linked", "sync"]

NUMBERS = itertools.count(1)
"""What the PSA is told to say is new each time: it keeps what an earlier test told it."""


@pytest.fixture
def company(linked: Connection, handle: Handle, sync: Callable[[str], object], calm: Sandbox) -> Iterator[Company]:
    """A company that was synced and has another name in the PSA since, and whose status is not here."""
    handle(streams=None)
    sync("full")
    with tenant_transaction(linked.organization_id):
        found: Company = Company.objects.exclude(status=None).order_by("pk")[0]
        CompanyStatus.objects.filter(pk=found.status_id).delete()
    calm.control("change", collection="companies", ids=[int(found.remote_id)], set={"name": "Renamed <there>"})
    yield found
    calm.control("change", collection="companies", ids=[int(found.remote_id)], set={"name": found.name})


def test_it_shows_what_was_here_and_is_here_and_brings_what_it_refers_to(
    client_for: Callable[[User], Client], admin: User, company: Company
) -> None:
    browser, address = client_for(admin), reverse("web:client_fetch", args=[company.pk])
    assert address in browser.get(reverse("web:client", args=[company.pk])).content.decode()
    page = browser.post(address).content.decode()
    assert ("Renamed &lt;there&gt;" in page, "Also brought" in page) == (True, True)
    with tenant_transaction(company.organization_id):
        now = Company.objects.get(pk=company.pk)
        assert (now.name, now.status is not None) == ("Renamed <there>", True)
    assert "Nothing differed" in browser.post(address).content.decode()


def test_a_psa_that_refuses_leaves_what_is_here(
    client_for: Callable[[User], Client], admin: User, company: Company, calm: Sandbox
) -> None:
    calm.control("faults", kind="500")
    answer = client_for(admin).post(reverse("web:client_fetch", args=[company.pk]))
    assert (answer.status_code, "could not be fetched" in answer.content.decode()) == (409, True)
    with tenant_transaction(company.organization_id):
        assert Company.objects.get(pk=company.pk).name == company.name


def test_it_is_for_those_who_may_see_clients_and_logs(
    client_for: Callable[[User], Client],
    organization: Organization,
    other_organization: Organization,
    make_person: Callable[..., User],
    company: Company,
) -> None:
    address = reverse("web:client_fetch", args=[company.pk])
    assert client_for(role_with(organization, "view_clients")).post(address).status_code == 403
    stranger = client_for(make_person(other_organization, "admin", "sam@umbrella.test"))
    assert (stranger.post(address).status_code, stranger.get(address).status_code) == (404, 405)


@pytest.fixture
def stale(company: Company, calm: Sandbox) -> Iterator[dict[str, tuple[str, int, str]]]:
    """{kind of page: (stream, local id, remote id)} of records of which the PSA says something else now."""
    found, anew = {}, f"Anew {next(NUMBERS)}"
    with tenant_transaction(company.organization_id):
        for name, model, collection, change in (
            ("ticket", Ticket, "tickets", {"summary": anew}),
            ("asset", Asset, "configurations", {"serialNumber": anew}),
            ("contact", Contact, "contacts", {"title": anew}),
        ):
            record = model.objects.order_by("pk")[0]
            calm.control("change", collection=collection, ids=[int(record.remote_id)], set=change)
            stream = {"ticket": "tickets", "asset": "assets", "contact": "contacts"}[name]
            found[name] = (stream, record.pk, record.remote_id)
    return found


def test_tickets_and_what_companies_have_are_fetched_from_their_pages_too(
    client_for: Callable[[User], Client], admin: User, stale: dict[str, tuple[str, int, str]]
) -> None:
    browser = client_for(admin)
    for name, (_, pk, _) in stale.items():
        address = reverse(f"web:{name}_fetch", args=[pk])
        assert address in browser.get(reverse(f"web:{name}", args=[pk])).content.decode()
        page = browser.post(address).content.decode()
        assert ("Anew" in page, "Nothing differed" in page) == (True, False)
        assert "Nothing differed" in browser.post(address).content.decode()


def test_only_who_sees_tickets_and_logs_may_fetch_one(
    client_for: Callable[[User], Client],
    organization: Organization,
    other_organization: Organization,
    make_person: Callable[..., User],
    stale: dict[str, tuple[str, int, str]],
) -> None:
    address = reverse("web:ticket_fetch", args=[stale["ticket"][1]])
    assert client_for(role_with(organization, "view_integration_logs")).post(address).status_code == 403
    stranger = client_for(make_person(other_organization, "admin", "sam@umbrella.test"))
    assert stranger.post(address).status_code == 404


def fetched(connection: Connection, stream: str, record: str, *more: str) -> str:
    out = io.StringIO()
    asked = ("--connection", str(connection.pk), "--stream", stream, "--record", record)
    call_command("sync", "fetch", *asked, *more, stdout=out)
    return out.getvalue()


def test_the_command_fetches_one_and_tells_before_and_after(
    linked: Connection, stale: dict[str, tuple[str, int, str]]
) -> None:
    stream, pk, remote_id = stale["ticket"]
    told = json.loads(fetched(linked, stream, f"#{remote_id}", "--json"))
    assert {name: told[name] for name in ("stream", "record", "id", "new")} == {
        "stream": "tickets",
        "record": remote_id,
        "id": pk,
        "new": False,
    }
    assert "summary" in {change["field"] for change in told["changes"] if change["after"].startswith("Anew")}
    assert f"tickets {remote_id} · nothing differed" in fetched(linked, stream, remote_id)
    stream, _, remote_id = stale["asset"]
    assert "serial_number:" in fetched(linked, stream, remote_id)


@pytest.mark.parametrize(("record", "said"), [("99999999", "could not be fetched"), ("abc", "is no ConnectWise id")])
def test_the_command_says_what_is_wrong(linked: Connection, company: Company, record: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        fetched(linked, "tickets", record)
