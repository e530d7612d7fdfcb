"""Client companies, and what is known of them."""

from portal.clients.models.agreement import Agreement, AgreementAddition, Product
from portal.clients.models.asset import Asset
from portal.clients.models.company import Company, CompanyStatus, CompanyType, Contact, Site
from portal.clients.models.sales import Invoice, Opportunity, OpportunityStatus

__all__ = [
    "Agreement",
    "AgreementAddition",
    "Asset",
    "Company",
    "CompanyStatus",
    "CompanyType",
    "Contact",
    "Invoice",
    "Opportunity",
    "OpportunityStatus",
    "Product",
    "Site",
]
