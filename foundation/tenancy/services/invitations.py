"""Invitations: an offer by mail to join an organization. Only a digest of the token is kept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.db import connection, transaction

from foundation.core import database_clock
from foundation.core.errors import Refused
from foundation.tenancy.models import Invitation, Membership, Organization, Role, User
from foundation.tenancy.scope import current_organization_id, tenant_transaction
from foundation.tenancy.services.audit import audit_record
from foundation.tenancy.services.organizations import membership_create
from foundation.tenancy.services.people import email_checked, require_rights, user_create

VALID_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Offered:
    """An invitation and its token, which is known now and never again."""

    invitation: Invitation
    token: str


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """What the holder of a token may know before joining."""

    id: int
    organization_id: int
    organization: str
    email: str
    role: str


@transaction.atomic
def invitation_create(*, email: str, role: Role, actor: User | None) -> Offered:
    """Offers a place. Raises Refused: somebody who belongs here, is invited already, or a role beyond the actor's rights."""
    address = email_checked(email)
    require_rights(actor, role, f"offer the role “{role.name}”")
    if Membership.objects.filter(user__email__iexact=address).exists():
        raise Refused(f"{address} belongs to this organization already.", field="email")
    if Invitation.objects.filter(email__iexact=address, accepted_at=None, revoked_at=None).exists():
        raise Refused(f"{address} is invited already: send that invitation again instead.", field="email")
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        organization_id=current_organization_id(),
        email=address,
        role=role,
        token_digest=digest_of(token),
        invited_by=actor,
        expires_at=database_clock.now() + VALID_FOR,
    )
    changes = {"email": [None, address], "role": [None, role.name]}
    audit_record(action="invitation.created", target=invitation, changes=changes, actor=actor)
    return Offered(invitation, token)


@transaction.atomic
def invitation_renew(*, invitation: Invitation, actor: User | None) -> Offered:
    """A new token and seven more days; the earlier link ends. Raises Refused when it was accepted or revoked."""
    _hold_pending(invitation)
    require_rights(actor, invitation.role, f"offer the role “{invitation.role.name}”")
    token = secrets.token_urlsafe(32)
    invitation.token_digest, invitation.expires_at = digest_of(token), database_clock.now() + VALID_FOR
    invitation.save(update_fields=["token_digest", "expires_at"])
    audit_record(action="invitation.sent_again", target=invitation, actor=actor)
    return Offered(invitation, token)


@transaction.atomic
def invitation_revoke(*, invitation: Invitation, actor: User | None) -> None:
    """Takes the offer back. Raises Refused when it was accepted or revoked, and for a role beyond the actor's rights."""
    _hold_pending(invitation)
    require_rights(actor, invitation.role, f"take back an offer of the role “{invitation.role.name}”")
    invitation.revoked_at = database_clock.now()
    invitation.save(update_fields=["revoked_at"])
    audit_record(action="invitation.revoked", target=invitation, actor=actor)


def invitation_by_token(token: str) -> OpenInvitation | None:
    """The open invitation behind a link, through the door that answers before a tenant is known."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, organization_id, organization, email, role FROM portal_invitation(%s)", [digest_of(token)]
        )
        row = cursor.fetchone()
    return OpenInvitation(*row) if row else None


def invitation_accept(*, token: str, user: User) -> Organization:
    """Somebody with a log-in joins. Raises Refused: an invitation that ended, or one for another address."""
    found = _require_open(token)
    if user.email.lower() != found.email.lower():
        raise Refused(f"This invitation is for {found.email}, and you are logged in as {user.email}.")
    with tenant_transaction(found.organization_id):
        return _join(found, user)


def invitation_accept_as_new(*, token: str, name: str, password: str) -> tuple[User, Organization]:
    """Somebody without a log-in gets one and joins. Raises Refused: also for a weak password, or a log-in that exists."""
    found = _require_open(token)
    if User.objects.filter(email__iexact=found.email).exists():
        raise Refused(f"{found.email} has a log-in already: log in, then open the link of the invitation again.")
    with tenant_transaction(found.organization_id):
        user = user_create(email=found.email, name=name, password=password)
        return user, _join(found, user)


def digest_of(token: str) -> str:
    """SHA-256 in hexadecimal: enough for 32 random bytes."""
    return sha256(token.encode()).hexdigest()


def _join(found: OpenInvitation, user: User) -> Organization:
    """Holds the invitation's row, so that a link opened twice lets in once."""
    invitation = Invitation.objects.select_for_update(no_key=True).get(pk=found.id)
    if not invitation.is_open_at(database_clock.now()):
        raise Refused("This invitation was used or taken back a moment ago.")
    organization = Organization.objects.get(pk=found.organization_id)
    membership_create(organization=organization, user=user, role=invitation.role, actor=user)
    invitation.accepted_at = database_clock.now()
    invitation.save(update_fields=["accepted_at"])
    audit_record(action="invitation.accepted", target=invitation, actor=user)
    return organization


def _require_open(token: str) -> OpenInvitation:
    found = invitation_by_token(token)
    if found is None:
        raise Refused("This invitation is not valid any more: ask for a new one.")
    return found


def _hold_pending(invitation: Invitation) -> None:
    """Holds the invitation's row, so that nobody accepts what is taken back. Raises Refused where somebody has."""
    invitation.refresh_from_db(from_queryset=Invitation.objects.select_for_update(no_key=True))
    if invitation.accepted_at or invitation.revoked_at:
        raise Refused("This invitation was accepted or taken back already.")
