"""Pages about people: who may open them, what they do, how many queries they take."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from foundation.tenancy.models import AuditEvent, Invitation, Membership, Organization, Role, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.invitations import Offered, invitation_create
from foundation.tenancy.services.roles import role_create
from tests.fixtures.people import PASSWORD, MakePerson

ClientFor = Callable[[User], Client]
PAGES = ("web:people", "web:invite", "web:roles", "web:role_new")


def place(user: User, organization: Organization) -> Membership:
    with tenant_transaction(organization.pk):
        return Membership.objects.select_related("role").get(user=user)


def role(builtin: str, organization: Organization) -> Role:
    with tenant_transaction(organization.pk):
        return Role.objects.get(builtin=builtin)


@pytest.fixture
def offered(admin: User, organization: Organization) -> Offered:
    with tenant_transaction(organization.pk):
        return invitation_create(email="new@acme.test", role=Role.objects.get(builtin="technician"), actor=admin)


@pytest.mark.parametrize("page", [*PAGES, "web:audit"])
def test_pages_open_for_an_admin_and_for_nobody_else(
    page: str, admin: User, technician: User, client_for: ClientFor
) -> None:
    assert client_for(admin).get(reverse(page)).status_code == 200
    assert client_for(technician).get(reverse(page)).status_code == 403
    answer = Client().get(reverse(page))
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/account/login/?next={reverse(page)}")


def test_a_refusal_is_in_the_audit_once(technician: User, organization: Organization, client_for: ClientFor) -> None:
    browser = client_for(technician)
    for _ in range(3):
        browser.get(reverse("web:people"))
    with tenant_transaction(organization.pk):
        event = AuditEvent.objects.get(action="access.refused")
        assert (event.actor_id, event.changes) == (technician.pk, {"page": [None, "GET /settings/people/"]})


def test_a_foreign_person_answers_like_an_absent_one(
    admin: User, other_organization: Organization, make_person: MakePerson, client_for: ClientFor
) -> None:
    foreign = place(make_person(other_organization, "admin", "gus@umbrella.test"), other_organization)
    browser = client_for(admin)
    for name in ("web:person", "web:role"):
        theirs = foreign.pk if name == "web:person" else foreign.role_id
        answers = [browser.get(reverse(name, args=[pk])) for pk in (theirs, 10**9)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    assert browser.post(reverse("web:person_remove", args=[foreign.pk])).status_code == 404
    assert place(foreign.user, other_organization).role.builtin == "admin"


def test_the_list_takes_the_same_queries_for_1_and_3_people(
    admin: User,
    organization: Organization,
    make_person: MakePerson,
    client_for: ClientFor,
    django_assert_num_queries: Callable[..., object],
) -> None:
    browser = client_for(admin)
    with django_assert_num_queries(10):
        browser.get(reverse("web:people"))
    for number in range(2):
        make_person(organization, "technician", f"p{number}@acme.test")
    with django_assert_num_queries(10):
        answer = browser.get(reverse("web:people"))
    assert "p1@acme.test" in answer.text


def test_a_role_is_given_and_the_last_admin_is_kept(
    admin: User, technician: User, organization: Organization, client_for: ClientFor
) -> None:
    browser = client_for(admin)
    address = reverse("web:person", args=[place(technician, organization).pk])
    assert browser.post(address, {"role": role("readonly", organization).pk}).status_code == 302
    assert place(technician, organization).role.builtin == "readonly"
    address = reverse("web:person", args=[place(admin, organization).pk])
    answer = browser.post(address, {"role": role("readonly", organization).pk})
    assert answer.status_code == 400
    assert "is the only admin" in answer.text
    removed = browser.post(reverse("web:person_remove", args=[place(technician, organization).pk]), follow=True)
    assert "was removed" in removed.text
    assert client_for(technician).get("/settings/people/", follow=True).redirect_chain[0][0] == "/organization/none/"


def test_a_role_is_composed_changed_and_deleted(admin: User, organization: Organization, client_for: ClientFor) -> None:
    browser = client_for(admin)
    sent = {"name": "Dispatch", "permissions": ["view_tickets"]}
    assert browser.post(reverse("web:role_new"), sent).status_code == 302
    with tenant_transaction(organization.pk):
        made = Role.objects.get(name="Dispatch")
    address = reverse("web:role", args=[made.pk])
    assert 'value="view_tickets" id="id_permissions_0" checked' in browser.get(address).text.replace(
        'aria-describedby="id_permissions_helptext" ', ""
    )
    assert browser.post(address, {"name": "Admin", "permissions": []}).status_code == 400
    assert browser.post(reverse("web:role_delete", args=[made.pk])).status_code == 302
    builtin = reverse("web:role", args=[role("admin", organization).pk])
    assert browser.post(builtin, sent).status_code == 400


def test_an_invitation_leads_in_by_the_address_of_this_installation(
    admin: User, organization: Organization, client_for: ClientFor
) -> None:
    sent = {"email": "new@acme.test", "role": role("technician", organization).pk}
    answer = client_for(admin).post(reverse("web:invite"), sent, headers={"host": "localhost"}, follow=True)
    assert "on its way to new@acme.test" in answer.text
    (letter,) = mail.outbox
    link = next(line for line in letter.body.splitlines() if line.startswith("http"))
    assert link.startswith("http://localhost:8000/invitation/")
    browser = Client()
    page = link.removeprefix("http://localhost:8000")
    assert "You are invited as Technician" in browser.get(page).text
    with tenant_transaction(organization.pk):
        assert Invitation.objects.get().accepted_at is None
    weak = browser.post(page, {"name": "Nia New", "password": "short"})
    assert weak.status_code == 400
    assert "short" not in weak.text.replace("too short", "")
    assert browser.post(page, {"name": "Nia New", "password": PASSWORD}).headers["Location"] == "/"
    assert User.objects.get(email="new@acme.test").name == "Nia New"
    assert browser.get(page).status_code == 404


def test_somebody_with_a_log_in_joins_after_logging_in(
    offered: Offered, other_organization: Organization, make_person: MakePerson, organization: Organization
) -> None:
    make_person(other_organization, "admin", "new@acme.test")
    browser, page = Client(), f"/invitation/{offered.token}/"
    assert f"/account/login/?next={page}" in browser.get(page).text
    browser.post("/account/login/", {"login": "new@acme.test", "password": PASSWORD})
    assert "Join Acme MSP" in browser.get(page).text
    assert browser.post(page).headers["Location"] == "/"
    assert browser.session["organization"] == organization.pk


def test_an_invitation_for_somebody_else_says_so(
    offered: Offered, technician: User, client_for: ClientFor, organization: Organization
) -> None:
    browser, page = client_for(technician), f"/invitation/{offered.token}/"
    assert "for somebody else" in browser.get(page).text
    browser.post(page)
    with tenant_transaction(organization.pk):
        assert Invitation.objects.get().accepted_at is None


def test_a_mail_server_that_is_away_loses_no_invitation(
    admin: User, organization: Organization, client_for: ClientFor, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 9
    sent = {"email": "new@acme.test", "role": role("technician", organization).pk}
    answer = client_for(admin).post(reverse("web:invite"), sent, follow=True)
    assert "did not take the invitation" in answer.text
    with tenant_transaction(organization.pk):
        assert Invitation.objects.get().email == "new@acme.test"


def test_sending_again_ends_the_earlier_link(
    offered: Offered, admin: User, client_for: ClientFor, organization: Organization
) -> None:
    browser = client_for(admin)
    browser.post(reverse("web:invitation_resend", args=[offered.invitation.pk]))
    assert len(mail.outbox) == 1
    assert Client().get(f"/invitation/{offered.token}/").status_code == 404
    browser.post(reverse("web:invitation_revoke", args=[offered.invitation.pk]))
    with tenant_transaction(organization.pk):
        assert Invitation.objects.get().revoked_at is not None


def test_the_audit_is_filtered_and_paged(
    admin: User, technician: User, organization: Organization, client_for: ClientFor
) -> None:
    with tenant_transaction(organization.pk):
        for number in range(60):
            role_create(name=f"Role {number:02}", permissions=[], actor=admin)
    browser = client_for(admin)
    first = browser.get("/settings/audit/?area=role")
    assert first.text.count("composed the role") == 50
    assert "Role 59" in first.text
    assert "Role 09" not in first.text
    second = browser.get("/settings/audit/" + first.context["next"])
    assert second.text.count("composed the role") == 10
    assert "Role 00" in second.text
    assert "composed the role" not in browser.get(f"/settings/audit/?person={technician.pk}").text
    assert browser.get("/settings/audit/?from=9999-12-31&to=9999-12-31&person=x&before=y~z").status_code == 200


def test_the_audit_shows_no_other_organization(
    admin: User, other_organization: Organization, make_person: MakePerson, client_for: ClientFor
) -> None:
    make_person(other_organization, "admin", "gus@umbrella.test")
    page = client_for(admin).get("/settings/audit/")
    assert "ada@acme.test" in page.text
    assert "umbrella" not in page.text.lower()
