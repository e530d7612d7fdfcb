"""Where a customer's Autotask is: each lives in a zone with a host of its own, and may be moved to another.

Source: developer help, "API zones". The directory is asked without credentials. Credentials go to Autotask's own hosts
only, or to the very host that was entered.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from integrations.adapters.autotask.payloads import ZoneInformation
from integrations.errors import ProtocolError

DIRECTORY = "https://webservices.autotask.net"
DIRECTORY_PATH = "/atservicesrest/v1.0"
VERSION = "v1.0"
"""The one that is in use. ``versionInformation`` names 2.0 too, which does not answer."""
CLOUD = ".autotask.net"
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LOOPBACK = ("127.0.0.1", "localhost")


class AddressInvalid(ValueError):
    """The text is no address of an Autotask. The message is a sentence for people."""


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """``base``: what requests go to, without a slash at the end. ``instance``: the customer's number, "" where none is told."""

    base: str
    name: str = ""
    web: str = ""
    instance: str = ""


def normalised(text: str) -> str:
    """The origin of what people open Autotask with (``https://ww5.autotask.net``), whatever page of it was pasted; "" for
    nothing. Plain http stays only where it was typed, or for this machine. Raises AddressInvalid."""
    text = "".join(text.split())
    if not text:
        return ""
    named = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if named and named[1].lower() not in ("http", "https"):
        raise AddressInvalid("The address must begin with https://.")
    try:
        parts = urlsplit(text if named else f"//{text.lstrip('/')}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as err:
        raise AddressInvalid("This is not a web address.") from err
    if parts.username is not None:
        raise AddressInvalid("The address must not hold a user name; it has a field of its own.")
    if not _HOST.fullmatch(host):
        raise AddressInvalid(f"“{host}” is not a host name." if host else "The address has no host name.")
    if host.endswith(CLOUD):
        return f"https://{host}"
    scheme = parts.scheme.lower() or ("http" if host in _LOOPBACK else "https")
    return f"{scheme}://{host}" + (f":{port}" if port else "")


def directory_of(address: str) -> str:
    """Which host knows the zones: Autotask's own directory, or the host that was entered if it is none of Autotask's."""
    host = urlsplit(address).hostname or ""
    return address if host and not host.endswith(CLOUD) else DIRECTORY


def zone_of(told: ZoneInformation, directory: str) -> Zone:
    """The zone that the directory tells. Raises ProtocolError for a host that must not see the credentials."""
    parts, asked = urlsplit(told.url), urlsplit(directory)
    host = parts.hostname or ""
    same = (parts.scheme, parts.netloc) == (asked.scheme, asked.netloc)
    if not same and not (
        parts.scheme == "https" and host.endswith(CLOUD) and asked.hostname == urlsplit(DIRECTORY).hostname
    ):
        raise ProtocolError(f"The zone directory names a host that is not Autotask's: {host or 'none'}.", worded=False)
    return Zone(
        base=told.url.rstrip("/") + f"/{VERSION}",
        name=told.zone_name or "",
        web=(told.web_url or "").rstrip("/"),
        instance=str(told.ci) if told.ci else "",
    )


def fingerprint_of(zone: Zone) -> str:
    """The customer's number where the directory tells it, for customers are moved between zones; else the zone's host."""
    return f"autotask/{zone.instance}" if zone.instance else f"autotask/{urlsplit(zone.base).hostname or ''}"


def ticket_page(origin: str, ticket_id: str) -> str:
    """A ticket in the user interface. Source: developer help, "ExecuteCommand API" (OpenTicketDetail)."""
    return f"{origin}/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenTicketDetail&TicketID={ticket_id}"


def company_page(origin: str, company_id: str) -> str:
    """A company in the user interface. Source: as above (OpenAccount)."""
    return f"{origin}/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenAccount&AccountID={company_id}"
