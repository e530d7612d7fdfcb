"""What people enter, and what becomes of it."""

from __future__ import annotations

import pytest

from integrations.adapters.halo.provider import HaloProvider
from integrations.port import CredentialsInvalid

GIVEN = {
    "address": " acme.halopsa.com ",
    "auth_address": "https://acme.halopsa.com/auth/token",
    "tenant": "acme",
    "client_id": "id",
    "client_secret": "hush",
}


def test_addresses_are_made_whole_and_the_tenant_may_be_left_out() -> None:
    cleaned = HaloProvider().clean_credentials({**GIVEN, "tenant": ""})
    assert cleaned["address"] == "https://acme.halopsa.com/api"
    assert cleaned["auth_address"] == "https://acme.halopsa.com/auth"
    assert cleaned["tenant"] == ""
    assert HaloProvider().clean_credentials(cleaned) == cleaned


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("https://acme.halopsa.com/api", "https://acme.halopsa.com/api"),
        ("https://acme.halopsa.com/tickets", "https://acme.halopsa.com/api"),
        ("HTTPS://Desk.Acme.Example:8443/api/", "https://desk.acme.example:8443/api"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080/api"),
    ],
)
def test_what_is_pasted_becomes_the_resource_server(typed: str, expected: str) -> None:
    assert HaloProvider().clean_credentials({**GIVEN, "address": typed})["address"] == expected


def test_a_self_hosted_authorisation_server_keeps_its_path() -> None:
    cleaned = HaloProvider().clean_credentials({**GIVEN, "auth_address": "https://auth.acme.example/"})
    assert cleaned["auth_address"] == "https://auth.acme.example"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", ""),
        ("address", "ftp://acme.halopsa.com"),
        ("address", "https://ada:hush@acme.halopsa.com"),
        ("address", "https://acme halopsa!com"),
        ("auth_address", ""),
        ("client_id", ""),
        ("client_secret", "with blank"),
    ],
)
def test_each_wrong_field_gets_a_sentence(field: str, value: str) -> None:
    with pytest.raises(CredentialsInvalid) as caught:
        HaloProvider().clean_credentials({**GIVEN, field: value})
    assert list(caught.value.errors) == [field]


def test_a_ticket_has_a_page_and_its_link_holds_no_credentials() -> None:
    adapter = HaloProvider().open(GIVEN)
    assert adapter.page_url("tickets", "12") == "https://acme.halopsa.com/ticket?id=12"
    assert adapter.page_url("companies", "12") == ""
