"""What every adapter leaves out in the same way: companies of other types or statuses, what belongs to them, custom fields that
nobody chose. Plain Python."""

from __future__ import annotations

import msgspec

from integrations.port import Page, Scope
from integrations.records import CompanyRecord, Record


def of_wanted_company(record: Record, scope: Scope) -> bool:
    """Whether the settings want the company that the record is, or is of. What is of no company, or of one not known, is wanted."""
    if isinstance(record, CompanyRecord):
        return has_wanted_status(record, scope) and has_wanted_type(record, scope)
    return getattr(record, "company_id", None) not in scope.outside_company_ids


def has_wanted_status(company: CompanyRecord, scope: Scope) -> bool:
    """A company without a status is not wanted where statuses are chosen."""
    return scope.company_status_ids is None or company.status_id in scope.company_status_ids


def has_wanted_type(company: CompanyRecord, scope: Scope) -> bool:
    """One wanted type is enough; a company without any is not wanted where types are chosen."""
    return scope.company_type_ids is None or not set(scope.company_type_ids).isdisjoint(company.type_ids)


def page_with_wanted_fields(page: Page, stream: str, scope: Scope) -> Page:
    """The page, its records with the chosen custom fields alone. For records whose remote sends all fields that it has."""
    if stream not in scope.field_ids:
        return page
    return msgspec.structs.replace(page, records=[with_wanted_fields(one, stream, scope) for one in page.records])


def with_wanted_fields(record: Record, stream: str, scope: Scope) -> Record:
    """The record with the chosen custom fields alone."""
    wanted = scope.field_ids.get(stream)
    fields = getattr(record, "custom_fields", None)
    if wanted is None or not fields:
        return record
    return msgspec.structs.replace(record, custom_fields={key: value for key, value in fields.items() if key in wanted})
