"""Assets, agreements, products, invoices and opportunities on their way from a record to a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from clients.models import (
    Agreement,
    AgreementAddition,
    Asset,
    Company,
    Contact,
    Invoice,
    Opportunity,
    OpportunityStatus,
    Product,
)
from foundation.ledger.merge import MergeContext, MergeCounts, merge, relink
from foundation.ledger.models import JournalEntry
from foundation.tenancy.models import Organization
from integrations.client_records import (
    AgreementAdditionRecord,
    AgreementRecord,
    AssetRecord,
    InvoiceRecord,
    OpportunityRecord,
    OpportunityStatusRecord,
    ProductRecord,
    amount,
)
from integrations.models import Connection
from integrations.records import CompanyRecord, Record
from sync.streams import TARGETS, stage, unstage
from tests.tickets.factories import synced

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 12, 31)
RECORDS: dict[str, Record] = {
    "assets": AssetRecord(
        remote_id="1", name="PC-0042", company_id="7", warranty_expires_on=DAY, custom_fields={"1": {"value": "x"}}
    ),
    "products": ProductRecord(remote_id="2", identifier="M365", name="Microsoft 365", unit_price=Decimal("12.50")),
    "agreements": AgreementRecord(remote_id="3", name="Gold", company_id="7", amount=Decimal("0.1")),
    "agreement_additions": AgreementAdditionRecord(
        remote_id="4", agreement_id="3", product_id="2", quantity=Decimal("25"), unit_price=Decimal("12.345678")
    ),
    "invoices": InvoiceRecord(
        remote_id="5",
        number="INV-1",
        company_id="7",
        agreement_id="3",
        total=Decimal("-12.34"),
        lines=[{"description": "Licences", "total": Decimal("12.34")}],
    ),
    "opportunity_statuses": OpportunityStatusRecord(remote_id="6", name="Won", is_closed=True, is_won=True),
    "opportunities": OpportunityRecord(
        remote_id="8", name="Firewalls", company_id="7", status_id="6", owner_id="150", probability=75
    ),
}
MODELS = {
    "assets": Asset,
    "products": Product,
    "agreements": Agreement,
    "agreement_additions": AgreementAddition,
    "invoices": Invoice,
    "opportunity_statuses": OpportunityStatus,
    "opportunities": Opportunity,
}
Land = Callable[..., MergeCounts]


@pytest.fixture
def context(in_tenant: Organization, connection: Connection) -> MergeContext:
    return MergeContext(in_tenant.pk, connection.pk, 41)


@pytest.fixture
def land(context: MergeContext) -> Land:
    """``land("assets", record)`` stages and merges one record."""

    def landed(stream: str, record: Record) -> MergeCounts:
        stage(TARGETS[stream], context, 1, [(record, True)], NOON)
        counts = merge(TARGETS[stream], context)
        unstage(context, [stream])
        return counts

    return landed


@pytest.mark.parametrize("stream", RECORDS)
def test_a_record_lands_once_and_is_journalled_once(land: Land, stream: str) -> None:
    first, second = land(stream, RECORDS[stream]), land(stream, RECORDS[stream])
    assert (first.created, second.created, second.updated, second.unchanged) == (1, 0, 0, 1)
    assert MODELS[stream].objects.count() == 1
    assert list(JournalEntry.objects.values_list("stream", "action")) == [(stream, "created")]


def test_what_arrives_before_its_company_or_agreement_is_linked_later(land: Land, context: MergeContext) -> None:
    for stream in reversed(RECORDS):
        land(stream, RECORDS[stream])
    land("companies", CompanyRecord(remote_id="7", name="Nordwind"))
    for stream in RECORDS:
        for reference in TARGETS[stream].references:
            relink(TARGETS[stream], [reference], context)
    company, agreement = Company.objects.get(), Agreement.objects.get()
    assert {row.company_id for row in (Asset.objects.get(), agreement, Invoice.objects.get())} == {company.pk}
    addition, opportunity = AgreementAddition.objects.get(), Opportunity.objects.get()
    assert (addition.agreement_id, addition.product_id) == (agreement.pk, Product.objects.get().pk)
    assert (Invoice.objects.get().agreement_id, opportunity.company_id) == (agreement.pk, company.pk)
    assert (opportunity.status_id, opportunity.owner_remote_id) == (OpportunityStatus.objects.get().pk, "150")


def test_money_is_exact(land: Land) -> None:
    for stream in ("agreements", "agreement_additions", "invoices"):
        land(stream, RECORDS[stream])
    assert Agreement.objects.get().amount == Decimal("0.1")
    assert AgreementAddition.objects.get().unit_price == Decimal("12.345678")
    invoice = Invoice.objects.get()
    assert (invoice.total, invoice.balance, invoice.lines[0]["total"]) == (Decimal("-12.34"), None, "12.34")


def test_rows_without_a_day_stand_at_the_end_of_lists(land: Land) -> None:
    for stream in ("assets", "invoices", "opportunities"):
        land(stream, RECORDS[stream])
    days = (
        Asset.objects.get().warranty_listed_on,
        Invoice.objects.get().listed_on,
        Opportunity.objects.get().listed_on,
    )
    assert days == (DAY, dt.date(1, 1, 1), dt.date(9999, 12, 31))


def test_contacts_are_listed_by_last_name(in_tenant: Organization, connection: Connection) -> None:
    row = Contact.objects.create(**synced(connection, first_name="Zoë", last_name="Ek"))
    row.refresh_from_db()
    assert row.listed_name == "Ek Zoë"


@pytest.mark.parametrize(("given", "kept"), [(None, None), (0.1, "0.1"), ("19.999", "19.999"), (1e-9, "0"), (-3, "-3")])
def test_an_amount_is_exact_to_six_places(given: float | str | None, kept: str | None) -> None:
    assert amount(given) == (None if kept is None else Decimal(kept))


@pytest.mark.parametrize("given", [1e15, -1e300, float("inf")])
def test_an_amount_that_no_column_holds_stays_as_it_came_for_the_check_of_records_to_name(given: float) -> None:
    assert amount(given) == Decimal(str(given))


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="twelve is not an amount"):
        amount("twelve")
