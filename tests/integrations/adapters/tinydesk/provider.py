"""TinyDesk before anything is configured: the line of it in the registry names this class."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from integrations.port import CredentialField, CredentialsInvalid, Limit, Observer, StreamSpec
from tests.integrations.adapters.tinydesk.adapter import TinyDeskAdapter
from tests.integrations.adapters.tinydesk.streams import LIMITS, STREAMS


class TinyDeskProvider:
    """See ``integrations.port.Provider``."""

    key: str = "tinydesk"
    name: str = "TinyDesk"
    tagline: str = "Tickets, time, clients and contacts of TinyDesk."
    streams: Sequence[StreamSpec] = STREAMS
    limits: Sequence[Limit] = LIMITS
    credential_fields: Sequence[CredentialField] = (
        CredentialField(name="address", label="Address", kind="url", help="For example https://desk.example.com."),
        CredentialField(name="api_key", label="Key", kind="secret", help="Settings › Keys."),
    )

    def clean_credentials(self, credentials: dict[str, str]) -> dict[str, str]:
        """Trimmed. Raises CredentialsInvalid."""
        cleaned = {field.name: str(credentials.get(field.name) or "").strip() for field in self.credential_fields}
        errors = {
            field.name: f"{field.label} is missing." for field in self.credential_fields if not cleaned[field.name]
        }
        if "address" not in errors and not urlsplit(cleaned["address"]).hostname:
            errors["address"] = "This is not a web address. Enter it as you type it into the browser."
        if errors:
            raise CredentialsInvalid(errors)
        return cleaned | {"address": cleaned["address"].rstrip("/")}

    def open(
        self, credentials: dict[str, str], *, allowed_networks: Sequence[str] = (), observer: Observer | None = None
    ) -> TinyDeskAdapter:
        """An adapter on cleaned (or clean) credentials. Raises CredentialsInvalid; makes no request."""
        known = self.clean_credentials(credentials)
        return TinyDeskAdapter(known["address"], known["api_key"], allowed_networks=allowed_networks, observer=observer)
