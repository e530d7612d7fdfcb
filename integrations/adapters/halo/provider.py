"""Halo before anything is configured: its name, what a connection asks for, and how one is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from integrations.adapters.halo.adapter import HaloAdapter
from integrations.adapters.halo.address import AddressInvalid, authorisation_server, resource_server
from integrations.adapters.halo.client import Credentials
from integrations.adapters.halo.limits import LIMITS
from integrations.adapters.halo.streams import STREAMS
from integrations.port import CredentialField, CredentialsInvalid, Limit, Observer, StreamSpec

_WHERE = "Configuration › Integrations › Halo API"


class HaloProvider:
    """See ``integrations.port.Provider``."""

    key: str = "halo"
    name: str = "HaloPSA"
    tagline: str = (
        "Tickets, time, clients, users, assets, contracts and sales of HaloPSA or HaloITSM, hosted or on premises."
    )
    key_holder: str = "An application with the permissions below, logging in as an agent whose role allows the same"
    boards_there: str = "ticket types"
    streams: Sequence[StreamSpec] = STREAMS
    limits: Sequence[Limit] = LIMITS
    credential_fields: Sequence[CredentialField] = (
        CredentialField(
            name="address",
            label="Resource server",
            kind="url",
            help=f"As {_WHERE} shows it, for example https://acme.halopsa.com/api.",
        ),
        CredentialField(
            name="auth_address",
            label="Authorisation server",
            kind="url",
            help="Shown beside it, for example https://acme.halopsa.com/auth.",
        ),
        CredentialField(
            name="tenant",
            label="Tenant",
            required=False,
            help="Shown beside it. Leave it empty where none is shown, as on a Halo of your own.",
        ),
        CredentialField(
            name="client_id",
            label="Client ID",
            kind="key",
            help=f"Of an application of the kind “Client ID and Secret (Services)” that logs in as an agent: {_WHERE}.",
        ),
        CredentialField(
            name="client_secret",
            label="Client secret",
            kind="secret",
            help="Shown once, when the application is made.",
        ),
    )

    def clean_credentials(self, credentials: dict[str, str]) -> dict[str, str]:
        """Trimmed, with both addresses in full. Raises CredentialsInvalid."""
        cleaned = {field.name: str(credentials.get(field.name) or "").strip() for field in self.credential_fields}
        errors = {
            field.name: problem for field in self.credential_fields if (problem := _problem(field, cleaned[field.name]))
        }
        for name, normalised in (("address", resource_server), ("auth_address", authorisation_server)):
            if name not in errors:
                _normalise(cleaned, errors, name, normalised)
        if errors:
            raise CredentialsInvalid(errors)
        return cleaned

    def open(
        self, credentials: dict[str, str], *, allowed_networks: Sequence[str] = (), observer: Observer | None = None
    ) -> HaloAdapter:
        """An adapter on cleaned (or clean) credentials. Raises CredentialsInvalid; makes no request."""
        cleaned = self.clean_credentials(credentials)
        return HaloAdapter(Credentials(**cleaned), allowed_networks=allowed_networks, observer=observer)


def _normalise(cleaned: dict[str, str], errors: dict[str, str], name: str, normalised: Callable[[str], str]) -> None:
    try:
        cleaned[name] = normalised(cleaned[name])
    except AddressInvalid as err:
        errors[name] = str(err)


def _problem(field: CredentialField, value: str) -> str:
    if not value:
        return f"{field.label} is missing." if field.required else ""
    if field.kind != "url" and (not value.isascii() or not value.isprintable() or " " in value):
        return f"{field.label} must not hold blanks or special characters."
    return ""
