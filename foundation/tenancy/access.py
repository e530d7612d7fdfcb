"""What the person of a request may do, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class Membership:
    """One organization that a person belongs to, with the role's permissions there."""

    organization_id: int
    slug: str
    name: str
    time_zone: str
    role: str
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Access:
    """A person's rights in the current organization. ``Access()`` is nobody's."""

    membership: Membership | None = None
    memberships: tuple[Membership, ...] = field(default=())

    def can(self, permission: str) -> bool:
        """Whether the role has this permission here."""
        return self.membership is not None and permission in self.membership.permissions


def memberships_of(user_id: int) -> tuple[Membership, ...]:
    """All organizations of a person, by name, through the door that answers before a tenant is known."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM portal_memberships(%s)", [user_id])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return tuple(
        Membership(organization_id, slug, name, time_zone, role, frozenset(permissions))
        for organization_id, slug, name, time_zone, role, permissions in rows
    )


def access_of(user_id: int, wanted_organization: int | None) -> Access:
    """Rights in the wanted organization where the person belongs to it, else in the first by name."""
    memberships = memberships_of(user_id)
    chosen = next((m for m in memberships if m.organization_id == wanted_organization), None)
    return Access(chosen or (memberships[0] if memberships else None), memberships)
