"""What people enter, and where it leads."""

from __future__ import annotations

import pytest

from integrations.adapters.autotask.payloads import ZoneInformation
from integrations.adapters.autotask.zones import (
    DIRECTORY,
    AddressInvalid,
    directory_of,
    fingerprint_of,
    normalised,
    zone_of,
)
from integrations.errors import ProtocolError
from integrations.port import CredentialsInvalid
from integrations.registry import provider
from tests.integrations.adapters.autotask.entity import CREDENTIALS


@pytest.mark.parametrize(
    ("pasted", "origin"),
    [
        ("", ""),
        ("ww5.autotask.net", "https://ww5.autotask.net"),
        ("http://WW5.autotask.net/Mvc/ServiceDesk/TicketDetail.mvc?x=1", "https://ww5.autotask.net"),
        ("127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("https://at.example.com:8443/x", "https://at.example.com:8443"),
    ],
)
def test_what_people_paste_becomes_an_origin(pasted: str, origin: str) -> None:
    assert normalised(pasted) == origin
    assert normalised(origin) == origin


@pytest.mark.parametrize("pasted", ["ftp://ww5.autotask.net", "https://u:p@ww5.autotask.net", "a..b", "https://x:abc"])
def test_what_is_no_address_is_refused_with_a_sentence(pasted: str) -> None:
    with pytest.raises(AddressInvalid, match=r"\.$"):
        normalised(pasted)


def test_autotasks_own_hosts_are_looked_up_in_its_directory_and_others_in_themselves() -> None:
    assert directory_of("") == directory_of("https://ww5.autotask.net") == DIRECTORY
    assert directory_of("http://127.0.0.1:8123") == "http://127.0.0.1:8123"
    assert directory_of("https://autotask.net.evil.example") == "https://autotask.net.evil.example"


@pytest.mark.parametrize(
    "url",
    [
        "http://webservices5.autotask.net/atservicesrest/",
        "https://webservices5.autotask.net.evil.example/atservicesrest/",
        "https://evil.example/atservicesrest/",
        "//webservices5.autotask.net/",
        "",
    ],
)
def test_credentials_follow_the_directory_to_no_foreign_host(url: str) -> None:
    with pytest.raises(ProtocolError):
        zone_of(ZoneInformation(url=url), DIRECTORY)


def test_a_directory_that_is_not_autotasks_leads_to_itself_only() -> None:
    with pytest.raises(ProtocolError):
        zone_of(ZoneInformation(url="https://webservices5.autotask.net/atservicesrest/"), "https://other.example")
    own = zone_of(ZoneInformation(url="https://other.example/atservicesrest/"), "https://other.example")
    assert own.base == "https://other.example/atservicesrest/v1.0"


def test_an_instance_is_known_by_its_number_whatever_the_zone() -> None:
    first = zone_of(ZoneInformation(url="https://webservices5.autotask.net/atservicesrest/", ci=12), DIRECTORY)
    moved = zone_of(ZoneInformation(url="https://webservices16.autotask.net/atservicesrest/", ci=12), DIRECTORY)
    other = zone_of(ZoneInformation(url="https://webservices5.autotask.net/atservicesrest/", ci=13), DIRECTORY)
    assert fingerprint_of(first) == fingerprint_of(moved) != fingerprint_of(other)


def test_the_address_may_be_left_out_and_nothing_else() -> None:
    autotask = provider("autotask")
    assert autotask.clean_credentials(dict(CREDENTIALS)) == {**CREDENTIALS, "address": ""}
    with pytest.raises(CredentialsInvalid) as refused:
        autotask.clean_credentials({"username": " ", "secret": "ü", "integration_code": "a b", "address": "a..b"})
    assert sorted(refused.value.errors) == ["address", "integration_code", "secret", "username"]


def test_pages_lead_to_the_address_that_was_entered() -> None:
    with_address = provider("autotask").open({**CREDENTIALS, "address": "ww5.autotask.net"})
    assert with_address.page_url("tickets", "12") == (
        "https://ww5.autotask.net/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenTicketDetail&TicketID=12"
    )
    assert with_address.page_url("notes", "12") == ""
    assert provider("autotask").open(dict(CREDENTIALS)).page_url("tickets", "12") == ""
