"""Autotask before anything is configured: its name, what a connection asks for, and how one is opened."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.adapters.autotask.adapter import AutotaskAdapter
from integrations.adapters.autotask.client import Credentials
from integrations.adapters.autotask.limits import LIMITS
from integrations.adapters.autotask.streams import STREAMS
from integrations.adapters.autotask.zones import AddressInvalid, normalised
from integrations.port import CredentialField, CredentialsInvalid, Limit, Observer, StreamSpec


class AutotaskProvider:
    """See ``integrations.port.Provider``."""

    key: str = "autotask"
    name: str = "Autotask PSA"
    tagline: str = "Tickets, time, companies, contacts, assets, contracts and sales of Datto Autotask PSA."
    key_holder: str = "An API user whose security level has"
    boards_there: str = "queues"
    streams: Sequence[StreamSpec] = STREAMS
    limits: Sequence[Limit] = LIMITS
    credential_fields: Sequence[CredentialField] = (
        CredentialField(
            name="address",
            label="Address",
            kind="url",
            required=False,
            help="The address that you open Autotask with, for example ww5.autotask.net. Links to tickets lead there; "
            "without it there are none. Where your data are is looked up.",
        ),
        CredentialField(
            name="username",
            label="API user name",
            help="Of a user with the security level “API User (system)”: Admin › Resources/Users, column “Username (Key)”.",
        ),
        CredentialField(name="secret", label="Secret", kind="secret", help="The password (secret) of that API user."),
        CredentialField(
            name="integration_code",
            label="Integration code",
            kind="key",
            help="The API user's tracking identifier, of an integration vendor or of your own (custom).",
        ),
    )

    def clean_credentials(self, credentials: dict[str, str]) -> dict[str, str]:
        """Trimmed, with the address as an origin ("" when it is left out). Raises CredentialsInvalid."""
        cleaned: dict[str, str] = {}
        errors: dict[str, str] = {}
        for field in self.credential_fields:
            value = str(credentials.get(field.name) or "").strip()
            problem = _problem(field, value)
            if problem:
                errors[field.name] = problem
            cleaned[field.name] = value
        try:
            cleaned["address"] = normalised(cleaned["address"])
        except AddressInvalid as err:
            errors["address"] = str(err)
        if errors:
            raise CredentialsInvalid(errors)
        return cleaned

    def open(
        self, credentials: dict[str, str], *, allowed_networks: Sequence[str] = (), observer: Observer | None = None
    ) -> AutotaskAdapter:
        """An adapter on cleaned (or clean) credentials. Raises CredentialsInvalid; makes no request."""
        cleaned = self.clean_credentials(credentials)
        return AutotaskAdapter(Credentials(**cleaned), allowed_networks=allowed_networks, observer=observer)


def _problem(field: CredentialField, value: str) -> str:
    """All three travel as headers, which bear no blanks at their ends and nothing but printable ASCII."""
    if not value:
        return f"{field.label} is missing." if field.required else ""
    if field.name != "address" and (not value.isascii() or not value.isprintable()):
        return f"{field.label} must not hold special characters."
    if field.name in ("username", "integration_code") and " " in value:
        return f"{field.label} must not hold blanks."
    return ""
