"""The systems that can be connected. The only importer of adapters: a new system is one line here."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.adapters.autotask.provider import AutotaskProvider
from integrations.adapters.connectwise.provider import ConnectWiseProvider
from integrations.adapters.halo.provider import HaloProvider
from integrations.port import Provider

PROVIDERS: dict[str, Provider] = {
    entry.key: entry for entry in (ConnectWiseProvider(), AutotaskProvider(), HaloProvider())
}


class UnknownProvider(LookupError):
    """There is no system of that key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no system called “{key}”. Known: {', '.join(sorted(PROVIDERS))}.")
        self.key = key


def provider(key: str) -> Provider:
    """The system of a key. Raises UnknownProvider."""
    try:
        return PROVIDERS[key]
    except KeyError as err:
        raise UnknownProvider(key) from err


def providers() -> Sequence[Provider]:
    """All systems, in the order to show them."""
    return tuple(PROVIDERS.values())
