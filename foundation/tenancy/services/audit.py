"""The audit: who did what, from where, to which fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Model

from foundation.core.redaction import HIDDEN, is_secret, without_secrets
from foundation.tenancy.models import AuditEvent, User
from foundation.tenancy.origin import current_origin
from foundation.tenancy.scope import current_organization_id

SYSTEM_LABEL = "MSPortal"


def audit_record(
    *,
    action: str,
    target: Model | None = None,
    changes: dict[str, list[Any]] | None = None,
    actor: User | None = None,
    origin: str | None = None,
) -> AuditEvent:
    """Adds an entry in the caller's tenant transaction, so that it stands or falls with what it describes.

    ``action``: "connection.created" …; ``changes``: {field: [before, after]}; a secret's values are replaced, whoever passes them.
    Without ``actor`` it is the person of the request, else the system.
    """
    source = current_origin()
    return AuditEvent.objects.create(
        organization_id=current_organization_id(),
        actor_id=actor.pk if actor else source.actor_id,
        actor_label=actor.email if actor else source.actor_label or SYSTEM_LABEL,
        origin=origin or source.kind,
        action=action,
        target_type=target._meta.label_lower if target else "",
        target_id=target.pk if target else None,
        target_label=str(target)[:200] if target else "",
        changes={name: _shown(name, values) for name, values in (changes or {}).items()},
        ip_address=source.ip_address,
        user_agent=source.user_agent[:300],
        request_id=source.request_id[:64],
    )


def _shown(name: str, values: list[Any]) -> list[Any]:
    if is_secret(name):
        return [HIDDEN if value else None for value in values]
    return [_plain(without_secrets(value)) for value in values]


def _plain(value: Any) -> Any:
    """What JSON can hold: times in ISO 8601, anything unknown as its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return str(value)
