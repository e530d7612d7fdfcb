"""Wrong passwords are borne up to a limit, and nobody locks the right person out by typing them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from foundation.tenancy.models import LogInFailure, PasswordResetRequest, User
from foundation.tenancy.services.log_in_limits import ACCOUNT, ACCOUNT_AT_PLACE, ADDRESS, account_of, attempt_begin
from foundation.tenancy.services.password_resets import password_resets_send, password_resets_waiting
from tests.fixtures.people import PASSWORD

OTHER = "another-long-passphrase-entirely"
ADA = "ada@acme.test"


def tried(browser: Client, address: str, password: str = PASSWORD, email: str = ADA) -> bool:
    """Whether somebody at ``address`` is logged in by this password."""
    answer = browser.post("/account/login/", {"login": email, "password": password}, REMOTE_ADDR=address)
    if answer.status_code == 200:
        assert "not logged in" in answer.text
    return answer.status_code == 302


def wrong(number: int, address: str = "198.51.100.7", email: str = ADA) -> None:
    for _ in range(number):
        assert not tried(Client(), address, "wrong", email)


def kept_failures(account: str, places: list[str]) -> None:
    LogInFailure.objects.bulk_create(LogInFailure(account=account, place=place, at=Now()) for place in places)


def time_passes(length: dt.timedelta) -> None:
    """All failures so far happened so much earlier. The application may not change them: they are written anew."""
    rows = list(LogInFailure.objects.values_list("account", "place", "at"))
    LogInFailure.objects.all().delete()
    LogInFailure.objects.bulk_create(LogInFailure(account=a, place=p, at=at - length) for a, p, at in rows)


def test_after_five_wrong_passwords_that_address_waits_and_others_do_not(admin: User) -> None:
    wrong(ACCOUNT_AT_PLACE.failures)
    assert not tried(Client(), "198.51.100.7")
    assert tried(Client(), "198.51.100.8")


def test_the_wait_ends_and_is_not_drawn_out_by_asking(admin: User) -> None:
    wrong(ACCOUNT_AT_PLACE.failures + 3)
    assert LogInFailure.objects.count() == ACCOUNT_AT_PLACE.failures
    time_passes(ACCOUNT_AT_PLACE.within)
    assert tried(Client(), "198.51.100.7")


def test_one_address_that_tries_many_accounts_waits(admin: User) -> None:
    for number in range(ADDRESS.failures):
        wrong(1, email=f"p{number}@acme.test")
    assert not tried(Client(), "198.51.100.7")
    assert tried(Client(), "198.51.100.8")


def test_an_account_that_is_tried_from_everywhere_waits_for_strangers_only(admin: User) -> None:
    known = Client()
    assert tried(known, "192.0.2.5")
    known.post("/account/logout/")
    kept_failures(account_of(ADA), [f"203.0.113.{number % 250}" for number in range(ACCOUNT.failures)])
    assert not tried(Client(), "192.0.2.5")
    assert tried(known, "192.0.2.6")


def test_a_known_browser_is_known_for_its_own_account_and_has_its_own_limit(admin: User, technician: User) -> None:
    known = Client()
    assert tried(known, "192.0.2.5")
    known.post("/account/logout/")
    kept_failures(account_of(technician.email), [f"203.0.113.{number % 250}" for number in range(ACCOUNT.failures)])
    assert not tried(known, "192.0.2.5", email=technician.email)
    for _ in range(ACCOUNT_AT_PLACE.failures):
        assert not tried(known, "192.0.2.5", "wrong")
    assert not tried(known, "192.0.2.99")


def test_a_cookie_that_somebody_made_up_makes_no_browser_known(admin: User) -> None:
    kept_failures(account_of(ADA), [f"203.0.113.{number % 250}" for number in range(ACCOUNT.failures)])
    for value in ("", "x", "a:b:c", '{"name": "x", "accounts": []}'):
        forger = Client()
        forger.cookies["known_browser"] = value
        assert not tried(forger, "192.0.2.5")


def test_a_new_password_by_the_mailed_link_lets_the_right_person_in_at_once(admin: User) -> None:
    wrong(ACCOUNT_AT_PLACE.failures, "192.0.2.5")
    kept_failures(account_of(ADA), [f"203.0.113.{number % 250}" for number in range(ACCOUNT.failures)])
    locked = Client()
    assert "set a new password" in locked.post("/account/login/", {"login": ADA, "password": PASSWORD}).text
    locked.post("/account/password/reset/", {"email": ADA})
    password_resets_send()
    link = next(line for line in mail.outbox[0].body.splitlines() if line.startswith("http"))
    form = locked.get(link.removeprefix("http://localhost:8000"), follow=True).request["PATH_INFO"]
    locked.post(form, {"password1": OTHER, "password2": OTHER})
    assert tried(locked, "192.0.2.5", OTHER)


def test_a_hundred_tries_at_once_are_a_hundred(database: None) -> None:
    account = account_of(ADA)
    begun = [attempt_begin(account=account, address="192.0.2.5").allowed for _ in range(20)]
    assert begun == [True] * ACCOUNT_AT_PLACE.failures + [False] * (20 - ACCOUNT_AT_PLACE.failures)


def test_a_right_password_does_not_lift_the_limit_for_wrong_ones(admin: User) -> None:
    wrong(ACCOUNT_AT_PLACE.failures - 1)
    assert tried(Client(), "198.51.100.7")
    wrong(1)
    assert not tried(Client(), "198.51.100.7")


def test_one_network_of_the_newer_kind_is_one_place(admin: User) -> None:
    for number in range(ACCOUNT_AT_PLACE.failures):
        wrong(1, f"2001:db8:1:2::{number + 1}")
    assert not tried(Client(), "2001:db8:1:2:ffff::9")
    assert tried(Client(), "2001:db8:1:3::1")


def test_addresses_that_are_kept_are_digests_and_go_after_a_day(admin: User) -> None:
    wrong(1)
    assert ADA not in str(list(LogInFailure.objects.values()))
    time_passes(dt.timedelta(days=1, seconds=1))
    wrong(1, "198.51.100.8")
    assert list(LogInFailure.objects.values_list("place", flat=True)) == ["198.51.100.8"]


@pytest.mark.parametrize("email", [ADA, "nobody@acme.test"])
def test_asking_for_a_link_does_the_same_for_every_address(
    admin: User,
    email: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(), CaptureQueriesContext(connection) as asked:
        answer = Client().post("/account/password/reset/", {"email": email})
    assert answer.headers["Location"] == "/account/password/reset/done/"
    assert [query["sql"].split(" VALUES ")[0] for query in asked] == [
        'INSERT INTO "tenancy_passwordresetrequest" ("email", "asked_at", "not_before")'
    ]
    assert mail.outbox == []
    assert list(PasswordResetRequest.objects.values_list("email", flat=True)) == [email]


def test_an_address_gets_one_link_however_often_it_was_asked(admin: User) -> None:
    for _ in range(3):
        Client().post("/account/password/reset/", {"email": "ADA@acme.test"})
    assert (password_resets_send(), len(mail.outbox), PasswordResetRequest.objects.count()) == (1, 1, 0)


def test_a_mail_server_that_is_away_is_asked_again(admin: User, settings: Settings) -> None:
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 9
    Client().post("/account/password/reset/", {"email": ADA})
    assert (password_resets_send(), PasswordResetRequest.objects.count()) == (0, 1)
    assert not password_resets_waiting()
    PasswordResetRequest.objects.update(not_before=Now())
    settings.EMAIL_BACKEND = working
    assert password_resets_waiting()
    assert (password_resets_send(), PasswordResetRequest.objects.count()) == (1, 0)


def test_an_account_that_may_not_log_in_gets_no_link(admin: User) -> None:
    User.objects.filter(pk=admin.pk).update(is_active=False)
    Client().post("/account/password/reset/", {"email": ADA})
    assert (password_resets_send(), mail.outbox) == (0, [])
