"""The pages of mappings: who may see them, what they show and save, what they cost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from mappings.kinds import KINDS
from mappings.models import Client as PortalClient
from mappings.models import Mapping, MappingAct, PortalValue
from mappings.services.values import values_prepare
from tests.mappings.conftest import set_to
from tests.tickets.factories import (
    make_board,
    make_company,
    make_member,
    make_priority,
    make_status,
    make_ticket,
    synced,
)
from tickets.models import Status, TicketType

EVIL = "<script>alert(1)</script>"
SLUGS = [kind.slug for kind in KINDS.values()]


@pytest.fixture
def browser(client_for: Callable[[User], Client], admin: User) -> Client:
    return client_for(admin)


@pytest.fixture
def vendor(connection: Connection) -> Status:
    """A status that is not mapped, with two open tickets and a closed one."""
    with tenant_transaction(connection.organization_id):
        values_prepare()
        board = make_board(connection, "Service desk")
        status = make_status(connection, board, "Waiting on vendor")
        for closed in (False, False, True):
            make_ticket(connection, "Printer is jammed", board=board, status=status, is_closed=closed)
    return status


def at(connection: Connection, slug: str = "statuses", name: str = "connection_mapping") -> str:
    return reverse(f"web:{name}", args=[connection.pk, slug])


def value(connection: Connection, key: str) -> PortalValue:
    with tenant_transaction(connection.organization_id):
        return PortalValue.objects.get(key=key)


def mapped(connection: Connection) -> dict[str, int | None]:
    with tenant_transaction(connection.organization_id):
        return {row.remote_id: row.target_id for row in Mapping.objects.all()}


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_is_not_mapped_is_shown_with_counts_a_proposal_and_its_reason(
    browser: Client, connection: Connection, vendor: Status
) -> None:
    page = shown(browser, at(connection))
    assert "Waiting on vendor" in page
    assert "its name says “vendor”" in page
    assert '<td data-label="Open tickets" class="number">2</td>' in page
    assert '<td data-label="All tickets" class="number">3</td>' in page
    assert "Not mapped is no fault" in page


def test_a_preview_shows_real_tickets_and_saves_nothing(
    browser: Client, connection: Connection, vendor: Status
) -> None:
    target = value(connection, "waiting_vendor")
    typed = {f"to:{vendor.remote_id}": target.pk, f"was:{vendor.remote_id}": ""}
    answer = browser.post(at(connection), typed | {"do": "preview"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<strong>2</strong> open tickets" in page
    assert "Printer is jammed" in page
    assert f'<option value="{target.pk}" selected>' in page
    assert mapped(connection) == {}


def test_saving_takes_only_what_was_changed_on_the_page(
    browser: Client, connection: Connection, vendor: Status
) -> None:
    with tenant_transaction(connection.organization_id):
        other = make_status(connection, make_board(connection), "Odd")
        set_to(connection, "status", other.remote_id, "keep")
    target = value(connection, "waiting_vendor")
    typed = {f"to:{vendor.remote_id}": target.pk, f"was:{vendor.remote_id}": ""}
    stale = {f"to:{other.remote_id}": "", f"was:{other.remote_id}": ""}
    assert browser.post(at(connection), typed | stale | {"do": "save"}).status_code == 302
    assert mapped(connection) == {vendor.remote_id: target.pk, other.remote_id: None}


def test_proposals_are_accepted_one_or_all(browser: Client, connection: Connection, vendor: Status) -> None:
    with tenant_transaction(connection.organization_id):
        done = make_status(connection, make_board(connection), "Done")
    browser.post(at(connection), {"do": f"accept:{done.remote_id}"})
    assert mapped(connection) == {done.remote_id: value(connection, "resolved").pk}
    browser.post(at(connection), {"do": "accept"})
    assert set(mapped(connection)) == {done.remote_id, vendor.remote_id}


def test_a_bad_choice_is_refused_with_a_sentence_and_what_was_chosen_stays(
    browser: Client, connection: Connection, vendor: Status
) -> None:
    typed = {f"to:{vendor.remote_id}": "999999", f"was:{vendor.remote_id}": ""}
    answer = browser.post(at(connection), typed | {"do": "save"})
    assert answer.status_code == 422
    assert "There is no such value" in answer.content.decode()
    gone = browser.post(at(connection), {"to:nonsense": "keep", "was:nonsense": "", "do": "save"})
    assert gone.status_code == 422
    assert "has no status nonsense" in gone.content.decode()


def test_many_clients_are_typed_and_unknown_names_are_refused(browser: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        PortalClient.objects.bulk_create(
            PortalClient(organization_id=connection.organization_id, name=f"Client {i}") for i in range(70)
        )
        acme = make_company(connection, "Acme")
    address = at(connection, "companies")
    assert '<datalist id="targets">' in shown(browser, address)
    row = {f"to:{acme.remote_id}": "", f"was:{acme.remote_id}": "", "do": "save"}
    refused = browser.post(address, row | {f"typed:{acme.remote_id}": "Nobody"})
    assert refused.status_code == 422
    assert "No client is called “Nobody”" in refused.content.decode()
    assert browser.post(address, row | {f"typed:{acme.remote_id}": "client 42"}).status_code == 302
    with tenant_transaction(connection.organization_id):
        assert Mapping.objects.get().client.name == "Client 42"


def test_history_shows_and_reverts(browser: Client, connection: Connection, vendor: Status) -> None:
    browser.post(at(connection), {"do": "accept"})
    history = at(connection, name="connection_mapping_history")
    page = shown(browser, history)
    assert "Ada Admin changed 1 status" in page
    assert "Waiting for vendor" in page
    with tenant_transaction(connection.organization_id):
        act = MappingAct.objects.get()
    back = reverse("web:connection_mapping_revert", args=[connection.pk, "statuses", act.pk])
    assert browser.post(back).status_code == 302
    assert mapped(connection) == {}
    assert "took back a change" in shown(browser, history)


def test_values_are_renamed_added_and_removed(browser: Client, connection: Connection, vendor: Status) -> None:
    address = reverse("web:portal_values", args=["statuses"])
    closed = value(connection, "closed")
    assert "Waiting for vendor" in shown(browser, address)
    renamed = {f"name:{closed.pk}": EVIL, f"tone:{closed.pk}": "ok", f"position:{closed.pk}": "0", "do": "save"}
    assert browser.post(address, renamed).status_code == 302
    page = shown(browser, address)
    assert EVIL not in page
    assert "&lt;script&gt;" in page
    assert browser.post(address, {"do": "add", "name": "Parked", "tone": "warn"}).status_code == 302
    taken = browser.post(address, {"do": "add", "name": "parked", "tone": "warn"})
    assert taken.status_code == 422
    assert "already a status called “parked”" in taken.content.decode()
    assert browser.post(address, {"do": f"remove:{closed.pk}"}).status_code == 302
    assert browser.get(reverse("web:portal_values", args=["members"])).status_code == 404


@pytest.mark.parametrize("slug", SLUGS)
def test_every_kind_has_its_page_and_an_empty_one_says_so(browser: Client, connection: Connection, slug: str) -> None:
    assert "yet" in shown(browser, at(connection, slug))
    assert "Nothing was changed yet" in shown(browser, at(connection, slug, "connection_mapping_history"))


def test_a_page_that_counts_open_tickets_alone_says_so(browser: Client, connection: Connection, vendor: Status) -> None:
    with tenant_transaction(connection.organization_id):
        kind = TicketType.objects.create(**synced(connection, name="Hardware"))
        for closed in (False, True):
            make_ticket(connection, "Printer is jammed", type=kind, is_closed=closed)
    words = "Only open tickets are counted here"
    categories = shown(browser, at(connection, "categories"))
    assert words in categories
    assert "All tickets" not in categories
    assert '<td data-label="Open tickets" class="number">1</td>' in categories
    statuses = shown(browser, at(connection))
    assert words not in statuses
    assert "All tickets" in statuses


def test_foreign_connections_kinds_and_acts_are_absent(
    browser: Client, connection: Connection, other_connection: Connection
) -> None:
    with tenant_transaction(other_connection.organization_id):
        values_prepare()
        status = make_status(other_connection, make_board(other_connection), "Umbrella's own")
        set_to(other_connection, "status", status.remote_id, "keep")
        act = MappingAct.objects.get()
    assert browser.get(at(other_connection)).status_code == 404
    assert browser.post(at(other_connection), {"do": "accept"}).status_code == 404
    assert browser.get(at(other_connection, name="connection_mapping_history")).status_code == 404
    assert browser.get(at(connection, "nonsense")).status_code == 404
    back = reverse("web:connection_mapping_revert", args=[connection.pk, "statuses", act.pk])
    assert browser.post(back).status_code == 404


@pytest.mark.parametrize("name", ["connection_mapping", "connection_mapping_history"])
def test_mappings_are_for_those_who_manage_integrations(
    client_for: Callable[[User], Client], technician: User, connection: Connection, name: str
) -> None:
    tom = client_for(technician)
    assert tom.get(at(connection, name=name)).status_code == 403
    assert tom.post(at(connection, name="connection_mapping"), {"do": "accept"}).status_code == 403
    assert tom.get(reverse("web:portal_values", args=["statuses"])).status_code == 403


@pytest.mark.parametrize("slug", ["statuses", "companies", "members"])
def test_a_page_takes_as_many_queries_for_three_as_for_one(
    browser: Client, connection: Connection, vendor: Status, slug: str
) -> None:
    counts = []
    for more in (1, 2):
        with tenant_transaction(connection.organization_id):
            board = make_board(connection)
            for place in range(more):
                make_status(connection, board, f"Odd {more} {place}")
                make_company(connection, f"Company {more} {place}")
                make_member(connection, f"Member {more} {place}", email=f"m{more}{place}@acme.test")
        browser.get(at(connection, slug))
        with CaptureQueriesContext(database) as queries:
            browser.get(at(connection, slug))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_board_in_the_filter_maps_for_that_board_alone(browser: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        values_prepare()
        desk, alerts = make_board(connection, "Desk"), make_board(connection, "Alerts")
        gold = make_priority(connection, "Gold")
        make_ticket(connection, "Printer at the desk", board=desk, priority=gold)
        make_ticket(connection, "Printer that alerts", board=alerts, priority=gold)
        set_to(connection, "priority", gold.remote_id, PortalValue.objects.get(key="high").pk)
    address = f"{at(connection, 'priorities')}?board={alerts.remote_id}"
    page = shown(browser, address)
    assert "Only on the board Alerts" in page
    assert "As on other boards (High)" in page
    typed = {f"to:{gold.remote_id}": value(connection, "low").pk, f"was:{gold.remote_id}": ""}
    preview = browser.post(address, typed | {"do": "preview"}).content.decode()
    assert "<strong>1</strong> open ticket." in preview
    assert "Printer that alerts" in preview
    assert "Printer at the desk" not in preview
    assert browser.post(address, typed | {"do": "save"}).status_code == 302
    with tenant_transaction(connection.organization_id):
        rows = {row.scope: row.value.key for row in Mapping.objects.select_related("value")}
    assert rows == {"": "high", alerts.remote_id: "low"}
    assert "only on Alerts" in shown(browser, at(connection, "priorities", "connection_mapping_history"))
    with tenant_transaction(connection.organization_id):
        act = MappingAct.objects.latest("pk")
    browser.post(reverse("web:connection_mapping_revert", args=[connection.pk, "priorities", act.pk]))
    with tenant_transaction(connection.organization_id):
        assert [row.scope for row in Mapping.objects.all()] == [""]


def test_accepting_one_keeps_what_is_chosen_elsewhere(browser: Client, connection: Connection, vendor: Status) -> None:
    with tenant_transaction(connection.organization_id):
        done = make_status(connection, make_board(connection), "Done")
    target = value(connection, "scheduled")
    typed = {f"to:{vendor.remote_id}": target.pk, f"was:{vendor.remote_id}": ""}
    page = browser.post(at(connection), typed | {"do": f"accept:{done.remote_id}"}).content.decode()
    assert list(mapped(connection)) == [done.remote_id]
    assert f'<option value="{target.pk}" selected>' in page


def test_values_are_saved_all_or_none(browser: Client, connection: Connection, vendor: Status) -> None:
    new, closed = value(connection, "new"), value(connection, "closed")
    typed = {f"name:{new.pk}": "Fresh", f"name:{closed.pk}": "Resolved", "do": "save"}
    answer = browser.post(reverse("web:portal_values", args=["statuses"]), typed)
    assert answer.status_code == 422
    assert "already a status called “Resolved”" in answer.content.decode()
    assert (value(connection, "new").name, value(connection, "closed").name) == ("New", "Closed")


@pytest.mark.parametrize(
    "typed",
    [
        {"to:\x00": "keep", "do": "save"},
        {"to:1": "\x00", "do": "save"},
        {"typed:1": "\x00x", "to:1": "", "do": "preview"},
        {"do": "accept:\x00"},
        {"do": "nonsense", "to:1": "9" * 40},
    ],
)
def test_nonsense_is_no_failure(browser: Client, connection: Connection, vendor: Status, typed: dict[str, str]) -> None:
    answer = browser.post(f"{at(connection)}?page=999&board=%00&q=%00&state=x", typed)
    assert answer.status_code in (200, 302, 422)
    assert mapped(connection) == {}


def test_what_somebody_else_mapped_since_the_page_was_shown_is_not_replaced_unseen(
    browser: Client, connection: Connection, vendor: Status
) -> None:
    mine, theirs = value(connection, "waiting_vendor"), value(connection, "new")
    field, was = f"to:{vendor.remote_id}", f"was:{vendor.remote_id}"
    assert browser.post(at(connection), {field: theirs.pk, was: "", "do": "save"}).status_code == 302
    for do in ("save", "preview"):
        refused = browser.post(at(connection), {field: mine.pk, was: "", "do": do})
        assert refused.status_code == 422
        assert f"“Waiting on vendor” is now: {theirs.name}" in refused.text
        assert f'<option value="{mine.pk}" selected>' in refused.text
        assert f'name="{was}" value="{theirs.pk}"' in refused.text
    assert mapped(connection) == {vendor.remote_id: theirs.pk}
    assert browser.post(at(connection), {field: mine.pk, was: theirs.pk, "do": "save"}).status_code == 302
    assert mapped(connection) == {vendor.remote_id: mine.pk}
