"""The parts of ConnectWise's configurations, agreements, products, invoices and opportunities that are read.

Field names are those of OpenAPI 2026.4 (Company.Configuration, Agreement, Addition, Invoice, Opportunity). The catalog is
not in the copy of that document that is at hand; its fields are those of clients generated from the vendor's document
(CatalogItem in spinen/connectwise-procurement-php-client and in Jetbuilt/connect_wise).
"""

from __future__ import annotations

import datetime as dt

import msgspec

from integrations.adapters.connectwise.payloads import CustomValue, Reference, Row


class Configuration(Row):
    name: str | None = None
    type: Reference | None = None
    status: Reference | None = None
    company: Reference | None = None
    contact: Reference | None = None
    site: Reference | None = None
    location: Reference | None = None
    serial_number: str | None = None
    model_number: str | None = None
    tag_number: str | None = None
    purchase_date: dt.datetime | None = None
    installation_date: dt.datetime | None = None
    warranty_expiration_date: dt.datetime | None = None
    notes: str | None = None
    mac_address: str | None = None
    last_login_name: str | None = None
    ip_address: str | None = None
    os_type: str | None = None
    os_info: str | None = None
    manufacturer: Reference | None = None
    active_flag: bool | None = None
    custom_fields: list[CustomValue] | None = None


class CatalogItem(Row):
    identifier: str | None = None
    description: str | None = None
    customer_description: str | None = None
    category: Reference | None = None
    manufacturer: Reference | None = None
    price: float | None = None
    cost: float | None = None
    inactive_flag: bool | None = None
    custom_fields: list[CustomValue] | None = None


class Agreement(Row):
    name: str | None = None
    type: Reference | None = None
    company: Reference | None = None
    contact: Reference | None = None
    site: Reference | None = None
    parent_agreement: Reference | None = None
    customer_po: str | None = msgspec.field(name="customerPO", default=None)
    start_date: dt.datetime | None = None
    end_date: dt.datetime | None = None
    no_ending_date_flag: bool | None = None
    cancelled_flag: bool | None = None
    date_cancelled: dt.datetime | None = None
    internal_notes: str | None = None
    billing_cycle: Reference | None = None
    bill_amount: float | None = None
    currency: Reference | None = None
    agreement_status: str | None = None
    custom_fields: list[CustomValue] | None = None


class Addition(Row):
    product: Reference | None = None
    quantity: float | None = None
    less_included: float | None = None
    unit_price: float | None = None
    unit_cost: float | None = None
    ext_price: float | None = None
    bill_customer: str | None = None
    effective_date: dt.datetime | None = None
    cancelled_date: dt.datetime | None = None
    serial_number: str | None = None
    description: str | None = None
    custom_fields: list[CustomValue] | None = None


class Invoice(Row):
    invoice_number: str | None = None
    type: str | None = None
    status: Reference | None = None
    company: Reference | None = None
    agreement: Reference | None = None
    ticket: Reference | None = None
    date: dt.datetime | None = None
    due_date: dt.datetime | None = None
    subtotal: float | None = None
    sales_tax: float | None = None
    total: float | None = None
    payments: float | None = None
    credits: float | None = None
    balance: float | None = None
    currency: Reference | None = None
    agreement_amount: float | None = None
    service_total: float | None = None
    service_adjustment_amount: float | None = None
    product_total: float | None = None
    expense_total: float | None = None
    previous_progress_applied: float | None = None
    downpayment_applied: float | None = None
    customer_po: str | None = msgspec.field(name="customerPO", default=None)
    reference: str | None = None
    custom_fields: list[CustomValue] | None = None


class OpportunityStatus(Row):
    name: str | None = None
    closed_flag: bool | None = None
    won_flag: bool | None = None
    lost_flag: bool | None = None
    inactive_flag: bool | None = None


class Opportunity(Row):
    name: str | None = None
    type: Reference | None = None
    stage: Reference | None = None
    status: Reference | None = None
    rating: Reference | None = None
    probability: Reference | None = None
    company: Reference | None = None
    contact: Reference | None = None
    site: Reference | None = None
    primary_sales_rep: Reference | None = None
    currency: Reference | None = None
    source: str | None = None
    notes: str | None = None
    expected_close_date: dt.datetime | None = None
    closed_date: dt.datetime | None = None
    custom_fields: list[CustomValue] | None = None


class Revenue(msgspec.Struct, rename="camel"):
    revenue: float | None = None


class ForecastItem(msgspec.Struct, rename="camel"):
    """``include_flag``: whether it counts towards the totals."""

    revenue: float | None = None
    include_flag: bool | None = None


class Forecast(msgspec.Struct, rename="camel"):
    """What an opportunity is expected to bring; it has no id that means anything elsewhere."""

    forecast_items: list[ForecastItem] | None = None
    forecast_revenue_totals: Revenue | None = None
