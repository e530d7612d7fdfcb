"""Which rights each page and act asks for: whoever lacks exactly one of them is refused, whoever has no more than them is let in."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client

from foundation.tenancy.models import Membership, Organization, Role, User
from foundation.tenancy.scope import tenant_transaction
from tests.fixtures.people import MakePerson
from tests.web.test_hostile_input import WORDS, templates, undone

ClientFor = Callable[[User], Client]
Ask = Callable[[str, str, frozenset[str]], int]
RIGHTS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("view_clients",): (
        "/clients/",
        "/clients/agreements.csv",
        "/clients/agreements/",
        "/clients/agreements/{row}/",
        "/clients/assets.csv",
        "/clients/assets/",
        "/clients/assets/{row}/",
        "/clients/companies.csv",
        "/clients/contacts.csv",
        "/clients/contacts/",
        "/clients/contacts/{row}/",
        "/clients/invoices.csv",
        "/clients/invoices/",
        "/clients/invoices/{row}/",
        "/clients/opportunities.csv",
        "/clients/opportunities/",
        "/clients/opportunities/{row}/",
        "/clients/{row}/",
    ),
    ("view_clients", "view_integration_logs"): (
        "/clients/agreements/{row}/fetch/",
        "/clients/assets/{row}/fetch/",
        "/clients/contacts/{row}/fetch/",
        "/clients/invoices/{row}/fetch/",
        "/clients/opportunities/{row}/fetch/",
        "/clients/{row}/fetch/",
    ),
    ("view_audit",): ("/settings/audit/",),
    ("manage_integrations",): (
        "/settings/integrations/",
        "/settings/integrations/new/{word:provider}/",
        "/settings/integrations/values/{word:slug}/",
        "/settings/integrations/{row}/",
        "/settings/integrations/{row}/change/",
        "/settings/integrations/{row}/choices/",
        "/settings/integrations/{row}/credentials/",
        "/settings/integrations/{row}/handling/",
        "/settings/integrations/{row}/mappings/",
        "/settings/integrations/{row}/mappings/{word:slug}/",
        "/settings/integrations/{row}/mappings/{word:slug}/history/",
        "/settings/integrations/{row}/mappings/{word:slug}/history/{row}/revert/",
        "/settings/integrations/{row}/remove/",
        "/settings/integrations/{row}/rename/",
        "/settings/integrations/{row}/safeguards/",
        "/settings/integrations/{row}/schedule/",
        "/settings/integrations/{row}/schedule/pause/",
        "/settings/integrations/{row}/setup/{word:step}/",
        "/settings/integrations/{row}/test/",
        "/settings/integrations/{row}/tickets/",
        "/sync/connections/{row}/audit/",
        "/sync/connections/{row}/clear/",
        "/sync/connections/{row}/preview/{word:kind}/",
        "/sync/connections/{row}/start/{word:kind}/",
        "/sync/issues/{row}/dismiss/",
        "/sync/issues/{row}/reopen/",
        "/sync/issues/{row}/retry/",
        "/sync/runs/{row}/apply/",
        "/sync/runs/{row}/cancel/",
        "/sync/runs/{row}/decide/",
        "/sync/runs/{row}/undo/",
        "/sync/runs/{row}/withheld/",
    ),
    ("manage_users",): (
        "/settings/people/",
        "/settings/people/invitations/{row}/resend/",
        "/settings/people/invitations/{row}/revoke/",
        "/settings/people/invite/",
        "/settings/people/{row}/",
        "/settings/people/{row}/remove/",
        "/settings/roles/",
        "/settings/roles/new/",
        "/settings/roles/{row}/",
        "/settings/roles/{row}/delete/",
    ),
    ("view_integration_logs",): (
        "/sync/audits/{row}/",
        "/sync/connections/{row}/",
        "/sync/history.csv",
        "/sync/history/",
        "/sync/issues/",
        "/sync/issues/{row}/",
        "/sync/notices/",
        "/sync/runs/{row}/",
        "/sync/runs/{row}/changes.csv",
        "/sync/runs/{row}/changes/",
        "/sync/runs/{row}/items/",
        "/sync/runs/{row}/log/",
        "/sync/runs/{row}/progress/",
        "/sync/runs/{row}/victims/",
    ),
    ("manage_integrations", "view_tickets"): ("/sync/connections/{row}/tickets.csv",),
    ("view_integration_logs", "view_tickets"): (
        "/sync/missing/",
        "/sync/missing/fetch/",
        "/tickets/{row}/fetch/",
    ),
    ("view_tickets",): (
        "/tickets/",
        "/tickets/clients/",
        "/tickets/export.csv",
        "/tickets/{row}/",
        "/tickets/{row}/refresh/",
    ),
}
"""By the rights that are asked for, all of them: the addresses, whatever is done there."""
FREE = (
    "/",
    "/healthz",
    "/invitation/{word:token}/",
    "/organization/none/",
    "/organization/switch/",
    "/readyz",
    "/settings/notifications/",
    "/styleguide/",
    "/sync/",
)
"""For everybody, or for everybody who is logged in; so is all below /account/."""
BESIDE = {"/sync/runs/{row}/changes.csv": frozenset({"view_tickets"})}
"""What is had beside the rights that are asked for: the right to see records of some sort, whichever they are."""
GUARDED = [(address, frozenset(rights)) for rights, addresses in RIGHTS.items() for address in addresses]
METHOD_NOT_ALLOWED, FORBIDDEN = 405, 403


@pytest.fixture
def ask(organization: Organization, make_person: MakePerson, client_for: ClientFor, rows: tuple[str, ...]) -> Ask:
    """``ask(method, address, rights)``: the status that somebody gets who has these rights and no others. Nothing stays done."""
    person = make_person(organization, "readonly", "composed@acme.test")
    with tenant_transaction(organization.pk):
        role = Role.objects.create(organization=organization, name="Composed", permissions=[])
        Membership.objects.filter(user=person).update(role=role)
    browser = client_for(person)
    browser.raise_request_exception = False

    def asked(method: str, address: str, rights: frozenset[str]) -> int:
        cache.clear()
        page = re.sub(r"{word:(\w+)}", lambda part: WORDS[part[1]], address.replace("{row}", rows[0]))
        with tenant_transaction(organization.pk):
            Role.objects.filter(pk=role.pk).update(permissions=sorted(rights))
        with undone():
            return int(getattr(browser, method)(page).status_code)

    return asked


@pytest.mark.parametrize("method", ["get", "post"])
def test_each_right_that_a_page_asks_for_is_needed_and_no_other(ask: Ask, method: str) -> None:
    wrong = []
    for address, rights in GUARDED:
        rest = BESIDE.get(address, frozenset())
        status = ask(method, address, rights | rest)
        if status == METHOD_NOT_ALLOWED:
            continue
        if status == FORBIDDEN:
            wrong.append(f"{address} is refused to whoever has {sorted(rights)}")
        wrong += [
            f"{address} answers {status} to whoever lacks {lacking}"
            for lacking in sorted(rights)
            if (status := ask(method, address, (rights | rest) - {lacking})) != FORBIDDEN
        ]
    assert wrong == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_for_everybody_asks_for_no_right(ask: Ask, method: str) -> None:
    assert [address for address in FREE if ask(method, address, frozenset()) == FORBIDDEN] == []


def test_each_address_stands_in_the_table() -> None:
    known = {*FREE, *(address for address, _ in GUARDED)}
    assert {address for address in templates() if not address.startswith("/account/")} == known
