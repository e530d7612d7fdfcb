"""Logging in and out, passwords, and what the audit keeps of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from foundation.tenancy.models import AuditEvent, Organization, PasswordResetRequest, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.password_resets import password_resets_send
from tests.fixtures.people import PASSWORD, MakePerson

ClientFor = Callable[[User], Client]
OTHER = "another-long-passphrase-entirely"


def acts(organization: Organization) -> list[tuple[str, str, str]]:
    with tenant_transaction(organization.pk):
        rows = AuditEvent.objects.filter(action__regex="^(session|password)").order_by("id")
        return list(rows.values_list("action", "actor_label", "target_label"))


def log_in(browser: Client, email: str, password: str) -> int:
    return browser.post("/account/login/", {"login": email, "password": password}).status_code


def test_logging_in_and_out_is_in_the_audit(admin: User, organization: Organization) -> None:
    browser = Client()
    assert log_in(browser, "ADA@acme.test", PASSWORD) == 302
    assert browser.get("/account/logout/").status_code == 200
    assert browser.post("/account/logout/").headers["Location"] == "/account/login/"
    assert acts(organization) == [("session.started", "ada@acme.test", ""), ("session.ended", "ada@acme.test", "")]


def test_a_failed_log_in_is_in_the_audit_without_the_password(admin: User, organization: Organization) -> None:
    browser = Client()
    answer = browser.post("/account/login/", {"login": "ada@acme.test", "password": "not-the-password"})
    assert answer.status_code == 200
    assert "not-the-password" not in answer.text
    assert acts(organization) == [("session.refused", "Somebody who could not log in", "Ada Admin")]
    with tenant_transaction(organization.pk):
        assert "not-the-password" not in str(list(AuditEvent.objects.values()))


def test_too_many_wrong_passwords_have_to_wait_and_are_told_so(admin: User) -> None:
    browser = Client()
    for _ in range(5):
        log_in(browser, "ada@acme.test", "wrong")
    answer = browser.post("/account/login/", {"login": "ada@acme.test", "password": PASSWORD})
    assert answer.status_code == 200
    assert "Too many failed login attempts" in answer.text
    assert "_auth_user_id" not in browser.session


def test_an_unknown_address_looks_like_a_wrong_password(admin: User) -> None:
    answers = [
        Client().post("/account/login/", {"login": email, "password": "wrong"}).text
        for email in ("ada@acme.test", "nobody@acme.test")
    ]
    cleaned = [re.sub(r'(value|content)="[^"]*"|[a-z]+@acme\.test', "", text) for text in answers]
    assert cleaned[0] == cleaned[1]


def test_a_forgotten_password_is_set_by_a_link_to_this_installation(admin: User, organization: Organization) -> None:
    browser = Client()
    browser.post("/account/password/reset/", {"email": "ada@acme.test"}, headers={"host": "127.0.0.1"})
    assert password_resets_send() == 1
    (letter,) = mail.outbox
    link = next(line for line in letter.body.splitlines() if line.startswith("http"))
    assert link.startswith("http://localhost:8000/account/password/reset/key/")
    page = browser.get(link.removeprefix("http://localhost:8000"), follow=True)
    form = page.request["PATH_INFO"]
    browser.post(form, {"password1": OTHER, "password2": OTHER})
    assert log_in(Client(), "ada@acme.test", OTHER) == 302
    assert acts(organization)[0][:2] == ("password.changed", "ada@acme.test")
    assert "not valid any more" in Client().get(link.removeprefix("http://localhost:8000"), follow=True).text


def test_no_mail_goes_to_strangers(admin: User) -> None:
    answer = Client().post("/account/password/reset/", {"email": "nobody@acme.test"})
    assert answer.headers["Location"] == "/account/password/reset/done/"
    assert password_resets_send() == 0
    assert mail.outbox == []
    assert not PasswordResetRequest.objects.exists()


def test_a_new_password_logs_other_devices_out(admin: User, client_for: ClientFor) -> None:
    here, there = client_for(admin), client_for(admin)
    here.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER})
    assert here.get("/settings/people/").status_code == 200
    assert there.get("/settings/people/").status_code == 302


def test_nobody_signs_up(database: None) -> None:
    browser = Client()
    assert "by invitation" in browser.get("/account/signup/").text
    browser.post("/account/signup/", {"email": "x@y.test", "password1": PASSWORD})
    assert not User.objects.exists()


@pytest.mark.parametrize("page", ["login/", "password/reset/", "password/reset/done/", "inactive/"])
def test_pages_open_without_a_log_in(page: str, database: None) -> None:
    assert Client().get(f"/account/{page}").status_code == 200


def test_switching_the_organization_takes_nothing_along(
    admin: User,
    organization: Organization,
    other_organization: Organization,
    make_person: MakePerson,
    client_for: ClientFor,
) -> None:
    make_person(other_organization, "readonly", "ada@acme.test")
    browser = client_for(admin)
    assert browser.get("/settings/people/").status_code == 200
    session = browser.session
    session["filters"] = "of the first organization"
    session.save()
    assert browser.post("/organization/switch/", {"organization": other_organization.pk}).headers["Location"] == "/"
    assert (browser.session["organization"], "filters" in browser.session) == (other_organization.pk, False)
    assert browser.get("/settings/people/").status_code == 403
    admin.refresh_from_db()
    assert admin.last_organization_id == other_organization.pk
    assert client_for(admin).get("/settings/people/").status_code == 403


def test_nobody_switches_to_where_they_do_not_belong(
    admin: User, other_organization: Organization, client_for: ClientFor
) -> None:
    browser = client_for(admin)
    for wanted in (other_organization.pk, 10**9, "", "x"):
        assert browser.post("/organization/switch/", {"organization": wanted}).status_code == 404
    assert browser.get("/settings/people/").status_code == 200
