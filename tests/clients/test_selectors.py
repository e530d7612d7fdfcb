"""Companies, their sites and contacts."""

from __future__ import annotations

import pytest

from clients.models import Company, Contact, Site
from clients.selectors import (
    CompanyFilters,
    companies_counted,
    company_choices,
    company_contacts,
    company_get,
    company_list,
    company_sites,
    company_suggestions,
)
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from tests.tickets.factories import NOON, make_company, synced

pytestmark = pytest.mark.usefixtures("in_tenant")


def names(wanted: CompanyFilters) -> list[str]:
    return [company.name for company in company_list(wanted).companies]


@pytest.mark.parametrize("sort", ["name", "-name"])
def test_pages_go_through_the_alphabet_both_ways(connection: Connection, sort: str) -> None:
    for name in ("B", "A", "C", "A", "D"):
        make_company(connection, name)
    wanted = CompanyFilters(sort=sort)
    first = company_list(wanted, None, 2)
    second = company_list(wanted, first.next, 2)
    third = company_list(wanted, second.next, 2)
    order = [c.name for page in (first, second, third) for c in page.companies]
    assert order == sorted(["A", "A", "B", "C", "D"], reverse=sort == "-name")
    assert (third.next, third.number, third.total) == (None, 3, 5)
    assert [c.pk for c in company_list(wanted, third.previous, 2).companies] == [c.pk for c in second.companies]


def test_filters_and_words(connection: Connection) -> None:
    make_company(connection, "Nordwind", status_name="Active", type_names=["Client"], city="Hamburg", identifier="NW1")
    make_company(connection, "Acme", status_name="Inactive", type_names=["Client", "Vendor"])
    make_company(connection, "Gone", removed_at=NOON)
    assert names(CompanyFilters()) == ["Acme", "Nordwind"]
    assert names(CompanyFilters(status="Active")) == ["Nordwind"]
    assert names(CompanyFilters(type="Vendor")) == ["Acme"]
    assert [names(CompanyFilters(q=text)) for text in ("NORD hamb", "nw", "gone", "%", "ac")] == [
        ["Nordwind"],
        ["Nordwind"],
        [],
        [],
        ["Acme"],
    ]
    assert company_choices() == (["Active", "Inactive"], ["Client", "Vendor"])
    assert companies_counted(CompanyFilters(q="nord", status="Inactive").without("status")) == 1


def test_what_somebody_types_leads_to_the_exact_name_first(connection: Connection) -> None:
    for name in ("Acme East", "Acme", "Zacme"):
        make_company(connection, name)
    assert [c.name for c in company_suggestions("Acme")] == ["Acme", "Acme East", "Zacme"]


def test_sites_and_contacts_stand_in_order_of_use(connection: Connection) -> None:
    company = make_company(connection)
    of = {"company": company, "company_remote_id": company.remote_id}
    for name, primary, active in (("Closed", False, False), ("Depot", False, True), ("Main", True, True)):
        Site.objects.create(**synced(connection, **of, name=name, is_primary=primary, is_active=active))
    for last, default, active in (("Ax", False, False), ("Bo", False, True), ("Cy", True, True)):
        Contact.objects.create(
            **synced(connection, **of, last_name=last, first_name="Eve", is_default=default, is_active=active)
        )
    assert [site.name for site in company_sites(company)] == ["Main", "Depot", "Closed"]
    assert [c.last_name for c in company_contacts(company).contacts] == ["Cy", "Bo", "Ax"]
    assert [c.last_name for c in company_contacts(company, "eve bo").contacts] == ["Bo"]
    assert company_contacts(make_company(connection, "Other"), "eve").contacts == []


def test_nobody_sees_anothers_companies(connection: Connection, other_organization: Organization) -> None:
    company = make_company(connection)
    with tenant_transaction(other_organization.pk):
        assert (
            names(CompanyFilters()),
            names(CompanyFilters(q="nordwind")),
            company_suggestions("Nordwind Logistics"),
        ) == ([], [], [])
        with pytest.raises(Company.DoesNotExist):
            company_get(company.pk)
