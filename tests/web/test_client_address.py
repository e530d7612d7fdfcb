"""Whose address a request is believed to have."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from portal.web.client_address import client_address


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "found"),
    [
        ("198.51.100.7", "203.0.113.9", [], "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", ["10.0.0.0/8"], "198.51.100.7"),
        ("10.0.0.2", "203.0.113.9", ["10.0.0.0/8"], "203.0.113.9"),
        ("10.0.0.2", "192.0.2.66, 203.0.113.9, 10.0.0.1", ["10.0.0.0/8"], "203.0.113.9"),
        ("10.0.0.2", "", ["10.0.0.0/8"], "10.0.0.2"),
        ("10.0.0.2", "<script>, 10.0.0.1", ["10.0.0.0/8"], "10.0.0.1"),
        ("", "2001:db8::5", ["10.0.0.0/8"], "2001:db8::5"),
        ("", "203.0.113.9", [], None),
        ("fe80::1%lo", "", [], "fe80::1"),
        ("10.0.0.2", "[fe80::1%lo]", ["10.0.0.0/8"], "fe80::1"),
        ("10.0.0.2", "\x00, 10.0.0.1", ["10.0.0.0/8"], "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_are_believed(
    settings: Settings, peer: str, forwarded: str, trusted: list[str], found: str | None
) -> None:
    settings.TRUSTED_PROXIES = trusted
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == found
