"""Rows of what companies have, each as small as it may be. Call them inside the tenant's scope."""

from __future__ import annotations

from typing import Any

from clients.models import (
    Agreement,
    AgreementAddition,
    Asset,
    Contact,
    Invoice,
    Opportunity,
    OpportunityStatus,
)
from integrations.models import Connection
from tests.tickets.factories import synced


def of_company(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with the name and remote id of their company, where they have one."""
    company = fields.get("company")
    return (
        {"company_name": company.name, "company_remote_id": company.remote_id} | fields
        if company is not None
        else fields
    )


def make_contact(connection: Connection, last_name: str = "Ek", **fields: Any) -> Contact:
    row: Contact = Contact.objects.create(**synced(connection, last_name=last_name, **of_company(fields)))
    return row


def make_asset(connection: Connection, name: str = "PC-1", **fields: Any) -> Asset:
    row: Asset = Asset.objects.create(**synced(connection, name=name, **of_company(fields)))
    return row


def make_agreement(connection: Connection, name: str = "Gold", **fields: Any) -> Agreement:
    row: Agreement = Agreement.objects.create(**synced(connection, name=name, **of_company(fields)))
    return row


def make_addition(agreement: Agreement, product_name: str = "Licence", **fields: Any) -> AgreementAddition:
    linked = {"agreement": agreement, "agreement_remote_id": agreement.remote_id, "product_name": product_name}
    row: AgreementAddition = AgreementAddition.objects.create(**synced(agreement.connection, **(linked | fields)))
    return row


def make_invoice(connection: Connection, number: str = "100", **fields: Any) -> Invoice:
    row: Invoice = Invoice.objects.create(**synced(connection, number=number, **of_company(fields)))
    return row


def make_opportunity(connection: Connection, name: str = "Firewalls", **fields: Any) -> Opportunity:
    row: Opportunity = Opportunity.objects.create(**synced(connection, name=name, **of_company(fields)))
    return row


def make_opportunity_status(connection: Connection, name: str, **fields: Any) -> OpportunityStatus:
    row: OpportunityStatus = OpportunityStatus.objects.create(**synced(connection, name=name, **fields))
    return row
