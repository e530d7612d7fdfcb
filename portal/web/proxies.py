"""The proxies in front of this installation: whose word about a request is believed."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
UNNAMED = (
    "BEHIND_PROXY is 1, and TRUSTED_PROXIES names no proxy. All requests would seem to come from the proxy, so that anybody could lock "
    "everybody out of logging in. Write the proxy's addresses or networks to TRUSTED_PROXIES, such as 10.0.0.5 or 172.31.240.0/24; "
    "without a proxy set BEHIND_PROXY=0."
)
EVERYBODY = (
    "TRUSTED_PROXIES holds {}, which is everybody: any caller could then give any address as its own. Name the proxies."
)
MISSPELT = "TRUSTED_PROXIES holds {!r}, which is no address and no network, such as 10.0.0.5 or 10.0.0.0/8."
WIDEST = {4: 8, 6: 16}
"""The shortest prefix that may be one's own network, by IP version."""


def trusted_networks() -> tuple[Network, ...]:
    """The networks of TRUSTED_PROXIES."""
    return _parsed(tuple(settings.TRUSTED_PROXIES))


def is_trusted(peer: Address | None) -> bool:
    """Whether what a peer says of others is believed. A peer without an address came by a unix socket of this machine: it counts as
    a proxy where there is one."""
    networks = trusted_networks()
    if peer is None:
        return bool(networks)
    return any(peer.version == network.version and peer in network for network in networks)


def address_of(text: str) -> Address | None:
    """An address without its zone; None for anything else."""
    try:
        return ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None


def problems(*, behind_proxy: bool, trusted: Sequence[str]) -> list[str]:
    """What is wrong with the settings, in sentences."""
    if behind_proxy and not trusted:
        return [UNNAMED]
    found = []
    for text in trusted:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            found.append(MISSPELT.format(text))
        else:
            if network.prefixlen < WIDEST[network.version]:
                found.append(EVERYBODY.format(text))
    return found


def check_proxies(**kwargs: Any) -> list[checks.CheckMessage]:
    """The same as Django's system check, which commands run before they begin."""
    said = problems(behind_proxy=settings.BEHIND_PROXY, trusted=settings.TRUSTED_PROXIES)
    return [checks.Error(sentence, id="portal.E001") for sentence in said]


def refuse_unnamed_proxies() -> None:
    """For the web's entrance, where Django runs no checks. Raises ImproperlyConfigured."""
    said = problems(behind_proxy=settings.BEHIND_PROXY, trusted=settings.TRUSTED_PROXIES)
    if said:
        raise ImproperlyConfigured(" ".join(said))


@lru_cache(maxsize=8)
def _parsed(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)
