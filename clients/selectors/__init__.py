"""What pages and the API read about client companies."""

from clients.selectors.companies import (
    CompanyFilters,
    CompanyPage,
    companies_counted,
    company_choices,
    company_list,
    company_name,
    company_suggestions,
)
from clients.selectors.company import ContactPage, company_contacts, company_get, company_sites
from clients.selectors.kinds import KINDS, SOON, Kind
from clients.selectors.record import (
    additions_total,
    agreement_additions,
    company_file_columns,
    company_file_rows,
    file_columns,
    file_rows,
    record_get,
)
from clients.selectors.records import (
    RecordFilters,
    RecordPage,
    record_choices,
    record_list,
    records_counted,
)

__all__ = [
    "KINDS",
    "SOON",
    "CompanyFilters",
    "CompanyPage",
    "ContactPage",
    "Kind",
    "RecordFilters",
    "RecordPage",
    "additions_total",
    "agreement_additions",
    "companies_counted",
    "company_choices",
    "company_contacts",
    "company_file_columns",
    "company_file_rows",
    "company_get",
    "company_list",
    "company_name",
    "company_sites",
    "company_suggestions",
    "file_columns",
    "file_rows",
    "record_choices",
    "record_get",
    "record_list",
    "records_counted",
]
