"""Reads of people, roles and the audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from foundation.tenancy.models import AuditEvent, Invitation, Membership, Organization, Role, User
from foundation.tenancy.scope import system_transaction


@dataclass(frozen=True, slots=True)
class FoundOrganization:
    """An organization by its slug, before a tenant is set."""

    id: int
    name: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What of the audit to show; empty fields leave all. ``since`` and ``until`` are moments, ``until`` exclusive."""

    actor_id: int | None = None
    area: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditPlace:
    """The entry that a page ended with."""

    at: datetime
    id: int


def organization_by_slug(slug: str) -> FoundOrganization | None:
    """Through the door that answers before a tenant is known."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name, time_zone FROM portal_organization_by_slug(%s)", [slug])
        row = cursor.fetchone()
    return FoundOrganization(*row) if row else None


def organization_list() -> list[Organization]:
    """Every organization of the installation, by slug: for its operator only."""
    with system_transaction():
        return list(Organization.objects.order_by("slug"))


def member_list(text: str = "") -> QuerySet[Membership]:
    """People of the current organization by name, with ``user`` and ``role``; ``text`` is looked for in name and email."""
    rows = Membership.objects.select_related("user", "role").order_by("user__name", "user__email", "id")
    return rows.filter(Q(user__name__icontains=text) | Q(user__email__icontains=text)) if text else rows


def invitation_list() -> QuerySet[Invitation]:
    """Invitations that were neither accepted nor revoked, newest first, with ``good``: whether the link can still be used."""
    rows: QuerySet[Invitation] = Invitation.objects.filter(accepted_at=None, revoked_at=None)
    return rows.annotate(good=Q(expires_at__gt=Now())).select_related("role", "invited_by").order_by("-id")


def role_list() -> QuerySet[Role]:
    """Roles, built-in ones first since they were made first, with ``people``: how many members have it."""
    roles: QuerySet[Role] = Role.objects.order_by("id")
    return roles.annotate(people=Count("memberships"))


def permissions_of(user: User) -> frozenset[str]:
    """What a person may do in the current organization; nothing for somebody who doesn't belong to it."""
    found = (
        Membership.objects.filter(user=user, user__is_active=True).values_list("role__permissions", flat=True).first()
    )
    return frozenset(found or ())


def people_who_can(permission: str, besides: int | None = None) -> int:
    """How many active people of the current organization have a permission; ``besides``: a user's id, who is not counted."""
    able = Membership.objects.filter(role__permissions__contains=[permission], user__is_active=True)
    return int(able.exclude(user_id=besides).count() if besides else able.count())


def audit_page(wanted: AuditFilter, size: int, before: AuditPlace | None = None) -> list[AuditEvent]:
    """At most ``size`` entries, newest first, from behind ``before`` on: equally fast on every page."""
    rows = AuditEvent.objects.order_by("-at", "-id")
    if wanted.actor_id is not None:
        rows = rows.filter(actor_id=wanted.actor_id)
    if wanted.area:
        rows = rows.filter(action__startswith=f"{wanted.area}.")
    if wanted.since:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(at__lt=wanted.until)
    if before:
        rows = rows.filter(at__lte=before.at).exclude(at=before.at, id__gte=before.id)
    return list(rows[:size])
