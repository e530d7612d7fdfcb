"""Two people at once at places, roles, invitations and links: what one has done and not committed counts for the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail

from foundation.core.errors import Refused
from foundation.tenancy.models import Invitation, Membership, Organization, Role, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.invitations import Offered, invitation_accept, invitation_create, invitation_revoke
from foundation.tenancy.services.password_resets import password_reset_request, password_resets_send
from foundation.tenancy.services.people import membership_remove, membership_role_set
from foundation.tenancy.services.roles import role_create, role_held, role_update
from tests.fixtures.interleaving import AtOnce
from tests.fixtures.people import MakePerson

pytestmark = pytest.mark.committed


@pytest.fixture
def other_admin(make_person: MakePerson, organization: Organization) -> User:
    return make_person(organization, "admin", "bea@acme.test")


def place(organization: Organization, user: User) -> Membership:
    with tenant_transaction(organization.pk):
        found: Membership = Membership.objects.select_related("role", "user").get(user=user)
    return found


def role(organization: Organization, builtin: str) -> Role:
    with tenant_transaction(organization.pk):
        found: Role = Role.objects.get(builtin=builtin)
    return found


@pytest.mark.parametrize("demoted", [False, True], ids=["removed", "demoted"])
def test_of_two_admins_who_end_each_other_at_once_one_stays(
    at_once: AtOnce, organization: Organization, admin: User, other_admin: User, demoted: bool
) -> None:
    lower = role(organization, "technician")

    def ends(actor: User, whom: User) -> Callable[[], object]:
        there = place(organization, whom)
        if demoted:
            return lambda: membership_role_set(membership=there, role=lower, actor=actor)
        return lambda: membership_remove(membership=there, actor=actor)

    with pytest.raises(Refused, match="only admin"):
        at_once(ends(admin, other_admin), ends(other_admin, admin))
    with tenant_transaction(organization.pk):
        assert [held.user for held in Membership.objects.filter(role__builtin="admin")] == [admin]


def test_somebody_who_becomes_an_admin_in_the_same_moment_is_not_removed_by_those_who_may_not(
    at_once: AtOnce, organization: Organization, admin: User, technician: User, make_person: MakePerson
) -> None:
    keeper = make_person(organization, "readonly", "kim@acme.test")
    with tenant_transaction(organization.pk):
        rights = ["manage_users", *role(organization, "technician").permissions]
        composed = role_create(name="Keeper", permissions=rights, actor=None)
        membership_role_set(membership=place(organization, keeper), role=composed, actor=None)
    there, highest = place(organization, technician), role(organization, "admin")
    with pytest.raises(Refused, match="your own role lacks"):
        at_once(
            lambda: membership_role_set(membership=there, role=highest, actor=admin),
            lambda: membership_remove(membership=there, actor=keeper),
        )
    assert place(organization, technician).role == highest


def test_a_person_who_is_removed_twice_at_once_is_removed_once(
    at_once: AtOnce, organization: Organization, admin: User, technician: User
) -> None:
    there = place(organization, technician)

    def remove() -> None:
        membership_remove(membership=there, actor=admin)

    with pytest.raises(Refused, match="removed a moment ago"):
        at_once(remove, remove)


def test_a_form_of_a_role_sees_what_was_saved_in_the_same_moment(at_once: AtOnce, organization: Organization) -> None:
    with tenant_transaction(organization.pk):
        composed = role_create(name="Keeper", permissions=["view_tickets"], actor=None)

    def renamed() -> None:
        role_update(role=role_held(composed), name="Watch", permissions=["view_tickets"], actor=None)

    assert at_once(renamed, lambda: role_held(composed).name).second == "Watch"


@pytest.fixture
def offered(organization: Organization) -> Offered:
    with tenant_transaction(organization.pk):
        return invitation_create(email="new@acme.test", role=role(organization, "readonly"), actor=None)


@pytest.fixture
def invited(offered: Offered) -> User:
    return User.objects.create_user("new@acme.test", "correct-horse-battery-staple")


def test_an_invitation_that_is_opened_twice_at_once_lets_in_once(
    at_once: AtOnce, organization: Organization, offered: Offered, invited: User
) -> None:
    def accept() -> Organization:
        return invitation_accept(token=offered.token, user=invited)

    with pytest.raises(Refused, match="used or taken back a moment ago"):
        at_once(accept, accept)
    assert place(organization, invited).role.builtin == "readonly"


def test_an_invitation_that_is_accepted_is_not_taken_back_in_the_same_moment(
    at_once: AtOnce, organization: Organization, offered: Offered, invited: User
) -> None:
    with pytest.raises(Refused, match="accepted or taken back already"):
        at_once(
            lambda: invitation_accept(token=offered.token, user=invited),
            lambda: invitation_revoke(invitation=offered.invitation, actor=None),
        )
    with tenant_transaction(organization.pk):
        now = Invitation.objects.get()
    assert (now.accepted_at is not None, now.revoked_at) == (True, None)


def test_two_workers_at_once_send_one_link_for_a_new_password(at_once: AtOnce, admin: User) -> None:
    password_reset_request(email=admin.email)
    done = at_once(password_resets_send, password_resets_send)
    assert (done.first, done.second, done.waited, len(mail.outbox)) == (1, 0, False, 1)
