"""From payloads of what companies have to records."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from integrations.adapters.connectwise import client_mapping as mapping
from integrations.adapters.connectwise import client_payloads as cw
from integrations.adapters.connectwise.payloads import Reference
from integrations.cleaning import cleaned
from integrations.client_records import (
    AgreementAdditionRecord,
    AgreementRecord,
    AssetRecord,
    InvoiceRecord,
    OpportunityRecord,
    OpportunityStatusRecord,
    ProductRecord,
)
from integrations.port import Rejected

PAYLOADS = msgspec.json.decode((Path(__file__).parent / "payloads" / "holdings.json").read_bytes())
ACME = {"company_id": "250", "company_name": "Acme Ltd"}
EMMA = {"contact_id": "58118", "contact_name": "Emma Díaz"}


def loaded(kind: type[Any], key: str, **changed: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(PAYLOADS[key] | changed), type=kind)


def test_a_configuration_is_an_asset_with_days_that_no_zone_moves() -> None:
    assert mapping.asset(loaded(cw.Configuration, "configuration")) == AssetRecord(
        remote_id="501",
        remote_updated_at=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        name="PC-0042",
        type_name="Workstation",
        status_name="Active",
        **ACME,
        **EMMA,
        site_id="1000",
        site_name="Main",
        location="Tampa",
        manufacturer="HP",
        model="EliteBook 840",
        serial_number="5CG1234XYZ",
        tag="A-0042",
        operating_system="Windows 11 Pro 10.0.22631",
        ip_address="10.0.0.42",
        mac_address="00:11:22:33:44:55",
        last_user="ACME\\emma",
        purchased_on=dt.date(2024, 2, 1),
        installed_on=dt.date(2024, 2, 10),
        warranty_expires_on=dt.date(2027, 2, 1),
        notes="Desk 4",
        remote_created_at=dt.datetime(2024, 2, 10, 10, tzinfo=dt.UTC),
        custom_fields={"61": {"caption": "Room", "type": "text", "value": "4.12"}},
    )


def test_a_product_keeps_its_price_exact() -> None:
    assert mapping.product(loaded(cw.CatalogItem, "product")) == ProductRecord(
        remote_id="30",
        identifier="M365-BP",
        name="Microsoft 365",
        description="Mail and Office",
        category="Licences",
        manufacturer="Microsoft",
        unit_price=Decimal("22.1"),
        unit_cost=Decimal("17.6"),
        is_active=False,
    )


def test_an_agreement_with_everything() -> None:
    assert mapping.agreement(loaded(cw.Agreement, "agreement")) == AgreementRecord(
        remote_id="7",
        name="Gold",
        type_name="Managed",
        status_name="Active",
        **ACME,
        **EMMA,
        parent_agreement_id="6",
        starts_on=dt.date(2025, 1, 1),
        ends_on=dt.date(2026, 12, 31),
        billing_cycle="Monthly",
        amount=Decimal("1234.56"),
        currency="US Dollars",
        purchase_order="PO-1",
        notes="Renew early",
    )


@pytest.mark.parametrize(
    ("changed", "active", "ends"),
    [
        ({}, True, dt.date(2026, 12, 31)),
        ({"noEndingDateFlag": True}, True, None),
        ({"agreementStatus": "Expired"}, False, dt.date(2026, 12, 31)),
        ({"agreementStatus": None}, True, dt.date(2026, 12, 31)),
        ({"agreementStatus": None, "cancelledFlag": True}, False, dt.date(2026, 12, 31)),
    ],
)
def test_what_is_in_force_is_the_psas_to_say(changed: dict[str, Any], active: bool, ends: dt.date | None) -> None:
    found = mapping.agreement(loaded(cw.Agreement, "agreement", **changed))
    assert (found.is_active, found.ends_on) == (active, ends)


def test_an_addition_belongs_to_the_agreement_that_was_asked() -> None:
    assert mapping.addition(loaded(cw.Addition, "addition"), "7") == AgreementAdditionRecord(
        remote_id="9000",
        agreement_id="7",
        product_id="30",
        product_name="M365-BP",
        description="Microsoft 365",
        quantity=Decimal(25),
        included=Decimal(1),
        unit_price=Decimal("22.1"),
        unit_cost=Decimal("17.6"),
        total=Decimal("530.4"),
        billing="Billable",
        starts_on=dt.date(2025, 1, 1),
        ends_on=dt.date(2026, 6, 30),
    )


def test_an_invoice_adds_payments_and_credits_exactly() -> None:
    assert mapping.invoice(loaded(cw.Invoice, "invoice")) == InvoiceRecord(
        remote_id="20000",
        number="100000",
        type_name="Agreement",
        status_name="Sent",
        **ACME,
        agreement_id="7",
        invoiced_on=dt.date(2026, 10, 1),
        due_on=dt.date(2026, 10, 31),
        subtotal=Decimal("100.1"),
        tax=Decimal("7.01"),
        total=Decimal("107.11"),
        paid=Decimal("50.3"),
        balance=Decimal("56.81"),
        currency="US Dollars",
        reference="R-1",
    )
    assert mapping.invoice(loaded(cw.Invoice, "invoice", payments=None, credits=None)).paid is None


def test_an_amount_beyond_all_bounds_is_left_out_and_costs_nothing_else() -> None:
    record = mapping.invoice(loaded(cw.Invoice, "invoice", total=1e300))
    found = cleaned(record)
    assert not isinstance(found, Rejected)
    assert found[0] == msgspec.structs.replace(record, total=None)
    assert [(remark.field, remark.understood) for remark in found[1]] == [("total", False)]


def test_an_opportunity_with_everything() -> None:
    assert mapping.opportunity(loaded(cw.Opportunity, "opportunity")) == OpportunityRecord(
        remote_id="700",
        name="Firewalls",
        type_name="Product",
        stage_name="3.Quote",
        status_id="1",
        status_name="Open",
        rating="Hot",
        probability=75,
        **ACME,
        **EMMA,
        owner_id="176",
        owner_name="jdoe",
        source="Referral",
        expected_close_on=dt.date(2026, 12, 24),
        notes="Call back",
    )


@pytest.mark.parametrize(
    ("name", "percent"), [("75", 75), ("100%", 100), (" 5 % ", 5), ("150", None), ("Likely", None), (None, None)]
)
def test_a_probability_is_per_cent_or_unknown(name: str | None, percent: int | None) -> None:
    assert mapping.percent(Reference(id=5, name=name)) == percent


def test_a_status_says_how_an_opportunity_ended() -> None:
    row = cw.OpportunityStatus(id=2, name="Won", closed_flag=True, won_flag=True)
    assert mapping.opportunity_status(row) == OpportunityStatusRecord(
        remote_id="2", name="Won", is_closed=True, is_won=True
    )


@pytest.mark.parametrize("kind", [cw.Configuration, cw.CatalogItem, cw.Agreement, cw.Invoice, cw.Opportunity])
def test_a_row_with_nothing_but_its_id_is_a_record(kind: type[Any]) -> None:
    maps: dict[Any, Any] = {
        cw.Configuration: mapping.asset,
        cw.CatalogItem: mapping.product,
        cw.Agreement: mapping.agreement,
        cw.Invoice: mapping.invoice,
        cw.Opportunity: mapping.opportunity,
    }
    assert maps[kind](kind(id=3)).remote_id == "3"
