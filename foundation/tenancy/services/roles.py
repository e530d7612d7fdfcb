"""Roles that an organization composes from the named permissions."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from foundation.core.errors import Refused
from foundation.core.plain_line import plain_line
from foundation.tenancy.models import Invitation, Membership, Role, User
from foundation.tenancy.permissions import PERMISSIONS
from foundation.tenancy.scope import current_organization_id
from foundation.tenancy.selectors import permissions_of
from foundation.tenancy.services.audit import audit_record
from foundation.tenancy.services.people import require_rights


@transaction.atomic
def role_create(*, name: str, permissions: Iterable[str], actor: User | None) -> Role:
    """A new role. Raises Refused: a taken or empty name, an unknown permission, one that the actor lacks."""
    role = Role(organization_id=current_organization_id(), name=_free_name(name), permissions=_known(permissions))
    _require_grantable(role.permissions, actor)
    role.save()
    audit_record(action="role.created", target=role, changes=_changes("", role.name, [], role.permissions), actor=actor)
    return role


def role_held(role: Role) -> Role:
    """The role as it is now, which nobody else changes until the transaction ends."""
    held: Role = Role.objects.select_for_update(no_key=True).get(pk=role.pk)
    return held


@transaction.atomic
def role_update(*, role: Role, name: str, permissions: Iterable[str], actor: User | None) -> Role:
    """Other permissions or another name. Raises Refused as ``role_create`` does, and for built-in roles."""
    _require_composed(role)
    require_rights(actor, role, f"change the role “{role.name}”")
    clean, wanted = _free_name(name, other_than=role), _known(permissions)
    _require_grantable(wanted, actor)
    changes = _changes(role.name, clean, role.permissions, wanted)
    if changes:
        role.name, role.permissions = clean, wanted
        role.save(update_fields=["name", "permissions"])
        audit_record(action="role.changed", target=role, changes=changes, actor=actor)
    return role


@transaction.atomic
def role_delete(*, role: Role, actor: User | None) -> None:
    """Removes a role that nobody has. Raises Refused for built-in roles and those in use."""
    _require_composed(role)
    require_rights(actor, role, f"delete the role “{role.name}”")
    held = Membership.objects.filter(role=role).count()
    if held:
        raise Refused(f"{held} people have the role “{role.name}”: give them another one first.")
    if Invitation.objects.filter(role=role, accepted_at=None, revoked_at=None).exists():
        raise Refused(f"An open invitation offers the role “{role.name}”: revoke it first.")
    audit_record(action="role.deleted", target=role, changes=_changes(role.name, "", role.permissions, []), actor=actor)
    role.delete()


def _require_composed(role: Role) -> None:
    if role.builtin:
        raise Refused(f"“{role.name}” is a built-in role and stays as it is. Compose a role of your own beside it.")


def _require_grantable(permissions: list[str], actor: User | None) -> None:
    lacking = sorted(set(permissions) - permissions_of(actor)) if actor else []
    if lacking:
        raise Refused(f"You can't give what your own role lacks: {', '.join(lacking)}.", field="permissions")


def _known(permissions: Iterable[str]) -> list[str]:
    """Each once, in the order of PERMISSIONS."""
    wanted = set(permissions)
    if unknown := sorted(wanted - PERMISSIONS.keys()):
        raise Refused(f"There is no permission {', '.join(unknown)}.", field="permissions")
    return [name for name in PERMISSIONS if name in wanted]


def _free_name(name: str, other_than: Role | None = None) -> str:
    clean = plain_line(name)
    if not clean or len(clean) > 60:
        raise Refused("The name must have 1 to 60 characters.", field="name")
    taken = Role.objects.filter(name__iexact=clean)
    if (taken.exclude(pk=other_than.pk) if other_than else taken).exists():
        raise Refused(f"There is already a role “{clean}”.", field="name")
    return clean


def _changes(before_name: str, name: str, before: list[str], after: list[str]) -> dict[str, list[object]]:
    pairs: dict[str, list[object]] = {
        "name": [before_name or None, name or None],
        "permissions": [sorted(before), sorted(after)],
    }
    return {field: pair for field, pair in pairs.items() if pair[0] != pair[1]}
