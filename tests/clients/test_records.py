"""Lists of contacts, assets, agreements, invoices and opportunities."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from clients.selectors import (
    KINDS,
    RecordFilters,
    agreement_additions,
    file_columns,
    file_rows,
    record_choices,
    record_get,
    record_list,
    records_counted,
)
from foundation.core.keyset import cursor_from
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from tests.clients.factories import (
    make_addition,
    make_agreement,
    make_asset,
    make_contact,
    make_invoice,
    make_opportunity,
    make_opportunity_status,
)
from tests.tickets.factories import NOON, make_company

pytestmark = pytest.mark.usefixtures("in_tenant")
TODAY = dt.date(2026, 3, 10)
ALL = RecordFilters()


def days(number: int) -> dt.date:
    return TODAY + dt.timedelta(days=number)


def listed(key: str, **wanted: Any) -> list[str]:
    return [str(row) for row in record_list(KINDS[key], RecordFilters(**wanted), TODAY).rows]


@pytest.mark.parametrize("sort", ["warranty", "-warranty"])
def test_pages_go_through_days_both_ways_and_the_unknown_ones_too(connection: Connection, sort: str) -> None:
    for name, day in (("B", 5), ("A", -5), ("C", None), ("D", 5), ("E", None)):
        make_asset(connection, name, warranty_expires_on=None if day is None else days(day))
    wanted = RecordFilters(sort=sort)
    pages = [record_list(KINDS["assets"], wanted, TODAY, None, 2)]
    while pages[-1].next is not None:
        written = cursor_from(str(pages[-1].next))
        pages.append(record_list(KINDS["assets"], wanted, TODAY, written, 2))
    order = [row.name for page in pages for row in page.rows]
    assert order == (["A", "B", "D", "C", "E"] if sort == "warranty" else ["E", "C", "D", "B", "A"])
    back = record_list(KINDS["assets"], wanted, TODAY, pages[-1].previous, 2)
    assert ([row.name for row in back.rows], pages[-1].number, pages[-1].total) == (order[2:4], 3, 5)


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("soon", ["Soon", "Today"]),
        ("expired", ["Old"]),
        ("unknown", ["Nothing"]),
        ("unserialled", ["Nothing"]),
        ("inactive", ["Old"]),
        ("no such state", ["Late", "Nothing", "Old", "Soon", "Today"]),
    ],
)
def test_assets_are_narrowed_by_what_is_wrong_with_them(connection: Connection, state: str, names: list[str]) -> None:
    for name, day in (("Soon", 90), ("Today", 0), ("Late", 91), ("Old", -1)):
        own = {"serial_number": "X", "is_active": name != "Old", "warranty_expires_on": days(day)}
        make_asset(connection, name, **own)
    make_asset(connection, "Nothing")
    make_asset(connection, "Gone", removed_at=NOON)
    assert listed("assets", state=state) == names
    assert records_counted(KINDS["assets"], RecordFilters(state=state), TODAY) == len(names)


def test_assets_are_found_by_words_company_status_and_type(connection: Connection) -> None:
    company = make_company(connection, "Nordwind")
    make_asset(connection, "PC-1", company=company, serial_number="5CG99", status_name="Active", type_name="Laptop")
    make_asset(connection, "SRV-1", status_name="Retired", type_name="Server", tag="A-7", last_user="NW\\emma")
    assert [listed("assets", q=q) for q in ("5cg", "nordw pc", "a-7", "emma", "%", "zzz")] == [
        *(["PC-1"], ["PC-1"], ["SRV-1"], ["SRV-1"], [], []),
    ]
    assert listed("assets", company=company.pk) == ["PC-1"]
    assert listed("assets", status="Retired", type="Server") == ["SRV-1"]
    assert record_choices(KINDS["assets"]) == (["Active", "Retired"], ["Laptop", "Server"])


def test_contacts_stand_by_last_name(connection: Connection) -> None:
    for first, last, email in (("Zoë", "Ek", "z@x.test"), ("Ada", "Ek", ""), ("Bo", "Abel", "b@x.test")):
        make_contact(connection, last, first_name=first, email=email)
    assert listed("contacts") == ["Bo Abel", "Ada Ek", "Zoë Ek"]
    assert (listed("contacts", state="unreachable"), listed("contacts", q="z@x")) == (["Ada Ek"], ["Zoë Ek"])
    assert record_choices(KINDS["contacts"]) == ([], [])


def test_agreements_say_what_ends(connection: Connection) -> None:
    for name, active, ends in (("Open", True, None), ("Soon", True, 30), ("Over", True, -1), ("Dead", False, -9)):
        make_agreement(connection, name, is_active=active, ends_on=None if ends is None else days(ends))
    states = {state: listed("agreements", state=state) for state in KINDS["agreements"].states}
    assert states == {
        "active": ["Open", "Over", "Soon"],
        "soon": ["Soon"],
        "overdue": ["Over"],
        "ended": ["Dead"],
    }


def test_invoices_stand_newest_first_and_say_what_is_owed(connection: Connection) -> None:
    for number, day, due, balance in (
        ("1", -50, -20, "10"),
        ("2", -5, 25, "10"),
        ("3", -60, -30, "0"),
        ("4", None, 0, "-5"),
    ):
        dated = None if day is None else days(day)
        make_invoice(connection, number, invoiced_on=dated, due_on=days(due), balance=Decimal(balance))
    assert listed("invoices") == ["2", "1", "3", "4"]
    assert listed("invoices", sort="-date") == ["4", "3", "1", "2"]
    states = {state: listed("invoices", state=state) for state in KINDS["invoices"].states}
    assert states == {"open": ["2", "1"], "overdue": ["1"], "paid": ["3", "4"]}


def test_opportunities_are_open_until_their_status_closes_them(connection: Connection) -> None:
    won = make_opportunity_status(connection, "Won", is_closed=True, is_won=True)
    lost = make_opportunity_status(connection, "Lost", is_closed=True, is_lost=True)
    fresh = make_opportunity_status(connection, "Open")
    for name, status, day in (("W", won, -1), ("L", lost, -2), ("O", fresh, -3), ("N", None, 9)):
        make_opportunity(connection, name, status=status, expected_close_on=days(day))
    states = {state: listed("opportunities", state=state) for state in KINDS["opportunities"].states}
    assert states == {"open": ["O", "N"], "late": ["O"], "won": ["W"], "lost": ["L"]}


def test_additions_stand_with_those_in_force_first(connection: Connection) -> None:
    agreement = make_agreement(connection)
    make_addition(agreement, "Ended", ends_on=days(-1))
    make_addition(agreement, "Licence")
    make_addition(make_agreement(connection, "Other"), "Foreign")
    assert [row.product_name for row in agreement_additions(agreement)] == ["Licence", "Ended"]


@pytest.mark.parametrize("key", KINDS)
def test_a_file_holds_the_list_in_batches(connection: Connection, key: str) -> None:
    makers: dict[str, Any] = {
        "contacts": make_contact,
        "assets": make_asset,
        "agreements": make_agreement,
        "invoices": make_invoice,
        "opportunities": make_opportunity,
    }
    for _ in range(3):
        makers[key](connection)
    first, cursor = file_rows(KINDS[key], ALL, TODAY, None, 2)
    second, _ = file_rows(KINDS[key], ALL, TODAY, cursor, 2)
    columns = file_columns(KINDS[key])
    assert (columns[0], "content_hash" in columns, "organization_id" in columns) == ("id", False, False)
    assert len({row[0] for row in (*first, *second)}) == 3
    assert {len(row) for row in first} == {len(columns)}


@pytest.mark.parametrize("key", KINDS)
def test_nobody_sees_anothers_records(connection: Connection, other_organization: Organization, key: str) -> None:
    company = make_company(connection, "Umbrella rival")
    makers: dict[str, Any] = {
        "contacts": make_contact,
        "assets": make_asset,
        "agreements": make_agreement,
        "invoices": make_invoice,
        "opportunities": make_opportunity,
    }
    row = makers[key](connection, "Secret", company=company)
    assert listed(key, q="secret") == [str(row)]
    with tenant_transaction(other_organization.pk):
        assert (listed(key), listed(key, q="secret"), record_choices(KINDS[key])) == ([], [], ([], []))
        with pytest.raises(KINDS[key].model.DoesNotExist):
            record_get(KINDS[key], row.pk)
