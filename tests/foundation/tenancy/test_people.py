"""People, roles and invitations: who may give what to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from foundation.core import database_clock
from foundation.core.errors import Refused
from foundation.tenancy.models import AuditEvent, Invitation, Membership, Organization, Role, User
from foundation.tenancy.permissions import PERMISSIONS
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.selectors import invitation_list, permissions_of
from foundation.tenancy.services.invitations import (
    invitation_accept,
    invitation_accept_as_new,
    invitation_by_token,
    invitation_create,
    invitation_renew,
    invitation_revoke,
)
from foundation.tenancy.services.people import membership_remove, membership_role_set
from foundation.tenancy.services.roles import role_create, role_delete, role_update
from tests.fixtures.people import PASSWORD, MakePerson

pytestmark = pytest.mark.usefixtures("in_tenant")


def place(user: User) -> Membership:
    return Membership.objects.select_related("role", "user").get(user=user)


def role(builtin: str) -> Role:
    return Role.objects.get(builtin=builtin)


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


@pytest.fixture
def keeper(organization: Organization, make_person: MakePerson, admin: User) -> User:
    """Somebody who manages people and tickets, and nothing else."""
    composed = role_create(name="Keeper", permissions=["manage_users", "view_tickets", "view_clients"], actor=admin)
    person = make_person(organization, "readonly", "kim@acme.test")
    membership_role_set(membership=place(person), role=composed, actor=admin)
    return person


def test_the_last_admin_stays(admin: User, technician: User) -> None:
    with pytest.raises(Refused, match="only admin"):
        membership_remove(membership=place(admin), actor=admin)
    with pytest.raises(Refused, match="only admin"):
        membership_role_set(membership=place(admin), role=role("technician"), actor=admin)
    membership_role_set(membership=place(technician), role=role("admin"), actor=admin)
    membership_role_set(membership=place(admin), role=role("technician"), actor=technician)
    assert permissions_of(admin) == frozenset(role("technician").permissions)


def test_an_admin_who_may_not_log_in_is_none(admin: User, technician: User) -> None:
    membership_role_set(membership=place(technician), role=role("admin"), actor=admin)
    User.objects.filter(pk=technician.pk).update(is_active=False)
    with pytest.raises(Refused, match="only admin"):
        membership_remove(membership=place(admin), actor=admin)


def test_nobody_gives_what_they_lack(keeper: User, technician: User, readonly: User, admin: User) -> None:
    with pytest.raises(Refused, match="your own role lacks"):
        membership_role_set(membership=place(readonly), role=role("admin"), actor=keeper)
    with pytest.raises(Refused, match="your own role lacks"):
        invitation_create(email="new@acme.test", role=role("admin"), actor=keeper)
    with pytest.raises(Refused, match="manage_integrations"):
        role_create(name="Mighty", permissions=["view_tickets", "manage_integrations"], actor=keeper)
    with pytest.raises(Refused, match="manage_integrations"):
        role_update(role=place(keeper).role, name="Keeper", permissions=list(PERMISSIONS), actor=keeper)
    with pytest.raises(Refused, match="remove somebody"):
        membership_remove(membership=place(technician), actor=keeper)
    assert permissions_of(keeper) == {"manage_users", "view_tickets", "view_clients"}
    assert place(technician).role.builtin == "technician"


def test_a_removed_person_has_no_rights_here_and_keeps_the_log_in(admin: User, technician: User) -> None:
    membership_remove(membership=place(technician), actor=admin)
    assert permissions_of(technician) == frozenset()
    assert User.objects.filter(pk=technician.pk).exists()
    assert actions()[-1] == "membership.removed"


def test_built_in_roles_are_fixed_and_used_ones_stay(admin: User, keeper: User) -> None:
    for deed in (
        lambda: role_update(role=role("admin"), name="Boss", permissions=[], actor=admin),
        lambda: role_delete(role=role("readonly"), actor=admin),
    ):
        with pytest.raises(Refused, match="built-in"):
            deed()
    with pytest.raises(Refused, match="1 people have the role"):
        role_delete(role=place(keeper).role, actor=admin)


def test_a_role_is_composed_changed_and_deleted(admin: User) -> None:
    made = role_create(name=" Dispatch  desk ", permissions=["edit_tickets", "view_tickets"], actor=admin)
    assert (made.name, made.permissions) == ("Dispatch desk", ["view_tickets", "edit_tickets"])
    with pytest.raises(Refused, match="already a role"):
        role_create(name="dispatch desk", permissions=[], actor=admin)
    with pytest.raises(Refused, match="no permission fly"):
        role_update(role=made, name="Dispatch", permissions=["fly"], actor=admin)
    made.refresh_from_db()
    role_update(role=made, name="Dispatch", permissions=["view_tickets"], actor=admin)
    event = AuditEvent.objects.latest("id")
    assert event.changes == {
        "name": ["Dispatch desk", "Dispatch"],
        "permissions": [["edit_tickets", "view_tickets"], ["view_tickets"]],
    }
    role_delete(role=made, actor=admin)
    assert not Role.objects.filter(name="Dispatch").exists()


def test_somebody_new_accepts_once(admin: User, organization: Organization) -> None:
    offered = invitation_create(email="New@Acme.test", role=role("technician"), actor=admin)
    assert offered.token not in str(Invitation.objects.values().get())
    user, joined = invitation_accept_as_new(token=offered.token, name="Nia New", password=PASSWORD)
    assert (user.email, joined) == ("new@acme.test", organization)
    assert place(user).role.builtin == "technician"
    assert invitation_by_token(offered.token) is None
    with pytest.raises(Refused, match="not valid any more"):
        invitation_accept(token=offered.token, user=user)


def test_somebody_with_a_log_in_joins_a_second_organization(
    admin: User, other_organization: Organization, make_person: MakePerson
) -> None:
    guest = make_person(other_organization, "admin", "gus@umbrella.test")
    stranger = make_person(other_organization, "admin", "sam@umbrella.test")
    offered = invitation_create(email="gus@umbrella.test", role=role("readonly"), actor=admin)
    with pytest.raises(Refused, match="has a log-in already"):
        invitation_accept_as_new(token=offered.token, name="Thief", password=PASSWORD)
    with pytest.raises(Refused, match=r"is for gus@umbrella\.test"):
        invitation_accept(token=offered.token, user=stranger)
    invitation_accept(token=offered.token, user=guest)
    assert place(guest).role.builtin == "readonly"
    with tenant_transaction(other_organization.pk):
        assert place(guest).role.builtin == "admin"


def test_an_invitation_ends_after_seven_days_and_is_renewed(admin: User) -> None:
    offered = invitation_create(email="new@acme.test", role=role("readonly"), actor=admin)
    with pytest.raises(Refused, match="invited already"):
        invitation_create(email="NEW@acme.test", role=role("readonly"), actor=admin)
    again = invitation_renew(invitation=offered.invitation, actor=admin)
    assert invitation_by_token(offered.token) is None
    assert invitation_by_token(again.token) is not None
    Invitation.objects.update(expires_at=database_clock.now() - timedelta(days=1))
    assert invitation_by_token(again.token) is None
    with pytest.raises(Refused, match="not valid any more"):
        invitation_accept_as_new(token=again.token, name="Late", password=PASSWORD)


def test_an_invitation_is_good_for_seven_days_of_the_databases_clock(admin: User) -> None:
    began = database_clock.now()
    with time_machine.travel(began + timedelta(days=30)):
        offered = invitation_create(email="new@acme.test", role=role("readonly"), actor=admin)
        made, expires = offered.invitation.created_at, offered.invitation.expires_at
        assert (began <= made, [row.good for row in invitation_list()]) == (True, [True])
        assert began + timedelta(days=7) <= expires <= database_clock.now() + timedelta(days=7)
        user, _ = invitation_accept_as_new(token=offered.token, name="New", password=PASSWORD)
    offered.invitation.refresh_from_db()
    assert began <= offered.invitation.accepted_at <= database_clock.now()
    assert began <= user.created_at <= database_clock.now()


def test_a_revoked_invitation_lets_nobody_in(admin: User) -> None:
    offered = invitation_create(email="new@acme.test", role=role("readonly"), actor=admin)
    invitation_revoke(invitation=offered.invitation, actor=admin)
    assert invitation_by_token(offered.token) is None
    with pytest.raises(Refused, match="accepted or taken back"):
        invitation_renew(invitation=offered.invitation, actor=admin)


def test_nobody_takes_back_an_offer_of_more_than_they_have(admin: User, keeper: User) -> None:
    offered = invitation_create(email="boss@acme.test", role=role("admin"), actor=admin)
    with pytest.raises(Refused, match="You can't take back an offer of the role “Admin”"):
        invitation_revoke(invitation=offered.invitation, actor=keeper)
    offered.invitation.refresh_from_db()
    assert offered.invitation.revoked_at is None
    invitation_revoke(invitation=offered.invitation, actor=admin)
    assert offered.invitation.revoked_at is not None


def test_a_weak_password_leaves_the_invitation_open(admin: User) -> None:
    offered = invitation_create(email="new@acme.test", role=role("readonly"), actor=admin)
    with pytest.raises(Refused, match="too short"):
        invitation_accept_as_new(token=offered.token, name="Nia", password="short")
    assert invitation_by_token(offered.token) is not None
    assert not User.objects.filter(email="new@acme.test").exists()
