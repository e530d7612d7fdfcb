"""Organizations, and people's places in them."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

from django.db import connection, transaction

from foundation.core.errors import Refused
from foundation.core.plain_line import plain_line
from foundation.tenancy.models import Membership, Organization, Role, User
from foundation.tenancy.permissions import BUILTIN_ROLES
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.audit import audit_record

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")


def organization_create(*, slug: str, name: str, time_zone: str) -> Organization:
    """A new tenant with the built-in roles. Raises Refused with a sentence for a bad or taken slug, name or zone."""
    clean = plain_line(name)
    _require_valid(slug, clean, time_zone)
    with transaction.atomic():
        organization_id = _next_id()
        with tenant_transaction(organization_id):
            if _slug_taken(slug):
                raise Refused(
                    f"There is already an organization with the slug “{slug}”. Choose another one.", field="slug"
                )
            organization = Organization.objects.create(pk=organization_id, slug=slug, name=clean, time_zone=time_zone)
            Role.objects.bulk_create(
                Role(organization=organization, name=label, builtin=key, permissions=list(permissions))
                for key, (label, permissions) in BUILTIN_ROLES.items()
            )
            audit_record(
                action="organization.created",
                target=organization,
                changes={"name": [None, clean], "time_zone": [None, time_zone]},
            )
    return organization


def organization_zone_set(*, organization_id: int, time_zone: str) -> None:
    """Gives an organization another time zone, in the caller's transaction. Raises Refused."""
    _require_zone(time_zone)
    organization = Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
    before, organization.time_zone = organization.time_zone, time_zone
    organization.save(update_fields=["time_zone"])
    audit_record(action="organization.changed", target=organization, changes={"time_zone": [before, time_zone]})


def membership_create(*, organization: Organization, user: User, role: Role, actor: User | None = None) -> Membership:
    """Gives a person a place, in the current tenant transaction. Raises Refused when there is one already."""
    if Membership.objects.filter(user=user).exists():
        raise Refused(f"{user.email} belongs to {organization.name} already.", field="email")
    membership = Membership.objects.create(organization=organization, user=user, role=role)
    audit_record(action="membership.created", target=membership, changes={"role": [None, role.name]}, actor=actor)
    return membership


def _require_valid(slug: str, name: str, time_zone: str) -> None:
    if not SLUG.fullmatch(slug):
        raise Refused(
            f"“{slug}” can't be a slug: use small letters, digits and hyphens, 60 at most, such as “acme”.",
            field="slug",
        )
    if not name or len(name) > 120:
        raise Refused("The name must have 1 to 120 characters.", field="name")
    _require_zone(time_zone)


def _require_zone(time_zone: str) -> None:
    if time_zone not in available_timezones():
        raise Refused(
            f"“{time_zone}” is not a time zone. Write a name of the IANA database, such as Europe/Amsterdam or UTC.",
            field="time_zone",
        )


def _next_id() -> int:
    """Row security asks for the tenant before its first row is written, so the id is drawn first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('tenancy_organization', 'id'))")
        return int(cursor.fetchone()[0])


def _slug_taken(slug: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM portal_organization_by_slug(%s)", [slug])
        return cursor.fetchone() is not None
