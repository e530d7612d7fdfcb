"""Whether the PSA has the boards and statuses that settings name. Network: call these outside a transaction, inside a tenant scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils import timezone

from integrations.catalog import Catalog, catalog_of, catalog_read
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.services.opening import adapter_on
from integrations.services.probing import connection_catalog_read
from integrations.settings_schema import ConnectionSettings, SettingsInvalid, settings_of

NAMED = 12
"""How many of those that there are a refusal names."""


def check_choices(*, connection: Connection, settings: ConnectionSettings) -> None:
    """Refuses boards and statuses that are new in ``settings`` and that the PSA does not have, with SettingsInvalid.

    The PSA is asked anew where what it once told does not hold them. Where it can't be asked they pass: each full sync
    reports boards that it could not see.
    """
    before = settings_of(connection)
    boards = set(settings.boards or ()) - set(before.boards or ())
    statuses = set(settings.excluded_statuses) - set(before.excluded_statuses)
    stored = catalog_of(connection.catalog)
    if stored is not None and not unknown_choices(stored, boards, statuses):
        return
    if boards or statuses:
        try:
            catalog = connection_catalog_read(connection=connection)
        except IntegrationError:
            return
        refuse_unknown(catalog, boards, statuses)


def check_first_choices(*, provider: str, credentials: dict[str, str], settings: ConnectionSettings) -> None:
    """The same for a connection that is not made yet."""
    boards, statuses = set(settings.boards or ()), set(settings.excluded_statuses)
    if not (boards or statuses):
        return
    adapter = adapter_on(provider, credentials)
    try:
        catalog = catalog_read(adapter, timezone.now())
    except IntegrationError:
        return
    finally:
        adapter.close()
    refuse_unknown(catalog, boards, statuses)


def refuse_unknown(catalog: Catalog, boards: Iterable[str], statuses: Iterable[str]) -> None:
    """Raises SettingsInvalid with a sentence for each setting that names what the PSA does not have."""
    errors = unknown_choices(catalog, boards, statuses)
    if errors:
        raise SettingsInvalid(errors)


def unknown_choices(catalog: Catalog, boards: Iterable[str], statuses: Iterable[str]) -> dict[str, str]:
    """{setting: sentence that names the ids which are not in the catalog}."""
    known_boards = {board.remote_id: board.name for board in catalog.boards}
    known_statuses = {status.remote_id: status.name for status in catalog.statuses}
    for board in catalog.boards:
        known_statuses |= {status.remote_id: f"{board.name}: {status.name}" for status in board.statuses}
    found = {
        "boards": _sentence("board", boards, known_boards),
        "excluded_statuses": _sentence("status", statuses, known_statuses),
    }
    return {name: f"{name}: {sentence}" for name, sentence in found.items() if sentence}


def _sentence(noun: str, wanted: Iterable[str], known: Mapping[str, str]) -> str:
    missing = sorted(set(wanted) - set(known), key=lambda remote_id: (len(remote_id), remote_id))
    if not missing:
        return ""
    there = [f"{remote_id} ({name})" for remote_id, name in known.items()]
    more = f" and {len(there) - NAMED} more" if len(there) > NAMED else ""
    shows = f"It shows this key {', '.join(there[:NAMED])}{more}." if there else "It shows this key none."
    return f"the PSA has no {noun} {', '.join(missing)}. {shows}"
