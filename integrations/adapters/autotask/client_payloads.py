"""The parts of Autotask's configuration items, products, contracts, invoices and opportunities that are read.

Field names are those of the vendor's Swagger (2020–2026), in snake case.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from integrations.adapters.autotask.payloads import Row, UserFields


class ConfigurationItem(Row):
    company_id: int | None = None
    company_location_id: int | None = None
    contact_id: int | None = None
    product_id: int | None = None
    configuration_item_category_id: int | None = None
    configuration_item_type: int | None = None
    reference_title: str | None = None
    reference_number: str | None = None
    serial_number: str | None = None
    location: str | None = None
    notes: str | None = None
    is_active: bool | None = None
    install_date: dt.datetime | None = None
    warranty_expiration_date: dt.datetime | None = None
    create_date: dt.datetime | None = None
    last_modified_time: dt.datetime | None = None
    rmm_device_audit_hostname: str | None = None
    rmm_device_audit_operating_system: str | None = None
    rmm_device_audit_ip_address: str | None = msgspec.field(name="rmmDeviceAuditIPAddress", default=None)
    rmm_device_audit_mac_address: str | None = None
    rmm_device_audit_last_user: str | None = None
    rmm_device_audit_manufacturer_id: int | None = None
    rmm_device_audit_model_id: int | None = None
    user_defined_fields: UserFields = None


class Product(Row):
    name: str | None = None
    description: str | None = None
    internal_product_id: str | None = None
    sku: str | None = None
    manufacturer_name: str | None = None
    product_category: int | None = None
    unit_price: float | None = None
    unit_cost: float | None = None
    is_active: bool | None = None
    user_defined_fields: UserFields = None


class Service(Row):
    """What contracts sell by the period; products are sold once."""

    name: str | None = None
    description: str | None = None
    unit_price: float | None = None
    unit_cost: float | None = None
    is_active: bool | None = None
    last_modified_date: dt.datetime | None = None


class Contract(Row):
    company_id: int | None = None
    contact_id: int | None = None
    contract_name: str | None = None
    contract_type: int | None = None
    contract_category: int | None = None
    status: int | None = None
    start_date: dt.datetime | None = None
    end_date: dt.datetime | None = None
    contract_period_type: str | int | None = None
    description: str | None = None
    purchase_order_number: str | None = None
    user_defined_fields: UserFields = None


class ContractService(Row):
    contract_id: int | None = None
    service_id: int | None = None
    unit_price: float | None = None
    unit_cost: float | None = None
    invoice_description: str | None = None
    internal_description: str | None = None


class ContractServiceUnit(Row):
    """How many of a contract's service are due in one period, from day to day."""

    contract_service_id: int | None = None
    units: float | None = None
    price: float | None = None
    start_date: dt.datetime | None = None
    end_date: dt.datetime | None = None


class Invoice(Row):
    company_id: int | None = None
    invoice_number: str | None = None
    invoice_date_time: dt.datetime | None = None
    due_date: dt.datetime | None = None
    paid_date: dt.datetime | None = None
    invoice_total: float | None = None
    total_tax_value: float | None = None
    is_voided: bool | None = None
    order_number: str | None = None
    comments: str | None = None
    create_date_time: dt.datetime | None = None


class BillingItem(Row):
    """A line of an invoice."""

    invoice_id: int | None = None
    contract_id: int | None = None
    item_name: str | None = None
    description: str | None = None
    quantity: float | None = None
    rate: float | None = None
    extended_price: float | None = None


class Opportunity(Row):
    title: str | None = None
    company_id: int | None = None
    contact_id: int | None = None
    owner_resource_id: int | None = None
    stage: int | None = None
    status: int | None = None
    rating: int | None = None
    lead_source: int | None = None
    opportunity_category_id: int | None = None
    probability: int | None = None
    amount: float | None = None
    projected_close_date: dt.datetime | None = None
    closed_date: dt.datetime | None = None
    description: str | None = None
    create_date: dt.datetime | None = None
    last_activity: dt.datetime | None = None
    user_defined_fields: UserFields = None
