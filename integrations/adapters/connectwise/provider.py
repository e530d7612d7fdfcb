"""ConnectWise before anything is configured: its name, what a connection asks for, and how one is opened."""

from __future__ import annotations

import re
from collections.abc import Sequence

from integrations.adapters.connectwise.adapter import ConnectWiseAdapter
from integrations.adapters.connectwise.address import AddressInvalid, normalised
from integrations.adapters.connectwise.client import API_VERSION, Credentials
from integrations.adapters.connectwise.streams import STREAMS
from integrations.port import CredentialField, CredentialsInvalid, Limit, Observer, StreamSpec

_VERSION = re.compile(r"\d{4}\.\d{1,2}")


class ConnectWiseProvider:
    """See ``integrations.port.Provider``."""

    key: str = "connectwise"
    name: str = "ConnectWise PSA"
    tagline: str = "Tickets, time, companies, contacts, assets, agreements and sales of ConnectWise PSA (Manage), in the cloud or on premises."
    key_holder: str = "An API member whose security role has"
    streams: Sequence[StreamSpec] = STREAMS
    limits: Sequence[Limit] = (
        Limit(stream="assets", why="The questions of configuration types are not read; custom fields are."),
        Limit(
            stream="agreement_additions",
            why="Read anew for agreements in force at each full sync; for others when the agreement changes.",
        ),
        Limit(
            stream="tickets",
            why="Project tickets are read too, from end points of their own; without the right to them they are left out. "
            "Projects and their phases are not read.",
        ),
        Limit(stream="notes", why="Notes written as time entries come with the time entries."),
        Limit(stream="time_entries", why="Time on tickets, of projects too; not on charge codes and activities."),
        Limit(
            stream="opportunities",
            why="The value is the forecast's revenue, a request an opportunity: read anew when the opportunity changes and at each "
            "full sync.",
        ),
        Limit(
            stream="invoices",
            why="Lines are the sums that the invoice tells (agreement, services, products, expenses); single entries are not read.",
        ),
    )
    credential_fields: Sequence[CredentialField] = (
        CredentialField(
            name="address",
            label="Address",
            kind="url",
            help="The address that you open ConnectWise with, for example na.myconnectwise.net.",
        ),
        CredentialField(name="company_id", label="Company ID", help="What you type as company when you log in."),
        CredentialField(
            name="public_key",
            label="Public key",
            kind="key",
            help="Of an API member: System › Members › API Members › API Keys.",
        ),
        CredentialField(
            name="private_key",
            label="Private key",
            kind="secret",
            help="Shown once, when the API key is made.",
        ),
        CredentialField(
            name="client_id",
            label="Client ID",
            kind="key",
            help="Of your integration, from developer.connectwise.com › Client ID.",
        ),
    )

    def clean_credentials(self, credentials: dict[str, str]) -> dict[str, str]:
        """Trimmed, with the address as the interface's origin. ``api_version`` is optional and not on the form: it asks
        for another release's models than ours. Raises CredentialsInvalid."""
        cleaned: dict[str, str] = {}
        errors: dict[str, str] = {}
        for field in self.credential_fields:
            value = str(credentials.get(field.name) or "").strip()
            problem = _problem(field, value)
            if problem:
                errors[field.name] = problem
            cleaned[field.name] = value
        if "address" not in errors:
            try:
                cleaned["address"] = normalised(cleaned["address"])
            except AddressInvalid as err:
                errors["address"] = str(err)
        version = str(credentials.get("api_version") or "").strip()
        if version and not _VERSION.fullmatch(version):
            errors["api_version"] = f"A version looks like {API_VERSION}."
        if errors:
            raise CredentialsInvalid(errors)
        return {**cleaned, **({"api_version": version} if version else {})}

    def open(
        self, credentials: dict[str, str], *, allowed_networks: Sequence[str] = (), observer: Observer | None = None
    ) -> ConnectWiseAdapter:
        """An adapter on cleaned (or clean) credentials. Raises CredentialsInvalid; makes no request."""
        cleaned = self.clean_credentials(credentials)
        return ConnectWiseAdapter(Credentials(**cleaned), allowed_networks=allowed_networks, observer=observer)


def _problem(field: CredentialField, value: str) -> str:
    if not value:
        return f"{field.label} is missing."
    if not value.isascii() or not value.isprintable() or " " in value:
        return "" if field.name == "address" else f"{field.label} must not hold blanks or special characters."
    if field.name in ("company_id", "public_key") and ("+" in value or ":" in value):
        return f"{field.label} is the part without “+” and “:”; each part has a field of its own."
    return ""
