"""One company with its sites and contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from clients.models import Company, Contact, Site
from foundation.core.search_words import patterns_of

CONTACTS = 100
SITES = 200


@dataclass(frozen=True, slots=True)
class ContactPage:
    """The first contacts of a company and how many there are; of a search those that were found."""

    contacts: list[Contact]
    total: int


def company_get(company_id: int) -> Company:
    """One company, removed ones too. Raises Company.DoesNotExist, for foreign and absent ones alike."""
    company: Company = Company.with_removed.get(pk=company_id)
    return company


def company_sites(company: Company) -> list[Site]:
    """Its sites: the primary one first, then the active ones by name, inactive ones at the end."""
    rows = Site.objects.filter(company_id=company.pk).order_by("-is_primary", "-is_active", "name", "pk")
    return list(rows[:SITES])


def company_contacts(company: Company, text: str = "") -> ContactPage:
    """Its contacts: the default one first, then by name, inactive ones at the end."""
    rows: QuerySet[Any] = Contact.objects.filter(company_id=company.pk)
    if text:
        rows = rows.filter(pk__in=_searched(company, text))
    order = ("-is_default", "-is_active", "last_name", "first_name", "pk")
    found = list(rows.select_related("site").order_by(*order)[: CONTACTS + 1])
    return ContactPage(found[:CONTACTS], len(found) if len(found) <= CONTACTS else rows.count())


def _searched(company: Company, text: str) -> list[int]:
    patterns = patterns_of(text)
    if not patterns:
        return []
    with connection.cursor() as database:
        database.execute("SELECT portal_contact_search(%s::text[], %s, %s)", [patterns, company.pk, CONTACTS + 1])
        return [row for (row,) in database.fetchall()]
