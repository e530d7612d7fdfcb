"""From Autotask's configuration items, contracts, invoices and opportunities to records, and the same from a sandbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from integrations.adapters.autotask import client_mapping as mapping
from integrations.adapters.autotask import client_payloads as at
from integrations.adapters.autotask.labels import Choice
from integrations.adapters.autotask.mapping import Names
from integrations.adapters.autotask.payloads import Named
from integrations.client_records import AgreementAdditionRecord, InvoiceRecord, OpportunityRecord
from integrations.errors import NotFound
from integrations.port import Adapter, ReadRequest
from integrations.records import Record, TicketRecord
from tests.integrations.adapters.sandboxes import Sandbox, running

ASSET = b"""{"id": 5001, "companyID": 0, "companyLocationID": 55, "configurationItemType": 1, "productID": 29682915,
"referenceTitle": "PC-0042", "referenceNumber": "A-0042", "serialNumber": "5CG1234XYZ", "isActive": false,
"installDate": "2024-02-10T00:00:00Z", "warrantyExpirationDate": "2027-02-01T00:00:00Z",
"rmmDeviceAuditOperatingSystem": "Microsoft Windows 11 Pro", "rmmDeviceAuditIPAddress": "10.0.0.42",
"lastModifiedTime": "2026-01-02T03:04:05.123Z", "userDefinedFields": [{"name": "Asset owner", "value": "IT"}]}"""
READ = ("assets", "products", "agreements", "agreement_additions", "opportunity_statuses", "opportunities", "invoices")


def test_an_asset_has_what_the_agent_found_and_else_its_products_words() -> None:
    row = msgspec.json.decode(ASSET, type=at.ConfigurationItem)
    names = Names(
        picks={"configurationitemtype": {"1": Choice(value="1", label="Workstation")}},
        products={29682915: Named(id=29682915, name="OptiPlex", manufacturer_name="Dell")},
    )
    found = mapping.asset(row, names)
    assert (found.name, found.tag, found.type_name) == ("PC-0042", "A-0042", "Workstation")
    assert (found.company_id, found.site_id, found.is_active) == ("0", "55", False)
    assert (found.manufacturer, found.model, found.ip_address) == ("Dell", "OptiPlex", "10.0.0.42")
    assert (found.installed_on, found.warranty_expires_on) == (dt.date(2024, 2, 10), dt.date(2027, 2, 1))
    assert found.custom_fields["Asset owner"]["value"] == "IT"
    audited = {"rmmdeviceauditmanufacturerid": {"3": Choice(value="3", label="Dell Inc.")}}
    row = msgspec.structs.replace(row, rmm_device_audit_manufacturer_id=3)
    assert mapping.asset(row, msgspec.structs.replace(names, picks=audited)).manufacturer == "Dell Inc."


def test_a_service_of_a_contract_has_the_units_of_the_running_period() -> None:
    row = at.ContractService(id=700, contract_id=9, service_id=12, unit_price=4.25, unit_cost=1.9)
    unit = at.ContractServiceUnit(id=1, contract_service_id=700, units=10, price=42.5)
    found = mapping.addition(row, Names(units={700: unit}, services={12: Named(id=12, name="Backup")}))
    assert (found.agreement_id, found.product_id, found.product_name) == ("9", "s12", "Backup")
    assert (found.quantity, found.total) == (Decimal(10), Decimal("42.5"))
    bare = mapping.addition(row, Names())
    assert (bare.quantity, bare.total, bare.unit_price) == (None, None, Decimal("4.25"))


@pytest.mark.parametrize(
    ("paid", "voided", "status", "balance"),
    [(True, False, "Paid", Decimal(0)), (False, False, "Open", None), (False, True, "Voided", Decimal(0))],
)
def test_an_invoice_is_paid_from_the_day_on_that_says_so(
    paid: bool, voided: bool, status: str, balance: Decimal | None
) -> None:
    day = dt.datetime(2026, 3, 31, tzinfo=dt.UTC)
    row = at.Invoice(id=7, invoice_total=107.0, total_tax_value=7.0, paid_date=day if paid else None, is_voided=voided)
    lines = [at.BillingItem(id=1, contract_id=9, item_name="Backup", quantity=2.0, rate=50.0, extended_price=100.0)]
    found = mapping.invoice(row, Names(lines={7: lines}))
    assert (found.subtotal, found.status_name, found.balance) == (Decimal(100), status, balance)
    assert (found.agreement_id, found.number) == ("9", "7")
    assert found.lines == [{"description": "Backup", "quantity": "2", "unit_price": "50", "total": "100"}]


def test_lost_closed_and_implemented_end_an_opportunity() -> None:
    ends = {number: mapping.opportunity_status(Choice(value=str(number), label="x")) for number in range(5)}
    assert [row.is_closed for row in ends.values()] == [False, False, True, True, True]
    assert [row.is_lost for row in ends.values()] == [False, False, True, False, False]
    assert [row.is_won for row in ends.values()] == [False, False, False, True, True]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running("autotask", tickets=600) as started:
        yield started


@pytest.fixture
def adapter(sandbox: Sandbox) -> Iterator[Adapter]:
    opened = sandbox.open()
    yield opened
    opened.close()
    sandbox.control("POST", "reset")


def walk(adapter: Adapter, stream: str) -> list[Record]:
    found: list[Record] = []
    place: dict[str, Any] | None = None
    for _ in range(200):
        page = adapter.read_page(ReadRequest(stream=stream, page_size=40), place)
        found += page.records
        if page.next is None:
            return found
        place = page.next
    raise AssertionError("the walk does not end")


def truth(sandbox: Sandbox, collection: str) -> list[int]:
    return list(sandbox.control("GET", f"truth?collection={collection}")["ids"])


def test_products_and_services_are_one_stream(sandbox: Sandbox, adapter: Adapter) -> None:
    expected = [str(number) for number in truth(sandbox, "products")]
    expected += [f"s{number}" for number in truth(sandbox, "services")]
    assert [record.remote_id for record in walk(adapter, "products")] == expected
    assert adapter.count(ReadRequest(stream="products")) == len(expected)
    page = adapter.read_page(ReadRequest(stream="products", page_size=2), {"also": True})
    assert page.next == {"after": page.records[-1].remote_id.removeprefix("s"), "also": True}


def test_every_contract_service_has_its_running_units_and_every_invoice_its_lines(
    sandbox: Sandbox, adapter: Adapter
) -> None:
    additions = [
        record for record in walk(adapter, "agreement_additions") if isinstance(record, AgreementAdditionRecord)
    ]
    assert len(additions) == len(truth(sandbox, "contract_services")) > 10
    assert all(line.quantity and line.total == line.quantity * (line.unit_price or 0) for line in additions)
    agreements = {record.remote_id for record in walk(adapter, "agreements")}
    assert {line.agreement_id for line in additions} <= agreements
    invoices = [record for record in walk(adapter, "invoices") if isinstance(record, InvoiceRecord)]
    assert sum(len(found.lines) for found in invoices) == len(truth(sandbox, "billing_items"))
    for found in invoices:
        assert found.subtotal == sum(Decimal(line["total"]) for line in found.lines)


def test_tickets_name_those_who_work_on_them_beside_their_owner(sandbox: Sandbox, adapter: Adapter) -> None:
    tickets = [record for record in walk(adapter, "tickets") if isinstance(record, TicketRecord)]
    helped = [record for record in tickets if record.resources]
    assert sum(len(record.resources.split(", ")) for record in helped) == len(truth(sandbox, "secondary_resources")) > 2
    assert all(record.owner_name not in record.resources.split(", ") for record in helped)
    assert adapter.read_one("tickets", helped[0].remote_id) == helped[0]
    sandbox.control("POST", "role", {"denied": ["secondary_resources"]})
    hidden = [record for record in walk(adapter, "tickets") if isinstance(record, TicketRecord)]
    assert (len(hidden), any(record.resources for record in hidden)) == (len(tickets), False)


@pytest.mark.parametrize("stream", READ)
def test_one_record_is_as_its_list_shows_it(adapter: Adapter, stream: str) -> None:
    found = walk(adapter, stream)
    for record in (found[0], found[-1]):
        assert adapter.read_one(stream, record.remote_id) == record


def test_what_is_not_there_is_not_found(adapter: Adapter) -> None:
    for stream, remote_id in (("products", "s99999"), ("products", "sx"), ("assets", "s12"), ("invoices", "1")):
        with pytest.raises(NotFound):
            adapter.read_one(stream, remote_id)


def test_opportunities_are_read_since_a_moment(adapter: Adapter) -> None:
    found = [record for record in walk(adapter, "opportunities") if isinstance(record, OpportunityRecord)]
    newest = max(record.remote_updated_at for record in found if record.remote_updated_at)
    page = adapter.read_page(ReadRequest(stream="opportunities", since=newest))
    assert newest in {record.remote_updated_at for record in page.records}
    assert len(page.records) < len(found)


def test_lines_and_units_that_may_not_be_read_leave_their_records(sandbox: Sandbox, adapter: Adapter) -> None:
    sandbox.control("POST", "role", {"denied": ["billing_items", "contract_units"]})
    invoices = [record for record in walk(adapter, "invoices") if isinstance(record, InvoiceRecord)]
    assert len(invoices) == len(truth(sandbox, "invoices"))
    assert not any(found.lines for found in invoices)
