"""The parts of Halo's assets, items, contracts, invoices and opportunities that are read.

Field names are those of the vendor's OpenAPI document of March 2025 (Device_List, Item, ContractHeader_List, InvoiceHeader,
InvoiceDetail, Faults_List).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from integrations.adapters.halo.payloads import CustomValue, Number, Row, Ticket


class AssetType(Row):
    name: str | None = None


class AssetField(msgspec.Struct, kw_only=True):
    """One field of an asset. Which there are is its type's to say; ``display`` is the text of a choice."""

    id: Number | None = None
    name: str | None = None
    value: Any = None
    display: str | None = None


class Asset(Row):
    """An asset has no name: ``inventory_number`` is its label, ``key_field`` the field that its type shows beside it."""

    inventory_number: str | None = None
    key_field: str | None = None
    assettype_name: str | None = None
    status_name: str | None = None
    inactive: bool | None = None
    client_id: Number | None = None
    client_name: str | None = None
    site_id: Number | None = None
    site_name: str | None = None
    username: str | None = None
    supplier_purchasedate: dt.datetime | None = None
    commissiondate: dt.datetime | None = None
    warranty_end: dt.datetime | None = None
    notes: str | None = None
    dlastupdate: dt.datetime | None = None
    fields: list[AssetField] | None = None
    customfields: list[CustomValue] | None = None


class Item(Row):
    name: str | None = None
    description: str | None = None
    supplier_part_code: str | None = None
    assetgroup_name: str | None = None
    manufacturer_name: str | None = None
    isrecurringitem: bool | None = None
    recurringprice: float | None = None
    recurringcost: float | None = None
    baseprice: float | None = None
    costprice: float | None = None
    lastmodified: dt.datetime | None = None


class Contract(Row):
    ref: str | None = None
    contracttype_name: str | None = None
    contract_status: str | None = None
    active: bool | None = None
    expired: bool | None = None
    client_id: Number | None = None
    client_name: str | None = None
    site_id: Number | None = None
    user_id: Number | None = None
    user_name: str | None = None
    start_date: dt.datetime | None = None
    end_date: dt.datetime | None = None
    periodchargeamount: float | None = None
    note: str | None = None
    last_modified: dt.datetime | None = None
    customfields: list[CustomValue] | None = None


class Line(Row):
    """A line of an invoice, or of the pattern of invoices to come. ``id`` counts within its invoice or in all, none knows."""

    item_id: Number | None = msgspec.field(name="_itemid", default=None)
    item_shortdescription: str | None = None
    item_longdescription: str | None = None
    qty_order: float | None = None
    unit_price: float | None = None
    unit_cost: float | None = None
    net_amount: float | None = None
    isinactive: bool | None = None
    isgroupdesc: bool | None = None
    startdate: dt.datetime | None = None
    enddate: dt.datetime | None = None


class Invoice(Row):
    """An invoice, and (as ``/RecurringInvoice`` lists it, with an id below nought) the pattern that invoices are made from."""

    invoicenumber: str | None = None
    thirdpartyinvoicenumber: str | None = None
    name: str | None = None
    client_id: Number | None = None
    client_name: str | None = None
    contract_id: Number | None = None
    ticket_id: Number | None = None
    invoice_date: dt.datetime | None = None
    duedate: dt.datetime | None = None
    datepaid: dt.datetime | None = None
    datesent: dt.datetime | None = None
    total: float | None = None
    tax_total: float | None = None
    amountpaid: float | None = None
    amountdue: float | None = None
    currency_code_name: str | None = None
    cust_order_number: str | None = None
    reference: str | None = None
    internal_note: str | None = None
    creditlinkedtoinvoiceid: int | None = None
    voided: bool | None = None
    periodname: str | None = None
    startdate: dt.datetime | None = None
    enddate: dt.datetime | None = None
    nextcreationdate: dt.datetime | None = None
    date_created: dt.datetime | None = None
    last_modified: dt.datetime | None = None
    lines: list[Line] | None = None


class Opportunity(Ticket):
    """A ticket in Halo's own eyes: the same table, the same statuses, the same agents."""

    details: str | None = None
    opptype: str | None = None
    oppvalue: float | None = None
    oppconversionprobability: float | None = None
    opphear: str | None = None
    oppcontactname: str | None = None
    pipeline_stage_name: str | None = None
    targetdate: dt.datetime | None = None
