"""Where a request comes from, as far as that can be believed."""

from __future__ import annotations

import ipaddress

from django.http import HttpRequest
from structlog.contextvars import get_contextvars

from foundation.core.client_input import header_of
from foundation.tenancy.origin import Origin
from portal.web.proxies import address_of, is_trusted


def client_address(request: HttpRequest) -> str | None:
    """The caller's IP address; None where the server knows none (a unix socket).

    X-Forwarded-For counts only as far as TRUSTED_PROXIES (addresses or networks) wrote it: read from the right, the first
    address that is not one of them.
    """
    peer = address_of(request.META.get("REMOTE_ADDR") or "")
    if not is_trusted(peer):
        return str(peer) if peer else None
    for text in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        found = address_of(text)
        if found is None:
            break
        peer = found
        if not is_trusted(found):
            break
    return str(peer) if peer else None


def network_of(address: str | None) -> str:
    """The network that an address's owner can choose freely in, for limits: an IPv6 /64, an IPv4 address; "unknown" for none."""
    found = address_of(address or "")
    if found is None:
        return "unknown"
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))


def page_origin(request: HttpRequest) -> Origin:
    """The origin of what a page's request does. Asks for the person, which reads the session."""
    user = request.user
    return Origin(
        "page",
        actor_id=user.pk if user.is_authenticated else None,
        actor_label=user.email if user.is_authenticated else "",
        ip_address=client_address(request),
        user_agent=header_of(request.META.get("HTTP_USER_AGENT", ""), 300),
        request_id=header_of(str(get_contextvars().get("request_id", "")), 64),
    )
