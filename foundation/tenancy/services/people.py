"""People: their log-ins, and what they may do in the current organization."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from foundation.core.errors import Refused
from foundation.core.plain_line import plain_line
from foundation.tenancy.models import Membership, Organization, Role, User
from foundation.tenancy.scope import current_organization_id
from foundation.tenancy.selectors import permissions_of
from foundation.tenancy.services.audit import audit_record
from foundation.tenancy.services.organizations import membership_create


def person_add(
    *, organization: Organization, email: str, role: Role, name: str = "", password: str | None = None
) -> Membership:
    """Makes a log-in where there is none for ``email`` and gives it a place, in the current tenant transaction.

    Without a password the person sets one by mail. Raises Refused: a bad address or password, a place held already, or a
    password for a log-in that exists.
    """
    address = email_checked(email)
    user = User.objects.filter(email__iexact=address).first()
    if user and password is not None:
        raise Refused(f"{address} has a log-in already, whose password stays as it is: leave the password out.")
    return membership_create(
        organization=organization, user=user or user_create(email=address, name=name, password=password), role=role
    )


def user_create(*, email: str, name: str = "", password: str | None = None) -> User:
    """A new log-in. Raises Refused with the reasons why a password is too weak."""
    user = User(email=email_checked(email), name=plain_line(name)[:120])
    if password is not None:
        password_check(password, user)
    return User.objects.create_user(user.email, password, name=user.name)


def email_checked(email: str) -> str:
    """The address in small letters. Raises Refused when it is none."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as err:
        raise Refused(f"“{address}” is not an email address.", field="email") from err
    return address


def password_check(password: str, user: User) -> None:
    """Raises Refused with all that is wrong with the password."""
    try:
        validate_password(password, user)
    except ValidationError as err:
        raise Refused(" ".join(err.messages), field="password") from err


def membership_held(membership: Membership) -> Membership:
    """The membership as it is now, which nobody else changes until the transaction ends. Raises Refused where it is gone."""
    rows = Membership.objects.filter(pk=membership.pk)
    # Locked without its role: joined to it, a row that was given another role meanwhile would not be found.
    if rows.select_for_update(no_key=True).first() is None:
        raise Refused("This person was removed a moment ago.")
    held: Membership = rows.select_related("user", "role").get()
    return held


@transaction.atomic
def membership_role_set(*, membership: Membership, role: Role, actor: User | None) -> Membership:
    """Gives a person another role. Raises Refused: rights that the actor lacks, or nobody left as an admin."""
    membership = membership_held(membership)
    before = membership.role
    if before.pk == role.pk:
        return membership
    require_rights(actor, role, f"give the role “{role.name}”")
    require_rights(actor, before, f"change somebody whose role is “{before.name}”")
    if before.builtin == "admin":
        _require_another_admin(membership, f"{membership.user} is the only admin: make somebody else an admin first.")
    membership.role = role
    membership.save(update_fields=["role"])
    audit_record(
        action="membership.role_changed", target=membership, changes={"role": [before.name, role.name]}, actor=actor
    )
    return membership


@transaction.atomic
def membership_remove(*, membership: Membership, actor: User | None) -> None:
    """Takes a person's place away; the log-in stays. Raises Refused as ``membership_role_set`` does."""
    membership = membership_held(membership)
    require_rights(actor, membership.role, f"remove somebody whose role is “{membership.role.name}”")
    if membership.role.builtin == "admin":
        _require_another_admin(membership, f"{membership.user} is the only admin and can't be removed.")
    changes = {"email": [membership.user.email, None], "role": [membership.role.name, None]}
    audit_record(action="membership.removed", target=membership, changes=changes, actor=actor)
    membership.delete()


def require_rights(actor: User | None, role: Role, deed: str) -> None:
    """Nobody gives or takes what they don't have themselves; the operator's commands (no actor) may. Raises Refused."""
    if actor is None:
        return
    lacking = sorted(set(role.permissions) - permissions_of(actor))
    if lacking:
        raise Refused(f"You can't {deed}, because your own role lacks: {', '.join(lacking)}.", field="role")


def _require_another_admin(membership: Membership, sentence: str) -> None:
    """Holds the organization's row, so that two admins can't remove each other at the same time."""
    Organization.objects.select_for_update(no_key=True).get(pk=current_organization_id())
    others = Membership.objects.filter(role__builtin="admin", user__is_active=True).exclude(pk=membership.pk)
    if not others.exists():
        raise Refused(sentence)


def log_in_exists(email: str) -> bool:
    """Whether somebody logs in by this address. For people who hold an invitation to it: it tells who is known here."""
    return User.objects.filter(email__iexact=email).exists()


def last_organization_set(*, user: User, organization_id: int) -> None:
    """Where the next log-in begins."""
    User.objects.filter(pk=user.pk).update(last_organization=organization_id)
