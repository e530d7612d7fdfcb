"""Moving stored credentials to the newest encryption key, one organization at a time."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.core.encryption import DecryptionFailed, decrypt, encrypt, is_current
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.audit import audit_record
from integrations.models import Connection


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many secrets were ``moved``, were ``current`` already, and which connections' can't be read any more."""

    moved: int
    current: int
    unreadable: tuple[str, ...]


def credentials_reencrypt(*, organization_id: int) -> Rotated:
    """Re-encrypts what is not on the newest key, in one transaction. What no key opens stays as it is and is reported."""
    moved = current = 0
    unreadable: list[str] = []
    with tenant_transaction(organization_id):
        for connection in Connection.objects.select_for_update(no_key=True).order_by("pk"):
            stale = [name for name in ("credentials", "draft_credentials") if needs_moving(getattr(connection, name))]
            try:
                for name in stale:
                    setattr(
                        connection, name, encrypt(organization_id, decrypt(organization_id, getattr(connection, name)))
                    )
            except DecryptionFailed:
                unreadable.append(str(connection))
                continue
            if not stale:
                current += 1
                continue
            connection.save(update_fields=stale)
            audit_record(action="connection.credentials_reencrypted", target=connection)
            moved += 1
    return Rotated(moved, current, tuple(unreadable))


def needs_moving(stored: str) -> bool:
    """Whether there is a secret that an older key encrypted."""
    return bool(stored) and not is_current(stored)
