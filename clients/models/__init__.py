"""Client companies, and what is known of them."""

from clients.models.agreement import Agreement, AgreementAddition, Product
from clients.models.asset import Asset
from clients.models.company import Company, CompanyStatus, CompanyType, Contact, Site
from clients.models.sales import Invoice, Opportunity, OpportunityStatus

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
