"""From what people paste to the addresses that are called: the resource server (…/api) and the authorisation server."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit


class AddressInvalid(ValueError):
    """The text is no address. The message is a sentence for people."""


_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_LOCAL = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


def resource_server(text: str) -> str:
    """``https://acme.halopsa.com/api``, also from the address of the interface itself. Raises AddressInvalid."""
    address = _normalised(text)
    return address if address.endswith("/api") else f"{_origin(address)}/api"


def authorisation_server(text: str) -> str:
    """``https://acme.halopsa.com/auth``, or wherever a self-hosted Halo has it; without ``/token``. Raises AddressInvalid.

    The path is kept as it was given: some installations have none.
    """
    return _normalised(text).removesuffix("/token")


def interface(resource: str) -> str:
    """Where people open Halo."""
    return resource.removesuffix("/api")


def ticket_page(resource: str, ticket_id: str) -> str:
    """A ticket in the user interface.

    Source: the link in the webhook that SIGNL4 documents for HaloPSA (``https://….halopsa.com/ticket?id=N``).
    """
    return f"{interface(resource)}/ticket?id={quote(ticket_id, safe='')}"


def _normalised(text: str) -> str:
    text = "".join(text.split()).rstrip("/")
    if not text:
        raise AddressInvalid("Enter the address as Halo shows it, for example https://acme.halopsa.com/api.")
    named = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if named and named[1].lower() not in ("http", "https"):
        raise AddressInvalid("The address must begin with https://.")
    try:
        parts = urlsplit(text if named else f"//{text.lstrip('/')}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as err:
        raise AddressInvalid("This is not a web address.") from err
    if parts.username is not None:
        raise AddressInvalid("The address must not hold a user name; the credentials have fields of their own.")
    scheme = parts.scheme.lower() or ("http" if _LOCAL.fullmatch(host) else "https")
    return f"{scheme}://{_shown(host)}" + (f":{port}" if port else "") + parts.path.rstrip("/")


def _shown(host: str) -> str:
    if ":" in host:
        return f"[{host}]"
    try:
        encoded = host.encode("idna").decode("ascii").lower()
    except UnicodeError as err:
        raise AddressInvalid(f"“{host}” is not a host name.") from err
    if not _HOST.fullmatch(encoded):
        raise AddressInvalid(f"“{host}” is not a host name." if host else "The address has no host name.")
    return encoded


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
