"""From Halo's assets, contracts, invoices and opportunities to records, and the same read from a sandbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from integrations.adapters.halo import client_mapping as mapping
from integrations.adapters.halo import client_payloads as halo
from integrations.adapters.halo.mapping import Names
from integrations.client_records import AgreementRecord, AssetRecord, OpportunityRecord
from integrations.errors import NotFound, PermissionMissing
from integrations.port import Adapter, ReadRequest
from integrations.records import Record
from tests.integrations.adapters.sandboxes import Sandbox, running

ASSET = b"""{"id": 5, "inventory_number": "A-00005", "key_field": "PC-5", "assettype_name": "Workstation", "inactive": true,
"client_id": 12.0, "client_name": "Acme", "site_id": "15", "warranty_end": "1899-12-30T00:00:00",
"supplier_purchasedate": "2024-03-31T12:00:00", "fields": [{"id": 51.0, "name": "Serial No.", "value": "XYZ-1"},
{"id": "52", "name": "MANUFACTURER", "value": 7, "display": "Dell"}, {"id": 53, "name": "Room", "value": null}],
"customfields": [{"id": 51, "name": "CFOwner", "label": "Owner", "type": 0, "value": "IT"}]}"""
INVOICE = b"""{"id": -240, "name": "Monthly", "client_id": 12, "contract_id": 40, "total": 121.0, "tax_total": 21.0,
"amountpaid": 20.5, "amountdue": 100.5, "periodname": "Monthly", "startdate": "2026-01-01T00:00:00", "lines": [
{"id": 1, "item_shortdescription": "Heading", "isgroupdesc": true},
{"id": 2, "_itemid": 30, "item_shortdescription": "Licence", "qty_order": 4.0, "unit_price": 25.0, "net_amount": 100.0}]}"""
READ = ("assets", "products", "agreements", "agreement_additions", "opportunity_statuses", "opportunities", "invoices")


def test_an_asset_gets_what_people_look_for_from_its_fields() -> None:
    found = mapping.asset(msgspec.json.decode(ASSET, type=halo.Asset))
    assert (found.name, found.tag, found.type_name, found.is_active) == ("PC-5", "A-00005", "Workstation", False)
    assert (found.serial_number, found.manufacturer, found.model, found.location) == ("XYZ-1", "Dell", "", "")
    assert (found.company_id, found.site_id) == ("12", "15")
    assert (found.purchased_on, found.warranty_expires_on) == (dt.date(2024, 3, 31), None)
    assert {key: field["value"] for key, field in found.custom_fields.items()} == {
        "field-51": "XYZ-1",
        "field-52": "Dell",
        "51": "IT",
    }


def test_an_asset_without_a_key_field_is_called_by_its_number() -> None:
    assert mapping.asset(halo.Asset(id=5, inventory_number="A-5")).name == "A-5"
    assert mapping.asset(halo.Asset(id=5)).name == "Asset 5"


def test_a_recurring_invoice_is_an_agreement_under_its_contract_and_its_lines_are_additions() -> None:
    row = msgspec.json.decode(INVOICE, type=halo.Invoice)
    agreement, lines = mapping.recurring(row), mapping.additions(row)
    assert (agreement.remote_id, agreement.parent_agreement_id, agreement.billing_cycle) == ("r-240", "40", "Monthly")
    assert (agreement.starts_on, agreement.ends_on, agreement.amount) == (dt.date(2026, 1, 1), None, Decimal(121))
    assert [(line.remote_id, line.agreement_id, line.product_id) for line in lines] == [("r-240.2", "r-240", "30")]
    assert (lines[0].quantity, lines[0].unit_price, lines[0].total) == (Decimal(4), Decimal(25), Decimal(100))


@pytest.mark.parametrize(
    ("due", "paid", "voided", "status"),
    [
        (100.5, 20.5, False, "Partly paid"),
        (121.0, 0.0, False, "Open"),
        (0.0, 121.0, False, "Paid"),
        (9, 0, True, "Voided"),
    ],
)
def test_an_invoice_says_by_its_amounts_what_is_paid(due: float, paid: float, voided: bool, status: str) -> None:
    row = msgspec.json.decode(INVOICE, type=halo.Invoice)
    found = mapping.invoice(msgspec.structs.replace(row, id=7, amountdue=due, amountpaid=paid, voided=voided))
    assert (found.subtotal, found.tax, found.total) == (Decimal(100), Decimal(21), Decimal(121))
    assert (found.status_name, found.balance) == (status, Decimal(str(due)))
    assert found.lines[1] == {"description": "Licence", "quantity": "4", "unit_price": "25", "total": "100"}


def test_an_opportunity_has_its_value_stage_owner_and_words() -> None:
    row = halo.Opportunity(
        id=9, summary="Refresh", status_id=2, agent_id=5, oppvalue=1500.0, oppconversionprobability=25.0,
        pipeline_stage_name="Quote sent", details="By phone.", last_update=dt.datetime(2026, 5, 1, 8),  # noqa: DTZ001
    )  # fmt: skip
    found = mapping.opportunity(row, Names(statuses={2: "In Progress"}, agents={5: "Ada Ivanova"}))
    assert (found.status_name, found.owner_name, found.stage_name) == ("In Progress", "Ada Ivanova", "Quote sent")
    assert (found.value, found.probability, found.notes) == (Decimal(1500), 25, "By phone.")
    assert found.remote_updated_at == dt.datetime(2026, 5, 1, 8, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running("halo", tickets=600) as started:
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
        page = adapter.read_page(ReadRequest(stream=stream, page_size=60), place)
        found += page.records
        if page.next is None:
            return found
        place = page.next
    raise AssertionError("the walk does not end")


def count(sandbox: Sandbox, collection: str) -> int:
    return int(sandbox.control("GET", f"truth?collection={collection}")["count"])


def test_all_that_is_there_comes(sandbox: Sandbox, adapter: Adapter) -> None:
    assert len(walk(adapter, "assets")) == count(sandbox, "assets") > 60
    assert len(walk(adapter, "invoices")) == count(sandbox, "invoices") > 60
    assert len(walk(adapter, "opportunities")) == count(sandbox, "opportunities") > 0
    agreements = [record for record in walk(adapter, "agreements") if isinstance(record, AgreementRecord)]
    recurring = [record for record in agreements if record.remote_id.startswith("r")]
    assert len(recurring) == count(sandbox, "recurring") > 0
    assert len(agreements) - len(recurring) == count(sandbox, "contracts") > 0
    known = {record.remote_id for record in agreements}
    assert {record.parent_agreement_id for record in recurring} - {None} <= known


@pytest.mark.parametrize("stream", READ)
def test_one_record_is_as_its_list_shows_it(adapter: Adapter, stream: str) -> None:
    found = walk(adapter, stream)
    for record in (found[0], found[-1]):
        assert adapter.read_one(stream, record.remote_id) == record


def test_what_is_not_there_is_not_found(adapter: Adapter) -> None:
    for stream, remote_id in (
        ("agreements", "r-1"),
        ("agreement_additions", "r-9000.99999"),
        ("agreements", "rx"),
        ("assets", "1"),
    ):
        with pytest.raises(NotFound):
            adapter.read_one(stream, remote_id)


def test_opportunities_are_read_since_a_moment(sandbox: Sandbox, adapter: Adapter) -> None:
    found = [record for record in walk(adapter, "opportunities") if isinstance(record, OpportunityRecord)]
    newest = max(record.remote_updated_at for record in found if record.remote_updated_at)
    page = adapter.read_page(ReadRequest(stream="opportunities", since=newest))
    assert {record.remote_id for record in page.records} == {
        record.remote_id for record in found if record.remote_updated_at and record.remote_updated_at >= newest
    }


def test_assets_without_the_right_to_them_and_the_rest_goes_on(sandbox: Sandbox, adapter: Adapter) -> None:
    sandbox.control("POST", "role", {"denied": ["assets"]})
    with pytest.raises(PermissionMissing):
        adapter.read_page(ReadRequest(stream="assets"))
    check = next(check for check in adapter.probe().checks if check.name == "Assets")
    assert (check.ok, check.warning, check.permission) == (True, True, "read:assets")
    sandbox.control("POST", "role", {"denied": []})
    with sandbox.fault(kind="403", match={"path": r"/api/AssetType$"}):
        fresh = sandbox.open()
        first = fresh.read_page(ReadRequest(stream="assets")).records[0]
        fresh.close()
    assert isinstance(first, AssetRecord)
    assert (bool(first.name), first.custom_fields) == (True, {})
