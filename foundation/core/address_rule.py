"""Which addresses the portal may open a socket to on behalf of a tenant.

The rule allows, it does not forbid: public unicast of the IANA special-purpose registries (IPv4 and IPv6, RFC 6890 and
its updates), and the networks that the operator names. Everything else is refused, whatever form it came in: decimal and
octal hosts are numbers to the resolver like any other, IPv4 inside IPv6 is unwrapped first.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[str]]
"""(host, port) to the addresses in the order to try. Raises OSError as ``socket.getaddrinfo`` does."""

_NOT_PUBLIC_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # the platform address inside Azure, public by number only
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


class OutboundError(Exception):
    """A request to a tenant's address could not be made or answered. The message is a sentence for people."""


class AddressForbidden(OutboundError):
    """The rule does not allow the address, or there is no such address."""


class Unreachable(OutboundError):
    """No connection could be opened; it may work later."""


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks from CIDR texts. Raises ValueError with the text that is none."""
    return tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts if text.strip())


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv4-mapped IPv6 one, else the address."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_public_unicast(address: Address) -> bool:
    """Whether the address is globally reachable unicast, by explicit table."""
    address = unwrapped(address)
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    return address in _PUBLIC_V6 and not any(address in network for network in _NOT_PUBLIC_V6)


def resolve(host: str, port: int) -> list[str]:
    """Addresses of a host by the system's resolver, without repeats."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class AddressRule:
    """Resolves, checks and connects. ``resolver`` is the seam for tests; safe to share between threads."""

    def __init__(self, allowed_networks: Sequence[str] = (), *, resolver: Resolver = resolve) -> None:
        self._networks = parse_networks(allowed_networks)
        self._resolver = resolver

    def is_private_allowed(self, address: Address) -> bool:
        """Whether the operator named a network that holds the address."""
        address = unwrapped(address)
        return any(address in network for network in self._networks)

    def check(self, host: str, addresses: Sequence[str], *, secure: bool) -> list[Address]:
        """All addresses, in order. Raises AddressForbidden when there is none, or one of them is not allowed:
        a name that mixes public and private answers is a trick or a mistake, and neither is worth a request."""
        checked = [_parsed(host, text) for text in addresses]
        if not checked:
            raise AddressForbidden(f"The name {host} has no address.")
        for address in checked:
            if self.is_private_allowed(address):
                continue
            if not is_public_unicast(address):
                raise AddressForbidden(f"{host} leads to {address}, which is not a public address.")
            if not secure:
                raise AddressForbidden(
                    f"{host} must be called over https; plain http is only for networks of your own."
                )
        return checked

    def open(self, host: str, port: int, *, secure: bool, timeout: float) -> socket.socket:
        """A connected socket to a checked address. Raises AddressForbidden or Unreachable within ``timeout`` seconds."""
        end = time.monotonic() + timeout
        addresses = self.check(host, self._resolved(host, port, timeout), secure=secure)
        failure: OSError | None = None
        for position, address in enumerate(addresses):
            left = end - time.monotonic()
            if left <= 0:
                break
            try:
                return _connected(address, port, left / (len(addresses) - position))
            except OSError as err:
                failure = err
        reason = "no answer in time" if failure is None or isinstance(failure, TimeoutError) else _reason(failure)
        raise Unreachable(f"No connection to {host}: {reason}.") from failure

    def _resolved(self, host: str, port: int, timeout: float) -> Sequence[str]:
        # In a thread, for the system's resolver knows no time-out and a dead name server costs half a minute.
        answer: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()
        threading.Thread(target=_resolve_into, args=(answer, self._resolver, host, port), daemon=True).start()
        try:
            found = answer.get(timeout=timeout)
        except queue.Empty:
            raise Unreachable(f"The name {host} could not be looked up in time.") from None
        if isinstance(found, socket.gaierror) and found.errno == socket.EAI_AGAIN:
            raise Unreachable(f"The name {host} could not be looked up just now.") from found
        if isinstance(found, Exception):
            raise AddressForbidden(f"There is no address for the name {host}.") from found
        return found


def _resolve_into(
    answer: queue.SimpleQueue[Sequence[str] | Exception], resolver: Resolver, host: str, port: int
) -> None:
    try:
        answer.put(resolver(host, port))
    except (OSError, UnicodeError) as err:
        answer.put(err)


def _parsed(host: str, text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError as err:
        raise AddressForbidden(f"{host} leads to {text}, which is not an address.") from err


def _connected(address: Address, port: int, timeout: float) -> socket.socket:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((str(address), port))
    except OSError:
        sock.close()
        raise
    return sock


def _reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    return (error.strerror or "the network gave no reason").lower()
