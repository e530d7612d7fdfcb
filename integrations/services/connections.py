"""Connections: made, configured, renamed, removed. Each change and its audit entry are one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from foundation.core import database_clock
from foundation.core.encryption import DecryptionFailed, encrypt
from foundation.core.errors import Refused
from foundation.core.plain_line import plain_line
from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.audit import audit_record
from integrations import registry
from integrations.models import Connection
from integrations.port import CredentialsInvalid, ProbeReport
from integrations.services.health import connection_answered, connection_failed
from integrations.services.opening import connection_open, connection_open_unless_refused, credentials_of
from integrations.services.probing import (
    InstanceRefused,
    InstanceTaken,
    connection_test,
    fingerprint_kept,
    instance_of,
    instance_problem,
    taken_words,
)
from integrations.settings_schema import (
    ConnectionSettings,
    kept_settings,
    range_start,
    readable_settings,
    settings_from,
    unknown_values,
)

__all__ = [
    "NameTaken",
    "connection_answered",
    "connection_configure",
    "connection_create",
    "connection_credentials_discard",
    "connection_credentials_draft",
    "connection_credentials_set",
    "connection_delete",
    "connection_failed",
    "connection_open",
    "connection_open_unless_refused",
    "connection_rename",
    "connection_setup_move",
    "connection_test",
    "credentials_merged",
]
HIDDEN = "•••"


class NameTaken(Refused):
    """Another connection of the organization has this name."""


def connection_create(
    *,
    organization_id: int,
    provider: str,
    name: str,
    credentials: dict[str, str],
    settings: ConnectionSettings | Mapping[str, Any] | None = None,
    actor: User | None = None,
    setup_step: str = "",
    fingerprint: str = "",
) -> Connection:
    """A new connection, not yet tested. Makes no request. ``fingerprint``: of the instance, where a test has told it.

    Raises registry.UnknownProvider, CredentialsInvalid, SettingsInvalid, NameTaken, InstanceTaken, and Refused for a name
    that is empty or too long.
    """
    cleaned = registry.provider(provider).clean_credentials(credentials)
    wanted = settings if isinstance(settings, ConnectionSettings) else settings_from(settings or {})
    now = database_clock.now()
    connection = Connection(
        organization_id=organization_id,
        provider=provider,
        name=_checked_name(name),
        address=cleaned.get("address", ""),
        credentials=encrypt(organization_id, cleaned),
        settings=msgspec.to_builtins(wanted),
        range_start=range_start(wanted, now),
        state_since=now,
        setup_step=setup_step,
        created_by=actor,
    )
    with tenant_transaction(organization_id):
        _save_named(connection)
        if fingerprint:
            fingerprint_kept(connection, fingerprint)
        changes = {
            "name": ["", connection.name],
            "provider": ["", provider],
            **_credential_changes(provider, {}, cleaned),
        }
        audit_record(action="connection.created", target=connection, changes=changes, actor=actor)
    return connection


def connection_configure(
    *,
    connection: Connection,
    settings: ConnectionSettings | Mapping[str, Any],
    actor: User | None = None,
    chosen: Collection[str] | None = None,
) -> Connection:
    """Stores what to sync. A new date range begins to count now; ranges that stay keep their fixed beginning. ``chosen``: the settings that
    were decided on now, None for all.

    Raises SettingsInvalid. Takes effect on what is stored at the next full sync. What only a newer release knows is kept: settings of its
    own, and its values of settings that were not chosen.
    """
    wanted = settings if isinstance(settings, ConnectionSettings) else settings_from(settings)
    with tenant_transaction(connection.organization_id):
        current = _locked(connection)
        before, odd = current.settings, unknown_values(current.settings)
        kept = {name: value for name, value in odd.items() if chosen is not None and name not in chosen}
        after = {**kept_settings(before), **msgspec.to_builtins(wanted), **kept}
        was = {**after, **msgspec.to_builtins(readable_settings(current)), **odd}
        changes = {key: [was[key], after[key]] for key in after if was[key] != after[key]}
        if not changes and before == after:
            return current
        if "date_range_days" in changes or current.range_start is None:
            current.range_start = range_start(wanted, database_clock.now())
        current.settings = after
        current.save(update_fields=["settings", "range_start"])
        if changes:
            audit_record(action="connection.configured", target=current, changes=changes, actor=actor)
    return current


def connection_held(connection: Connection) -> Connection:
    """The connection as it is now, which nobody else changes until the transaction ends."""
    return _locked(connection)


def connection_rename(*, connection: Connection, name: str, actor: User | None = None) -> Connection:
    """Raises NameTaken."""
    with tenant_transaction(connection.organization_id):
        current = _locked(connection)
        before, current.name = current.name, _checked_name(name)
        if before != current.name:
            _save_named(current)
            audit_record(
                action="connection.renamed", target=current, changes={"name": [before, current.name]}, actor=actor
            )
    return current


def connection_credentials_set(
    *, connection: Connection, credentials: dict[str, str], actor: User | None = None, report: ProbeReport | None = None
) -> Connection:
    """Replaces the credentials. ``report``: of a test with them, so that another instance is refused before anything is stored.
    Where the former ones were refused, the new ones are tried at once, and their pauses begin anew.

    Raises CredentialsInvalid, InstanceRefused, InstanceTaken.
    """
    cleaned = registry.provider(connection.provider).clean_credentials(credentials)
    with tenant_transaction(connection.organization_id):
        current = _locked(connection)
        problem = instance_problem(instance_of(current), report.fingerprint if report else "")
        if problem:
            raise InstanceRefused(problem)
        if report and (problem := taken_words(current.provider, report.fingerprint, besides=current.pk)):
            raise InstanceTaken(problem)
        changes = _credential_changes(current.provider, _readable(current), cleaned)
        current.credentials = encrypt(current.organization_id, cleaned)
        current.draft_credentials = ""
        current.address = cleaned.get("address", "")
        current.refused_tries = 0
        current.retry_at = database_clock.now() if current.state == Connection.State.REFUSED else None
        current.save(update_fields=["credentials", "draft_credentials", "address", "refused_tries", "retry_at"])
        if changes:
            audit_record(action="connection.credentials_changed", target=current, changes=changes, actor=actor)
    return current


def connection_credentials_draft(*, connection: Connection, credentials: dict[str, str]) -> None:
    """Keeps well-formed credentials that did not pass their test, so that nobody types them twice. Syncs do not use them."""
    cleaned = registry.provider(connection.provider).clean_credentials(credentials)
    with tenant_transaction(connection.organization_id):
        stored = encrypt(connection.organization_id, cleaned)
        Connection.objects.filter(pk=connection.pk).update(draft_credentials=stored)


def connection_credentials_discard(*, connection: Connection) -> None:
    """Forgets what was typed and not accepted; what is in use stays."""
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(draft_credentials="")


def credentials_merged(connection: Connection, typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed, with empty fields filled from the draft or, without one, from what is stored.

    Raises CredentialsInvalid when a stored value is wanted but can't be read any more.
    """
    values = {name: value.strip() for name, value in typed.items()}
    try:
        kept = {**credentials_of(connection), **credentials_of(connection, draft=True)}
    except DecryptionFailed as err:
        if all(values.values()):
            return values
        raise CredentialsInvalid({name: str(err) for name, value in values.items() if not value}) from err
    return {**kept, **{name: value for name, value in values.items() if value}}


def connection_setup_move(*, connection: Connection, step: str) -> None:
    """Remembers where the configure pages were left; "" when they are done."""
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(setup_step=step)


def connection_delete(*, connection: Connection, actor: User | None = None) -> None:
    """Removes the connection and, by the database's cascades, everything synced through it.

    Callers make sure that no run is open: see ``sync.services.removal``.
    """
    with tenant_transaction(connection.organization_id):
        current = _locked(connection)
        changes = {"name": [current.name, ""], "address": [current.address, ""]}
        audit_record(action="connection.deleted", target=current, changes=changes, actor=actor)
        # A plain DELETE: the cascades are the database's. Django would read and delete millions of rows one model at a time.
        rows = Connection.objects.filter(pk=current.pk)
        rows._raw_delete(rows.db)


def _locked(connection: Connection) -> Connection:
    current: Connection = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    return current


def _checked_name(name: str) -> str:
    longest = Connection._meta.get_field("name").max_length
    stripped = plain_line(name)
    if not stripped or len(stripped) > (longest or 0):
        raise Refused(f"A connection's name has 1 to {longest} characters.", field="name")
    return stripped


def _save_named(connection: Connection) -> None:
    try:
        with transaction.atomic():
            connection.save()
    except IntegrityError as err:
        if "connection_name_once" not in str(err):
            raise
        raise NameTaken(
            f"There is already a connection called “{connection.name}”. Choose another name.", field="name"
        ) from err


def _readable(connection: Connection) -> dict[str, str]:
    try:
        return credentials_of(connection)
    except DecryptionFailed:
        return {}


def _credential_changes(provider: str, before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[Any]]:
    """Which fields changed. Only the address is shown; every other credential is a row of dots."""
    shown = {field.name for field in registry.provider(provider).credential_fields if field.kind == "url"}
    return {
        name: [before.get(name, ""), value] if name in shown else [HIDDEN if before.get(name) else "", HIDDEN]
        for name, value in after.items()
        if before.get(name) != value
    }
