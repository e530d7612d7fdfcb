"""From ConnectWise's configurations, agreements, products, invoices and opportunities to records. Pure.

Days come as midnight UTC and mean the calendar day (developer guide, "Dates"): a zone would move them to the day before.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from integrations.adapters.connectwise import client_payloads as cw
from integrations.adapters.connectwise.custom_fields import custom_values
from integrations.adapters.connectwise.mapping import NO_INFO, changed, name, reference
from integrations.adapters.connectwise.payloads import Reference, Row
from integrations.client_records import (
    AgreementAdditionRecord,
    AgreementRecord,
    AssetRecord,
    InvoiceRecord,
    OpportunityRecord,
    OpportunityStatusRecord,
    ProductRecord,
    amount,
    figure,
    summed,
)
from integrations.moments import day, utc

_PERCENT = re.compile(r"(\d{1,3}) ?%?")


def asset(row: cw.Configuration) -> AssetRecord:
    system = " ".join(part for part in (row.os_type, row.os_info) if part)
    return AssetRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        name=row.name or "",
        type_name=name(row.type),
        status_name=name(row.status),
        is_active=row.active_flag is not False,
        company_id=reference(row.company),
        company_name=name(row.company),
        site_id=reference(row.site),
        site_name=name(row.site),
        contact_id=reference(row.contact),
        contact_name=name(row.contact),
        location=name(row.location),
        manufacturer=name(row.manufacturer),
        model=row.model_number or "",
        serial_number=row.serial_number or "",
        tag=row.tag_number or "",
        operating_system=system,
        ip_address=row.ip_address or "",
        mac_address=row.mac_address or "",
        last_user=row.last_login_name or "",
        purchased_on=day(row.purchase_date),
        installed_on=day(row.installation_date),
        warranty_expires_on=day(row.warranty_expiration_date),
        notes=row.notes or "",
        remote_created_at=entered(row),
        custom_fields=custom_values(row.custom_fields, None),
    )


def product(row: cw.CatalogItem) -> ProductRecord:
    return ProductRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        identifier=row.identifier or "",
        name=row.description or "",
        description=row.customer_description or "",
        category=name(row.category),
        manufacturer=name(row.manufacturer),
        unit_price=amount(row.price),
        unit_cost=amount(row.cost),
        is_active=not row.inactive_flag,
        custom_fields=custom_values(row.custom_fields, None),
    )


def agreement(row: cw.Agreement) -> AgreementRecord:
    """In force is what the PSA calls Active and nobody cancelled; a server that tells no status goes by the flag alone."""
    return AgreementRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        name=row.name or "",
        type_name=name(row.type),
        status_name=row.agreement_status or "",
        is_active=not row.cancelled_flag and (row.agreement_status or "Active") == "Active",
        company_id=reference(row.company),
        company_name=name(row.company),
        site_id=reference(row.site),
        contact_id=reference(row.contact),
        contact_name=name(row.contact),
        parent_agreement_id=reference(row.parent_agreement),
        starts_on=day(row.start_date),
        ends_on=None if row.no_ending_date_flag else day(row.end_date),
        cancelled_on=day(row.date_cancelled) if row.cancelled_flag else None,
        billing_cycle=name(row.billing_cycle),
        amount=amount(row.bill_amount),
        currency=name(row.currency),
        purchase_order=row.customer_po or "",
        notes=row.internal_notes or "",
        remote_created_at=entered(row),
        custom_fields=custom_values(row.custom_fields, None),
    )


def addition(row: cw.Addition, agreement_id: str) -> AgreementAdditionRecord:
    return AgreementAdditionRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        agreement_id=agreement_id,
        product_id=reference(row.product),
        product_name=name(row.product),
        description=row.description or "",
        quantity=amount(row.quantity),
        included=amount(row.less_included),
        unit_price=amount(row.unit_price),
        unit_cost=amount(row.unit_cost),
        total=amount(row.ext_price),
        billing=row.bill_customer or "",
        starts_on=day(row.effective_date),
        ends_on=day(row.cancelled_date),
        serial_number=row.serial_number or "",
        custom_fields=custom_values(row.custom_fields, None),
    )


INVOICE_SUMS = (
    ("Agreement", "agreement_amount", 1),
    ("Services", "service_total", 1),
    ("Adjustment of services", "service_adjustment_amount", 1),
    ("Products", "product_total", 1),
    ("Expenses", "expense_total", 1),
    ("Progress billed before", "previous_progress_applied", -1),
    ("Down payment applied", "downpayment_applied", -1),
)
"""What an invoice's header says of which it is made: (words, field, sign)."""


def invoice(row: cw.Invoice) -> InvoiceRecord:
    """Its lines are the sums that its header tells: the entries themselves are time, products and expenses of their own."""
    return InvoiceRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        number=row.invoice_number or "",
        type_name=row.type or "",
        status_name=name(row.status),
        company_id=reference(row.company),
        company_name=name(row.company),
        agreement_id=reference(row.agreement),
        ticket_id=reference(row.ticket),
        invoiced_on=day(row.date),
        due_on=day(row.due_date),
        subtotal=amount(row.subtotal),
        tax=amount(row.sales_tax),
        total=amount(row.total),
        paid=summed((row.payments, row.credits)),
        balance=amount(row.balance),
        currency=name(row.currency),
        purchase_order=row.customer_po or "",
        reference=row.reference or "",
        lines=_sums(row),
        remote_created_at=entered(row),
        custom_fields=custom_values(row.custom_fields, None),
    )


def opportunity_status(row: cw.OpportunityStatus) -> OpportunityStatusRecord:
    return OpportunityStatusRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        name=row.name or "",
        is_closed=bool(row.closed_flag),
        is_won=bool(row.won_flag),
        is_lost=bool(row.lost_flag),
        is_active=not row.inactive_flag,
    )


def opportunity(row: cw.Opportunity, value: Decimal | None = None) -> OpportunityRecord:
    """``value``: the revenue of its forecast, which ConnectWise keeps apart."""
    return OpportunityRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        name=row.name or "",
        type_name=name(row.type),
        stage_name=name(row.stage),
        status_id=reference(row.status),
        status_name=name(row.status),
        rating=name(row.rating),
        probability=percent(row.probability),
        value=value,
        currency=name(row.currency),
        company_id=reference(row.company),
        company_name=name(row.company),
        site_id=reference(row.site),
        contact_id=reference(row.contact),
        contact_name=name(row.contact),
        owner_id=reference(row.primary_sales_rep),
        owner_name=name(row.primary_sales_rep),
        source=row.source or "",
        expected_close_on=day(row.expected_close_date),
        closed_at=utc(row.closed_date),
        notes=row.notes or "",
        remote_created_at=entered(row),
        custom_fields=custom_values(row.custom_fields, None),
    )


def percent(value: Reference | None) -> int | None:
    """A probability's name ("75" or "75%") as a number; None where it is not one, or no share of a hundred."""
    found = _PERCENT.fullmatch(name(value).strip())
    return int(found[1]) if found and int(found[1]) <= 100 else None


def entered(row: Row) -> dt.datetime | None:
    return utc((row.info or NO_INFO).date_entered)


def _sums(row: cw.Invoice) -> list[dict[str, Any]]:
    """Lines without quantity and price, of each sum that is not nothing."""
    return [
        {"description": words, "quantity": None, "unit_price": None, "total": figure(sign * found)}
        for words, name, sign in INVOICE_SUMS
        if (found := getattr(row, name))
    ]
