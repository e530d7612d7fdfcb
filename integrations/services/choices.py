"""Whether the PSA has what settings name: boards, statuses, types and statuses of companies, fields.

Network: call these outside a transaction, inside a tenant scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from foundation.core import database_clock
from integrations import registry
from integrations.catalog import Catalog, catalog_of, catalog_read
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.services.opening import adapter_on
from integrations.services.probing import connection_catalog_read
from integrations.settings_schema import RECORD_FIELDS, ConnectionSettings, SettingsInvalid, readable_settings

NOUNS = {
    "boards": "board",
    "excluded_statuses": "status",
    "company_types": "company type",
    "company_statuses": "company status",
    "company_fields": "custom field of companies",
    **{name: f"custom field of {stream}" for stream, name in RECORD_FIELDS.items()},
}
CHOSEN = NOUNS | {"company_types": "types of companies", "company_statuses": "statuses of companies"}
"""Settings that name what the PSA has."""
NAMED = 12
"""How many of those that there are a refusal names."""


def check_choices(*, connection: Connection, settings: ConnectionSettings) -> None:
    """Refuses boards, statuses, types and fields that are new in ``settings`` and that the PSA does not have, with SettingsInvalid.

    The PSA is asked anew where what it once told does not hold them. Where it can't be asked they pass: each full sync
    reports boards that it could not see.
    """
    before = readable_settings(connection)
    added = {name: _ids(settings, name) - _ids(before, name) for name in CHOSEN}
    refuse_impossible(connection.provider, added)
    stored = catalog_of(connection.catalog)
    if stored is not None and not unknown_choices(stored, added):
        return
    if any(added.values()):
        try:
            catalog = connection_catalog_read(connection=connection)
        except IntegrationError:
            return
        refuse_unknown(catalog, added)


def check_first_choices(*, provider: str, credentials: dict[str, str], settings: ConnectionSettings) -> None:
    """The same for a connection that is not made yet."""
    added = {name: _ids(settings, name) for name in CHOSEN}
    refuse_impossible(provider, added)
    if not any(added.values()):
        return
    adapter = adapter_on(provider, credentials)
    try:
        catalog = catalog_read(adapter, database_clock.now())
    except IntegrationError:
        return
    finally:
        adapter.close()
    refuse_unknown(catalog, added)


def _ids(settings: ConnectionSettings, name: str) -> set[str]:
    return set(getattr(settings, name) or ())


def refuse_impossible(provider: str, added: Mapping[str, set[str]]) -> None:
    """Raises SettingsInvalid for types or statuses of companies where the system knows no such thing."""
    system = registry.provider(provider)
    streams = {spec.name for spec in system.streams}
    errors = {
        name: f"{name}: {system.name} has no {CHOSEN[name]}. Leave it out, or null for all."
        for name in ("company_types", "company_statuses")
        if added[name] and name not in streams
    }
    if errors:
        raise SettingsInvalid(errors)


def refuse_unknown(catalog: Catalog, added: Mapping[str, set[str]]) -> None:
    """Raises SettingsInvalid with a sentence for each setting that names what the PSA does not have."""
    errors = unknown_choices(catalog, added)
    if errors:
        raise SettingsInvalid(errors)


def unknown_choices(catalog: Catalog, added: Mapping[str, set[str]]) -> dict[str, str]:
    """{setting: sentence that names the ids which are not in the catalog}."""
    known_statuses = {status.remote_id: status.name for status in catalog.statuses}
    for board in catalog.boards:
        known_statuses |= {status.remote_id: f"{board.name}: {status.name}" for status in board.statuses}
    known = {
        "boards": {board.remote_id: board.name for board in catalog.boards},
        "excluded_statuses": known_statuses,
        "company_types": {choice.remote_id: choice.name for choice in catalog.company_types or ()},
        "company_statuses": {choice.remote_id: choice.name for choice in catalog.company_statuses or ()},
        "company_fields": {choice.remote_id: choice.caption for choice in catalog.company_fields},
    }
    for stream, name in RECORD_FIELDS.items():
        known[name] = {choice.remote_id: choice.caption for choice in catalog.record_fields.get(stream, ())}
    found = {name: _sentence(noun, added.get(name, ()), known[name]) for name, noun in NOUNS.items()}
    return {name: f"{name}: {sentence}" for name, sentence in found.items() if sentence}


def _sentence(noun: str, wanted: Iterable[str], known: Mapping[str, str]) -> str:
    missing = sorted(set(wanted) - set(known), key=lambda remote_id: (len(remote_id), remote_id))
    if not missing:
        return ""
    there = [f"{remote_id} ({name})" for remote_id, name in known.items()]
    more = f" and {len(there) - NAMED} more" if len(there) > NAMED else ""
    shows = f"It shows this key {', '.join(there[:NAMED])}{more}." if there else "It shows this key none."
    return f"the PSA has no {noun} {', '.join(missing)}. {shows}"
