"""What people enter, and where it leads."""

from __future__ import annotations

import pytest

from integrations.adapters.connectwise.address import AddressInvalid, normalised, ui_origin
from integrations.port import CredentialsInvalid
from integrations.registry import UnknownProvider, provider, providers

GIVEN = {
    "address": "na.myconnectwise.net",
    "company_id": " acme ",
    "public_key": "pub",
    "private_key": "priv",
    "client_id": "4f1d0b0e-0000-4000-8000-000000000000",
}


@pytest.mark.parametrize(
    ("pasted", "origin"),
    [
        ("na.myconnectwise.net", "https://api-na.myconnectwise.net"),
        ("https://NA.myconnectwise.net/", "https://api-na.myconnectwise.net"),
        ("http://eu.myconnectwise.net", "https://api-eu.myconnectwise.net"),
        ("https://api-au.myconnectwise.net/v4_6_release/apis/3.0/", "https://api-au.myconnectwise.net"),
        ("https://na.myconnectwise.net/v2026_1/ConnectWise.aspx?locale=en_US#x", "https://api-na.myconnectwise.net"),
        ("staging.connectwisedev.com", "https://api-staging.connectwisedev.com"),
        ("sandbox-na.myconnectwise.net", "https://sandbox-na.myconnectwise.net"),
        (" cw.example.com ", "https://cw.example.com"),
        ("https://cw.example.com:8443/v4_6_release", "https://cw.example.com:8443"),
        ("https://cw.example.com:443", "https://cw.example.com"),
        ("http://cw.example.com", "http://cw.example.com"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("localhost:8123/v4_6_release/apis/3.0", "http://localhost:8123"),
        ("[::1]:8123", "http://[::1]:8123"),
        ("büro.example", "https://xn--bro-hoa.example"),
        ("myconnectwise.net.evil.example", "https://myconnectwise.net.evil.example"),
    ],
)
def test_what_people_paste_becomes_the_origin_of_the_interface(pasted: str, origin: str) -> None:
    assert normalised(pasted) == origin
    assert normalised(origin) == origin


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "   ",
        "ftp://cw.example.com",
        "https://",
        "https://u:p@cw.example.com",
        "https://cw.example.com:abc",
        "a..b",
        "-x.example",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_is_told_so(pasted: str) -> None:
    with pytest.raises(AddressInvalid):
        normalised(pasted)


def test_people_open_the_cloud_without_the_api_host() -> None:
    assert ui_origin("https://api-na.myconnectwise.net") == "https://na.myconnectwise.net"
    assert ui_origin("https://cw.example.com") == "https://cw.example.com"


def test_credentials_are_cleaned() -> None:
    cleaned = provider("connectwise").clean_credentials(GIVEN)
    assert cleaned == {**GIVEN, "address": "https://api-na.myconnectwise.net", "company_id": "acme"}
    assert provider("connectwise").clean_credentials(cleaned) == cleaned


def test_each_bad_field_gets_its_sentence() -> None:
    with pytest.raises(CredentialsInvalid) as caught:
        provider("connectwise").clean_credentials(
            {
                "address": "",
                "company_id": "acme+pub",
                "private_key": "a\r\nX: y",
                "client_id": "x",
                "api_version": "new",
            }
        )
    assert sorted(caught.value.errors) == ["address", "api_version", "company_id", "private_key", "public_key"]
    assert all(sentence.endswith(".") for sentence in caught.value.errors.values())


def test_pages_of_records_are_where_people_open_them() -> None:
    adapter = provider("connectwise").open({**GIVEN, "company_id": "acme"})
    assert adapter.page_url("tickets", "4711") == (
        "https://na.myconnectwise.net/v4_6_release/services/system_io/Service/fv_sr100_request.rails"
        "?service_recid=4711&companyName=acme"
    )
    assert adapter.page_url("companies", "250") == (
        "https://na.myconnectwise.net/v4_6_release/services/system_io/router/openrecord.rails"
        "?locale=en_US&companyName=acme&recordType=CompanyFV&recid=250"
    )
    assert adapter.page_url("priorities", "1") == ""


def test_the_registry_knows_its_systems() -> None:
    assert provider("connectwise") in providers()
    with pytest.raises(UnknownProvider, match="nosuch"):
        provider("nosuch")


def test_streams_come_after_those_they_refer_to() -> None:
    for entry in providers():
        seen: set[str] = set()
        for spec in entry.streams:
            assert {*spec.after, *([spec.parent] if spec.parent else [])} <= seen
            seen.add(spec.name)
