"""From what people paste to the addresses that are called.

Sources: ConnectWise developer guide, "Cloud URL formatting" and "Authentication". Cloud interfaces live on the region's
host with ``api-`` before it; ``v4_6_release`` is answered by each release, so that an upgrade changes nothing here.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, urlsplit

CODEBASE = "v4_6_release"
API_PATH = f"/{CODEBASE}/apis/3.0"
_CLOUD = (".myconnectwise.net", ".connectwisedev.com")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")


class AddressInvalid(ValueError):
    """The text is no address of a ConnectWise. The message is a sentence for people."""


def normalised(text: str) -> str:
    """The origin of the API (``https://api-na.myconnectwise.net``), whatever page of it was pasted.

    Raises AddressInvalid. Plain http stays http for hosts that are not ConnectWise's own cloud: whether that is allowed
    is the outbound guard's to say, which knows the operator's networks.
    """
    text = "".join(text.split())
    if not text:
        raise AddressInvalid("Enter the address that you open ConnectWise with, for example na.myconnectwise.net.")
    named = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if named and named[1].lower() not in ("http", "https"):
        raise AddressInvalid("The address must begin with https://.")
    scheme, host, port = _split(text if named else f"//{text.lstrip('/')}")
    if not scheme:
        scheme = "http" if _is_loopback(host) else "https"
    if host.endswith(_CLOUD):
        scheme, port = "https", None
        host = _api_host(host)
    shown = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[scheme]
    return f"{scheme}://{shown}" + (f":{port}" if port and port != default else "")


def ui_origin(origin: str) -> str:
    """Where people open ConnectWise: the same host without ``api-`` in the cloud."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if host.endswith(_CLOUD) and host.startswith("api-"):
        return f"{parts.scheme}://{host.removeprefix('api-')}"
    return origin


def ticket_page(origin: str, company_id: str, ticket_id: str) -> str:
    """A ticket in the user interface.

    Source: the link that ConnectWise's own e-mail templates use, ``fv_sr100_request.rails`` with ``service_recid`` and
    ``companyName``, as many public integrations build it.
    """
    path = f"/{CODEBASE}/services/system_io/Service/fv_sr100_request.rails"
    return (
        f"{ui_origin(origin)}{path}?service_recid={quote(ticket_id, safe='')}&companyName={quote(company_id, safe='')}"
    )


def record_page(origin: str, company_id: str, record_type: str, record_id: str) -> str:
    """Another record in the user interface, ``record_type`` being CompanyFV, ContactFV, TimeEntryFV ….

    Source: "Hyperlink to open a ConnectWise record" of the ConnectWise report writer's documentation.
    """
    path = f"/{CODEBASE}/services/system_io/router/openrecord.rails"
    query = f"locale=en_US&companyName={quote(company_id, safe='')}&recordType={record_type}"
    return f"{ui_origin(origin)}{path}?{query}&recid={quote(record_id, safe='')}"


def _split(text: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as err:
        raise AddressInvalid("This is not a web address.") from err
    if parts.username is not None:
        raise AddressInvalid("The address must not hold a user name; the keys have fields of their own.")
    if not _is_ip(host):
        host = _ascii(host)
    return parts.scheme.lower(), host, port


def _ascii(host: str) -> str:
    try:
        encoded = host.encode("idna").decode("ascii").lower()
    except UnicodeError as err:
        raise AddressInvalid(f"“{host}” is not a host name.") from err
    if not _HOST.fullmatch(encoded):
        raise AddressInvalid(f"“{host}” is not a host name." if host else "The address has no host name.")
    return encoded


def _api_host(host: str) -> str:
    # The partners' sandboxes (sandbox-na and so on) answer on their own name; no api- host is documented for them.
    return host if host.startswith(("api-", "sandbox-")) else f"api-{host}"


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)
