"""From Autotask's configuration items, products, contracts, invoices and opportunities to records. Pure.

Days come as midnight and mean the calendar day.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integrations.adapters.autotask import client_payloads as at
from integrations.adapters.autotask.custom_fields import custom_values
from integrations.adapters.autotask.labels import Choice
from integrations.adapters.autotask.mapping import Names, person_name, reference
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
from integrations.moments import day, utc

SERVICE = "s"
"""Before the id of a service, which stands among the products beside those that are sold once."""
LOST, WON = frozenset({2}), frozenset({3, 4})
"""Statuses of opportunities: Lost; Closed and Implemented (the pick list's system values)."""
PERIODS = {"m": "Monthly", "q": "Quarterly", "s": "Half-yearly", "y": "Yearly", "o": "Once"}
IN_FORCE = 1
"""A contract's status: 1 active, 0 not."""


def asset(row: at.ConfigurationItem, names: Names) -> AssetRecord:
    """Maker and model are what the monitoring agent found, else the product's."""
    contact = names.contacts.get(row.contact_id) if row.contact_id is not None else None
    product = names.products.get(row.product_id) if row.product_id is not None else None
    return AssetRecord(
        remote_id=str(row.id),
        remote_updated_at=utc(row.last_modified_time),
        name=row.reference_title or row.rmm_device_audit_hostname or f"Configuration item {row.id}",
        type_name=names.pick("configurationItemType", row.configuration_item_type)
        or names.pick("configurationItemCategoryID", row.configuration_item_category_id),
        status_name="" if row.is_active is None else "Active" if row.is_active else "Inactive",
        is_active=row.is_active is not False,
        company_id=reference(row.company_id),
        company_name=names.company(row.company_id),
        site_id=reference(row.company_location_id),
        contact_id=reference(row.contact_id),
        contact_name=person_name(contact),
        location=row.location or "",
        manufacturer=names.pick("rmmDeviceAuditManufacturerID", row.rmm_device_audit_manufacturer_id)
        or ((product.manufacturer_name or "") if product else ""),
        model=names.pick("rmmDeviceAuditModelID", row.rmm_device_audit_model_id)
        or ((product.name or "") if product else ""),
        serial_number=row.serial_number or "",
        tag=row.reference_number or "",
        operating_system=row.rmm_device_audit_operating_system or "",
        ip_address=row.rmm_device_audit_ip_address or "",
        mac_address=row.rmm_device_audit_mac_address or "",
        last_user=row.rmm_device_audit_last_user or "",
        installed_on=day(row.install_date),
        warranty_expires_on=day(row.warranty_expiration_date),
        notes=row.notes or "",
        remote_created_at=utc(row.create_date),
        custom_fields=custom_values(row.user_defined_fields, names.fields),
    )


def product(row: at.Product, names: Names) -> ProductRecord:
    return ProductRecord(
        remote_id=str(row.id),
        identifier=row.internal_product_id or row.sku or "",
        name=row.name or "",
        description=row.description or "",
        category=names.pick("productCategory", row.product_category),
        manufacturer=row.manufacturer_name or "",
        unit_price=amount(row.unit_price),
        unit_cost=amount(row.unit_cost),
        is_active=row.is_active is not False,
        custom_fields=custom_values(row.user_defined_fields, names.fields),
    )


def service(row: at.Service, names: Names) -> ProductRecord:
    return ProductRecord(
        remote_id=f"{SERVICE}{row.id}",
        remote_updated_at=utc(row.last_modified_date),
        name=row.name or "",
        description=row.description or "",
        category="Service",
        unit_price=amount(row.unit_price),
        unit_cost=amount(row.unit_cost),
        is_active=row.is_active is not False,
    )


def agreement(row: at.Contract, names: Names) -> AgreementRecord:
    contact = names.contacts.get(row.contact_id) if row.contact_id is not None else None
    period = str(row.contract_period_type or "")
    return AgreementRecord(
        remote_id=str(row.id),
        name=row.contract_name or "",
        type_name=names.pick("contractType", row.contract_type),
        status_name=names.pick("status", row.status) or ("Active" if row.status == IN_FORCE else "Inactive"),
        is_active=row.status == IN_FORCE,
        company_id=reference(row.company_id),
        company_name=names.company(row.company_id),
        contact_id=reference(row.contact_id),
        contact_name=person_name(contact),
        starts_on=day(row.start_date),
        ends_on=day(row.end_date),
        billing_cycle=PERIODS.get(period.lower(), period),
        purchase_order=row.purchase_order_number or "",
        notes=row.description or "",
        custom_fields=custom_values(row.user_defined_fields, names.fields),
    )


def addition(row: at.ContractService, names: Names) -> AgreementAdditionRecord:
    """Of the units only those of the running period count: past ones are history, coming ones a plan."""
    unit = names.units.get(row.id)
    sold = names.services.get(row.service_id) if row.service_id is not None else None
    return AgreementAdditionRecord(
        remote_id=str(row.id),
        agreement_id=reference(row.contract_id) or "",
        product_id=None if row.service_id is None else f"{SERVICE}{row.service_id}",
        product_name=(sold.name or "") if sold else "",
        description=row.invoice_description or row.internal_description or "",
        quantity=amount(unit.units) if unit else None,
        unit_price=amount(row.unit_price),
        unit_cost=amount(row.unit_cost),
        total=amount(unit.price) if unit else None,
    )


def invoice(row: at.Invoice, names: Names) -> InvoiceRecord:
    """What is paid is told by a day alone: all of it, or it is not known how much."""
    total, tax = amount(row.invoice_total), amount(row.total_tax_value)
    lines = names.lines.get(row.id, ())
    contracts = {line.contract_id for line in lines if line.contract_id is not None}
    paid = row.paid_date is not None
    return InvoiceRecord(
        remote_id=str(row.id),
        number=row.invoice_number or str(row.id),
        status_name="Voided" if row.is_voided else "Paid" if paid else "Open",
        company_id=reference(row.company_id),
        company_name=names.company(row.company_id),
        agreement_id=str(contracts.pop()) if len(contracts) == 1 else None,
        invoiced_on=day(row.invoice_date_time),
        due_on=day(row.due_date),
        subtotal=total - tax if total is not None and tax is not None else None,
        tax=tax,
        total=total,
        paid=total if paid else None,
        balance=Decimal(0) if paid or row.is_voided else None,
        purchase_order=row.order_number or "",
        reference=row.comments or "",
        lines=[_line(line) for line in lines],
        remote_created_at=utc(row.create_date_time),
    )


def opportunity_status(choice: Choice) -> OpportunityStatusRecord:
    number = int(choice.value) if choice.value.isdecimal() else -1
    return OpportunityStatusRecord(
        remote_id=choice.value,
        name=choice.label,
        is_closed=number in WON | LOST,
        is_won=number in WON,
        is_lost=number in LOST,
        is_active=choice.is_active,
    )


def opportunity(row: at.Opportunity, names: Names) -> OpportunityRecord:
    contact = names.contacts.get(row.contact_id) if row.contact_id is not None else None
    return OpportunityRecord(
        remote_id=str(row.id),
        remote_updated_at=utc(row.last_activity),
        name=row.title or "",
        type_name=names.pick("opportunityCategoryID", row.opportunity_category_id),
        stage_name=names.pick("stage", row.stage),
        status_id=reference(row.status),
        status_name=names.pick("status", row.status),
        rating=names.pick("rating", row.rating),
        probability=row.probability,
        value=amount(row.amount),
        company_id=reference(row.company_id),
        company_name=names.company(row.company_id),
        contact_id=reference(row.contact_id),
        contact_name=person_name(contact),
        owner_id=reference(row.owner_resource_id),
        owner_name=names.resource(row.owner_resource_id),
        source=names.pick("leadSource", row.lead_source),
        expected_close_on=day(row.projected_close_date),
        closed_at=utc(row.closed_date),
        notes=row.description or "",
        remote_created_at=utc(row.create_date),
        custom_fields=custom_values(row.user_defined_fields, names.fields),
    )


def _line(line: at.BillingItem) -> dict[str, Any]:
    return {
        "description": line.item_name or line.description or "",
        "quantity": figure(line.quantity),
        "unit_price": figure(line.rate),
        "total": figure(line.extended_price),
    }
