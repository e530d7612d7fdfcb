"""Lists of companies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from clients.models import Company
from foundation.core.keyset import Cursor, fitting, ordered
from foundation.core.search_words import patterns_of

PAGE = 50
FOUND = 2000
"""The most companies that a search considers, the first by name."""
SHOWN = ("name", "identifier", "status_name", "type_names", "phone", "city", "country", "synced_at")


@dataclass(frozen=True, slots=True)
class CompanyFilters:
    """``status`` and ``type`` are names; every field is off when empty. ``sort``: name, "-" in front for the end of the alphabet first."""

    q: str = ""
    status: str = ""
    type: str = ""
    sort: str = "name"

    def active(self) -> tuple[str, ...]:
        """The names of the filters that are on."""
        return tuple(name for name in ("q", "status", "type") if getattr(self, name))

    def without(self, name: str) -> CompanyFilters:
        """These filters with one of them off."""
        return replace(self, **{name: ""})


@dataclass(frozen=True, slots=True)
class CompanyPage:
    """One page of companies; ``total`` counts all that meet the filters."""

    companies: list[Company]
    number: int
    total: int
    previous: Cursor | None
    next: Cursor | None


def company_list(wanted: CompanyFilters, cursor: Cursor | None = None, size: int = PAGE) -> CompanyPage:
    """The page that begins at the cursor; the first one for None, or where a backward one has come to the beginning."""
    rows = companies_narrowed(wanted)
    total, descending = rows.count(), wanted.sort.startswith("-")
    shown, cursor = rows.only(*SHOWN), fitting(cursor, Company, "name")
    if cursor and cursor.backward:
        found = list(ordered(shown, "name", descending=descending, cursor=cursor)[: size + 1])[::-1]
        if len(found) > size:
            page = found[1:]
            before = replace(_at(page[0], max(1, cursor.page - 1)), backward=True)
            return CompanyPage(page, cursor.page, total, before, _at(page[-1], cursor.page + 1))
        cursor = None
    found = list(ordered(shown, "name", descending=descending, cursor=cursor)[: size + 1])
    page, number = found[:size], cursor.page if cursor else 1
    previous = replace(_at(page[0], max(1, number - 1)), backward=True) if cursor and page else None
    return CompanyPage(page, number, total, previous, _at(page[-1], number + 1) if len(found) > size else None)


def companies_narrowed(wanted: CompanyFilters) -> QuerySet[Any]:
    """Companies that meet the filters; the words go through the search door."""
    rows = Company.objects.all()
    if wanted.status:
        rows = rows.filter(status_name=wanted.status)
    if wanted.type:
        rows = rows.filter(type_names__contains=[wanted.type])
    if wanted.q:
        rows = rows.filter(pk__in=_searched(wanted.q))
    return rows


def companies_counted(wanted: CompanyFilters) -> int:
    """How many companies meet the filters."""
    return companies_narrowed(wanted).count()


def company_choices() -> tuple[list[str], list[str]]:
    """The statuses and the types that companies have, by name."""
    rows = Company.objects.order_by().values_list("status_name", "type_names").distinct()
    statuses, types = set(), set()
    for status, names in rows:
        statuses.add(status)
        types.update(names)
    return sorted(statuses - {""}), sorted(types - {""})


def _searched(text: str) -> list[int]:
    patterns = patterns_of(text)
    if not patterns:
        return []
    with connection.cursor() as database:
        database.execute("SELECT portal_company_search(%s::text[], %s)", [patterns, FOUND])
        return [row for (row,) in database.fetchall()]


def _at(company: Company, page: int) -> Cursor:
    return Cursor(company.name, company.pk, page)


def company_name(company_id: int) -> str:
    """The name of a company, removed ones too; "" for foreign and absent ones alike."""
    name: str | None = Company.with_removed.filter(pk=company_id).values_list("name", flat=True).first()
    return name or ""


def company_suggestions(text: str, most: int = 8) -> list[Company]:
    """Companies that somebody who types ``text`` may mean: those with exactly this name first, then by name."""
    exact = list(Company.objects.filter(name=text).only("name", "city").order_by("pk")[:most])
    found = Company.objects.filter(pk__in=_searched(text)).only("name", "city").order_by("name", "pk")[:most]
    return [*exact, *(company for company in found if company.name != text)][:most]
