"""The streams that land in this store."""

from __future__ import annotations

from clients.models import (
    Agreement,
    AgreementAddition,
    Asset,
    Company,
    CompanyStatus,
    CompanyType,
    Contact,
    Invoice,
    Opportunity,
    OpportunityStatus,
    Product,
    Site,
)
from foundation.ledger.targets import target_of

TARGETS = (
    target_of(CompanyStatus, stream="company_statuses", label="s.name"),
    target_of(CompanyType, stream="company_types", label="s.name"),
    target_of(Company, stream="companies", label="s.name"),
    target_of(Site, stream="sites", label="s.name", parent="company_remote_id"),
    target_of(Contact, stream="contacts", label="s.first_name || ' ' || s.last_name"),
    target_of(Asset, stream="assets", label="s.name"),
    target_of(Product, stream="products", label="s.identifier || ' ' || s.name"),
    target_of(Agreement, stream="agreements", label="s.name"),
    target_of(
        AgreementAddition,
        stream="agreement_additions",
        label="s.product_name || ' ' || left(s.description, 80)",
        parent="agreement_remote_id",
    ),
    target_of(Invoice, stream="invoices", label="s.number"),
    target_of(OpportunityStatus, stream="opportunity_statuses", label="s.name"),
    target_of(Opportunity, stream="opportunities", label="s.name"),
)
