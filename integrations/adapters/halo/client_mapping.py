"""From Halo's assets, items, contracts, invoices and opportunities to records. Pure.

A day is what is written there: a zone would move it.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from integrations import moments
from integrations.adapters.halo import client_payloads as halo
from integrations.adapters.halo.custom_fields import Choices, clean_caption, custom_values
from integrations.adapters.halo.mapping import (
    NO_DATE_UNTIL,
    UNASSIGNED,
    Names,
    body,
    changed,
    is_closed,
    reference,
    utc,
)
from integrations.adapters.halo.payloads import Status, number
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
)

RECURRING = "r"
"""Before the id of a recurring invoice, which stands among the agreements beside contracts."""
LINE = "."
"""Between the id of a recurring invoice and its line's."""
WON, LOST = frozenset({"won", "closed won", "accepted"}), frozenset({"lost", "closed lost", "rejected"})
"""Names of statuses by which an opportunity is won or lost: Halo's statuses do not say."""
WELL_KNOWN = {
    "manufacturer": ("manufacturer", "make", "vendor", "brand"),
    "model": ("model", "model name", "model number"),
    "serial_number": ("serial number", "serial no", "serial", "service tag", "bios serial number"),
    "operating_system": ("operating system", "os", "os name"),
    "ip_address": ("ip address", "ip", "internal ip address"),
    "mac_address": ("mac address", "mac"),
    "location": ("location", "room"),
}
"""What the fields that people look for are called. Each Halo defines its own; names are compared without case and signs."""


def asset(row: halo.Asset, choices: Choices | None = None) -> AssetRecord:
    fields = [(clean_caption(field.name), field) for field in row.fields or ()]
    known = {_plain(caption): text for caption, field in fields if (text := _text(field))}
    found: dict[str, Any] = {
        name: next((known[key] for key in keys if key in known), "") for name, keys in WELL_KNOWN.items()
    }
    notes, body_format = body(row.notes)
    return AssetRecord(
        remote_id=str(row.id),
        remote_updated_at=utc(row.dlastupdate),
        name=row.key_field or row.inventory_number or f"Asset {row.id}",
        type_name=row.assettype_name or "",
        status_name=row.status_name or "",
        is_active=not row.inactive,
        company_id=reference(row.client_id),
        company_name=row.client_name or "",
        site_id=reference(row.site_id),
        site_name=row.site_name or "",
        tag=row.inventory_number or "",
        last_user=row.username or "",
        purchased_on=day(row.supplier_purchasedate),
        installed_on=day(row.commissiondate),
        warranty_expires_on=day(row.warranty_end),
        notes=notes,
        body_format=body_format,
        custom_fields={**_fields(fields), **custom_values(row.customfields, None, choices)},
        **found,
    )


def product(row: halo.Item, active: frozenset[int] | None = None) -> ProductRecord:
    """What is sold by the period costs what a period costs. ``active``: the items that are sold, for rows do not say it; None where that
    is not known."""
    price = row.recurringprice if row.isrecurringitem else row.baseprice
    cost = row.recurringcost if row.isrecurringitem else row.costprice
    description, body_format = body(row.description)
    return ProductRecord(
        remote_id=str(row.id),
        remote_updated_at=utc(row.lastmodified),
        identifier=row.supplier_part_code or "",
        name=row.name or "",
        description=description,
        body_format=body_format,
        category=row.assetgroup_name or "",
        manufacturer=row.manufacturer_name or "",
        unit_price=amount(price),
        unit_cost=amount(cost),
        is_active=active is None or row.id in active,
        unknown_fields=() if active is not None else ("is_active",),
    )


def contract(row: halo.Contract, choices: Choices | None = None) -> AgreementRecord:
    notes, body_format = body(row.note)
    return AgreementRecord(
        remote_id=str(row.id),
        remote_updated_at=utc(row.last_modified),
        name=row.ref or f"Contract {row.id}",
        type_name=row.contracttype_name or "",
        status_name=row.contract_status or ("Expired" if row.expired else "Active"),
        is_active=row.active is not False and not row.expired,
        company_id=reference(row.client_id),
        company_name=row.client_name or "",
        site_id=reference(row.site_id),
        contact_id=reference(row.user_id),
        contact_name=row.user_name or "",
        starts_on=day(row.start_date),
        ends_on=day(row.end_date),
        amount=amount(row.periodchargeamount),
        notes=notes,
        body_format=body_format,
        custom_fields=custom_values(row.customfields, None, choices),
    )


def recurring(row: halo.Invoice) -> AgreementRecord:
    """What is billed again and again, under its contract where it has one."""
    notes, body_format = body(row.internal_note)
    return AgreementRecord(
        remote_id=f"{RECURRING}{row.id}",
        remote_updated_at=utc(row.last_modified),
        name=row.name or f"Recurring invoice {abs(row.id)}",
        type_name="Recurring invoice",
        status_name="Voided" if row.voided else "",
        is_active=not row.voided,
        company_id=reference(row.client_id),
        company_name=row.client_name or "",
        parent_agreement_id=reference(row.contract_id),
        starts_on=day(row.startdate),
        ends_on=day(row.enddate),
        billing_cycle=row.periodname or "",
        amount=amount(row.total),
        currency=row.currency_code_name or "",
        purchase_order=row.cust_order_number or "",
        notes=notes,
        body_format=body_format,
        remote_created_at=utc(row.date_created),
    )


def additions(row: halo.Invoice) -> list[AgreementAdditionRecord]:
    """The lines of a recurring invoice; headings of groups are none."""
    agreement_id = f"{RECURRING}{row.id}"
    return [_addition(line, agreement_id, row) for line in row.lines or () if not line.isgroupdesc]


def _addition(line: halo.Line, agreement_id: str, row: halo.Invoice) -> AgreementAdditionRecord:
    return AgreementAdditionRecord(
        remote_id=f"{agreement_id}{LINE}{line.id}",
        remote_updated_at=utc(row.last_modified),
        agreement_id=agreement_id,
        product_id=reference(line.item_id),
        product_name=line.item_shortdescription or "",
        description=line.item_longdescription or "",
        quantity=amount(line.qty_order),
        unit_price=amount(line.unit_price),
        unit_cost=amount(line.unit_cost),
        total=amount(line.net_amount),
        billing="Not billed" if line.isinactive else "Billed",
        starts_on=day(line.startdate),
        ends_on=day(line.enddate),
    )


def invoice(row: halo.Invoice) -> InvoiceRecord:
    total, tax = amount(row.total), amount(row.tax_total)
    return InvoiceRecord(
        remote_id=str(row.id),
        remote_updated_at=utc(row.last_modified),
        number=row.thirdpartyinvoicenumber or row.invoicenumber or str(row.id),
        type_name="Credit note" if (row.creditlinkedtoinvoiceid or 0) > 0 else "Invoice",
        status_name=_payment(row),
        company_id=reference(row.client_id),
        company_name=row.client_name or "",
        agreement_id=reference(row.contract_id),
        ticket_id=reference(row.ticket_id),
        invoiced_on=day(row.invoice_date),
        due_on=day(row.duedate),
        subtotal=total - tax if total is not None and tax is not None else None,
        tax=tax,
        total=total,
        paid=amount(row.amountpaid),
        balance=amount(row.amountdue),
        currency=row.currency_code_name or "",
        purchase_order=row.cust_order_number or "",
        reference=row.reference or "",
        lines=[_line(line) for line in row.lines or ()],
        remote_created_at=utc(row.date_created),
    )


def opportunity_status(row: Status, *, is_closed: bool | None) -> OpportunityStatusRecord:
    """One of the statuses of tickets, for Halo has no others. ``is_closed``: None where it could not be learnt."""
    name = (row.name or "").strip().lower()
    return OpportunityStatusRecord(
        remote_id=str(row.id),
        unknown_fields=() if is_closed is not None else ("is_closed",),
        name=row.name or "",
        is_closed=bool(is_closed),
        is_won=name in WON,
        is_lost=name in LOST,
    )


def opportunity(row: halo.Opportunity, names: Names) -> OpportunityRecord:
    owner = row.agent_id if row.agent_id and row.agent_id > UNASSIGNED else None
    notes, body_format = body(row.details, row.details_html)
    return OpportunityRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        name=row.summary or "",
        type_name=row.opptype or names.types.get(row.tickettype_id or 0, ""),
        stage_name=row.pipeline_stage_name or "",
        status_id=reference(row.status_id),
        status_name=names.statuses.get(row.status_id or 0, ""),
        probability=_percent(row.oppconversionprobability),
        value=amount(row.oppvalue),
        company_id=reference(row.client_id),
        company_name=row.client_name or "",
        site_id=reference(row.site_id),
        contact_id=reference(row.user_id),
        contact_name=row.user_name or row.oppcontactname or "",
        owner_id=reference(owner),
        owner_name=names.agents.get(owner or 0, ""),
        source=row.opphear or "",
        expected_close_on=day(row.targetdate),
        closed_at=utc(row.dateclosed) if is_closed(row, names) else None,
        notes=notes,
        body_format=body_format,
        remote_created_at=utc(row.dateoccurred),
    )


def day(moment: dt.datetime | None) -> dt.date | None:
    """The calendar day that is written there; None for Halo's ways of writing "no date"."""
    return None if moment is None or moment.year <= NO_DATE_UNTIL else moments.day(moment)


def _line(line: halo.Line) -> dict[str, Any]:
    return {
        "description": line.item_shortdescription or line.item_longdescription or "",
        "quantity": figure(line.qty_order),
        "unit_price": figure(line.unit_price),
        "total": figure(line.net_amount),
    }


def _payment(row: halo.Invoice) -> str:
    """Halo numbers the states of payment without naming them: the amounts say as much."""
    if row.voided:
        return "Voided"
    due, paid = amount(row.amountdue), amount(row.amountpaid) or Decimal(0)
    if due is None:
        return ""
    if due <= 0:
        return "Paid"
    return "Partly paid" if paid > 0 else "Open"


def _percent(value: float | None) -> int | None:
    return round(value) if value is not None and 0 <= value <= 100 else None


def _fields(fields: list[tuple[str, halo.AssetField]]) -> dict[str, Any]:
    """{"field-id": {"caption", "type", "value"}}: numbered apart from custom fields, which have the same ids."""
    return {
        f"field-{number(field.id)}": {"caption": caption, "type": "text", "value": text}
        for caption, field in fields
        if number(field.id) is not None and (text := _text(field))
    }


def _text(field: halo.AssetField) -> str:
    if isinstance(field.value, str) and moments.is_no_midnight(field.value):
        # What it shows as is that day in the words of some country.
        return ""
    value = field.display or field.value
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def _plain(caption: str) -> str:
    return " ".join(caption.lower().replace("_", " ").replace(".", "").split())
