"""What a browser keeps of our pages, and what is left after logging out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http.cookie import SimpleCookie
from django.test import Client
from django.urls import reverse

from foundation.tenancy.models import AuditEvent, Organization, User
from foundation.tenancy.scope import tenant_transaction

ClientFor = Callable[[User], Client]


@pytest.mark.parametrize(
    "page", ["/", "/tickets/", "/clients/", "/settings/people/", "/sync/history/", "/absent/", "/sync/"]
)
def test_no_page_is_kept_by_a_browser(admin: User, client_for: ClientFor, page: str) -> None:
    kept = client_for(admin).get(page).headers["Cache-Control"]
    assert "no-store" in kept.split(", ")


def test_no_page_before_logging_in_is_kept_either(database: None) -> None:
    pages = ("/account/login/", "/account/password/reset/", "/invitation/x/", "/")
    assert ["no-store" in Client().get(page).headers["Cache-Control"] for page in pages] == [True] * len(pages)


def test_logging_out_clears_the_browser_and_ends_the_session(admin: User, client_for: ClientFor) -> None:
    browser = client_for(admin)
    kept = SimpleCookie(browser.cookies.output(header="", sep=";"))
    answer = browser.post(reverse("account_logout"))
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    thief = Client()
    thief.cookies = kept
    assert thief.get("/tickets/").status_code == 302


def test_only_logging_out_clears_the_browser(admin: User, client_for: ClientFor) -> None:
    browser = client_for(admin)
    answers = [browser.get("/"), browser.get(reverse("account_logout")), Client().get("/account/login/")]
    assert ["Clear-Site-Data" in answer.headers for answer in answers] == [False, False, False]


def test_logging_out_everywhere_ends_all_sessions_of_the_person(
    admin: User, technician: User, organization: Organization, client_for: ClientFor
) -> None:
    here, there, other = client_for(admin), client_for(admin), client_for(technician)
    assert "all devices" in here.get(reverse("account_logout")).text
    assert here.post(reverse("account_logout"), {"everywhere": "yes"}).headers["Location"] == "/account/login/"
    assert [browser.get("/tickets/").status_code for browser in (here, there, other)] == [302, 302, 200]
    with tenant_transaction(organization.pk):
        acts = AuditEvent.objects.filter(action__startswith="session.ended").order_by("id")
        assert list(acts.values_list("action", "actor_label")) == [
            ("session.ended_everywhere", "ada@acme.test"),
            ("session.ended", "ada@acme.test"),
        ]


def test_logging_out_here_leaves_other_devices_alone(admin: User, client_for: ClientFor) -> None:
    here, there = client_for(admin), client_for(admin)
    here.post(reverse("account_logout"))
    assert there.get("/tickets/").status_code == 200
