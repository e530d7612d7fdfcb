"""Where a request comes from, as far as that can be believed."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from structlog.contextvars import get_contextvars

from portal.tenancy.origin import Origin


def client_address(request: HttpRequest) -> str | None:
    """The caller's IP address; None where the server knows none (a unix socket).

    X-Forwarded-For counts only as far as TRUSTED_PROXIES (addresses or networks) wrote it: read from the right, the first
    address that is not one of them.
    """
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    trusted = [ipaddress.ip_network(text, strict=False) for text in settings.TRUSTED_PROXIES]
    if not trusted or (peer and not _within(peer, trusted)):
        return str(peer) if peer else None
    for text in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        found = _address(text.strip())
        if found is None:
            break
        peer = found
        if not _within(found, trusted):
            break
    return str(peer) if peer else None


def page_origin(request: HttpRequest) -> Origin:
    """The origin of what a page's request does. Asks for the person, which reads the session."""
    user = request.user
    return Origin(
        "page",
        actor_id=user.pk if user.is_authenticated else None,
        actor_label=user.email if user.is_authenticated else "",
        ip_address=client_address(request),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        request_id=str(get_contextvars().get("request_id", "")),
    )


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return None


def _within(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> bool:
    return any(address.version == network.version and address in network for network in networks)
