"""Setting ConnectWise up from nothing to the first sync, against a real sandbox process."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from foundation.tenancy.models import AuditEvent, User
from foundation.tenancy.scope import tenant_transaction
from integrations.catalog import FieldChoice
from integrations.models import Connection
from integrations.services.opening import credentials_of
from portal.web.integrations.scope_forms import STREAM_WORDS, told_apart
from sync.models import Run, Schedule
from tests.fixtures.systems import Sandbox
from tests.web.integrations.conftest import begin, only_connection

SECRETS = ("public_key", "private_key", "client_id")
SCHEDULE = {
    "quick_minutes": "15",
    "nightly_on": "on",
    "nightly_at": "01:00",
    "window_minutes": "120",
    "nightly_kind": "full",
    "full_every": "week",
}


def step(browser: Client, connection: Connection, name: str, values: dict[str, Any] | None = None) -> HttpResponse:
    address = reverse("web:connection_configure", args=[connection.pk, name])
    return browser.get(address) if values is None else browser.post(address, values)


def leads_to(answer: HttpResponse, connection: Connection, name: str) -> bool:
    return answer.headers.get("Location") == reverse("web:connection_configure", args=[connection.pk, name])


def test_from_nothing_to_the_first_sync(browser: Client, psa: Sandbox, organization_id: int, admin: User) -> None:
    answer = begin(browser, psa)
    made = only_connection(organization_id)
    assert leads_to(answer, made, "test")
    assert (made.state, made.setup_step, bool(made.fingerprint)) == ("connected", "test", True)
    tested = step(browser, made, "test").content.decode()
    assert "Everything works." in tested
    assert not any(psa.credentials[key] in tested for key in SECRETS)
    assert leads_to(step(browser, made, "test", {}), made, "boards")

    page = step(browser, made, "boards").content.decode()
    boards = made.catalog["boards"]
    assert boards[0]["name"] in page
    chosen = [board["remote_id"] for board in boards[:2]]
    assert leads_to(step(browser, made, "boards", {"boards_mode": "chosen", "boards": chosen}), made, "scope")
    scope = {"date_range": "90", "streams": ["contacts", "notes"], "fields_mode": "none"}
    assert leads_to(step(browser, made, "scope", scope), made, "schedule")
    assert leads_to(step(browser, made, "schedule", SCHEDULE), made, "first")
    last = step(browser, made, "first").content.decode()
    assert "Start the first sync" in last
    for words in ("Changed within 90 days", "<bdi>Contacts</bdi>, <bdi>Ticket notes</bdi>"):
        assert words in last
    started = step(browser, made, "first", {})

    done = only_connection(organization_id)
    with tenant_transaction(organization_id):
        run = Run.objects.get()
        schedule = Schedule.objects.get()
    assert started.headers["Location"] == reverse("web:run", args=[run.pk])
    assert (run.kind, run.trigger, run.requested_by_id, run.lands_live) == ("full", "person", admin.pk, True)
    assert (done.setup_step, done.settings["boards"], done.settings["date_range_days"]) == ("", chosen, 90)
    assert (done.settings["custom_fields"], "time_entries" in done.settings["streams"]) == ([], False)
    assert schedule.nightly_next_at is not None


def test_a_wrong_key_says_whose_turn_it_is_and_keeps_everything_typed(
    browser: Client, psa: Sandbox, organization_id: int
) -> None:
    begin(browser, psa, private_key="a-wrong-private-key")
    made = only_connection(organization_id)
    assert made.state == "refused"
    page = step(browser, made, "test").content.decode()
    assert "It does not work yet" in page
    assert "Make new keys for the API member" in page
    assert "a-wrong-private-key" not in page
    assert "Continue" not in page
    step(browser, made, "test", {})
    assert only_connection(organization_id).setup_step == "test"

    form = step(browser, made, "credentials").content.decode()
    assert psa.credentials["address"] in form
    assert "Saved. Leave empty to keep it." in form
    assert not any(psa.credentials[key] in form for key in SECRETS)
    typed = {"address": psa.address, "company_id": "training", "private_key": psa.credentials["private_key"]}
    assert leads_to(step(browser, made, "credentials", typed), made, "test")
    assert only_connection(organization_id).state == "connected"


def test_a_missing_right_is_named_and_does_not_bar_the_way(browser: Client, psa: Sandbox, organization_id: int) -> None:
    psa.control("role", denied=["contacts"])
    begin(browser, psa)
    made = only_connection(organization_id)
    page = step(browser, made, "test").content.decode()
    assert "Companies › Contacts: Inquire All" in page
    assert "One right is missing." in page
    assert leads_to(step(browser, made, "test", {}), made, "boards")


def test_a_malformed_form_makes_nothing_and_keeps_what_was_typed_but_the_secret(
    browser: Client, psa: Sandbox, organization_id: int
) -> None:
    answer = begin(browser, psa, address="ftp://x", company_id="acme+key")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "must begin with https" in page
    assert 'value="acme+key"' in page
    assert psa.credentials["private_key"] not in page
    with tenant_transaction(organization_id):
        assert not Connection.objects.exists()


def test_setting_up_is_taken_up_where_it_was_left(browser: Client, psa: Sandbox, organization_id: int) -> None:
    begin(browser, psa)
    made = only_connection(organization_id)
    step(browser, made, "test", {})
    assert leads_to(step(browser, made, "first"), made, "boards")
    assert step(browser, made, "credentials").status_code == 200
    overview = browser.get(reverse("web:integrations")).content.decode()
    assert "Setting up" in overview
    assert reverse("web:connection_configure", args=[made.pk, "boards"]) in overview
    answer = step(browser, made, "boards", {"boards_mode": "chosen"})
    assert answer.status_code == 422
    assert "Choose at least one board" in answer.content.decode()


def test_finishing_without_a_sync_starts_none(browser: Client, psa: Sandbox, organization_id: int) -> None:
    begin(browser, psa)
    made = only_connection(organization_id)
    for name, values in (
        ("test", {}),
        ("boards", {"boards_mode": "all"}),
        ("scope", {"date_range": "all", "fields_mode": "all"}),
    ):
        step(browser, made, name, values)
    step(browser, made, "schedule", SCHEDULE)
    answer = step(browser, made, "first", {"later": "1"})
    assert answer.headers["Location"] == reverse("web:connection", args=[made.pk])
    with tenant_transaction(organization_id):
        assert not Run.objects.exists()
    assert only_connection(organization_id).range_start is None


def test_new_credentials_replace_the_old_ones_only_when_they_work(
    browser: Client, psa: Sandbox, connected: Connection, organization_id: int
) -> None:
    address = reverse("web:connection_credentials", args=[connected.pk])
    typed = {"address": psa.address, "company_id": "training", "private_key": "a-wrong-private-key"}
    refused = browser.post(address, typed)
    assert refused.status_code == 422
    assert "These credentials do not work" in refused.content.decode()
    kept = only_connection(organization_id)
    assert (credentials_of(kept)["private_key"], kept.state) == (psa.credentials["private_key"], "connected")
    assert credentials_of(kept, draft=True)["private_key"] == "a-wrong-private-key"
    assert browser.post(address, {"discard": "1"}).status_code == 302
    assert only_connection(organization_id).draft_credentials == ""
    browser.post(address, typed)
    accepted = browser.post(address, {**typed, "private_key": psa.credentials["private_key"]})
    assert accepted.headers["Location"] == reverse("web:connection", args=[connected.pk])
    assert only_connection(organization_id).draft_credentials == ""


def test_credentials_of_another_psa_are_refused(
    browser: Client, psa: Sandbox, connected: Connection, organization_id: int
) -> None:
    with tenant_transaction(organization_id):
        Connection.objects.update(fingerprint="elsewhere.example/acme")
    address = reverse("web:connection_credentials", args=[connected.pk])
    answer = browser.post(address, {"address": psa.address, "company_id": "training"})
    assert answer.status_code == 422
    assert "lead to another PSA" in answer.content.decode()
    assert reverse("web:connection_change", args=[connected.pk]) in answer.content.decode()
    assert only_connection(organization_id).fingerprint == "elsewhere.example/acme"


def test_a_change_of_scope_is_shown_before_it_is_saved(
    browser: Client, psa: Sandbox, connected: Connection, organization_id: int
) -> None:
    address = reverse("web:connection_tickets", args=[connected.pk])
    board = connected.catalog["boards"][0]
    typed = {
        "boards_mode": "chosen",
        "boards": [board["remote_id"]],
        "excluded_statuses": [board["statuses"][0]["remote_id"]],
        "date_range": "365",
        "streams": list(STREAM_WORDS),
        "fields_mode": "all",
    }
    review = browser.post(address, typed)
    page = review.content.decode()
    assert "Before it is saved" in page
    assert "own count, just now" in page
    assert only_connection(organization_id).settings["boards"] is None
    digest = review.context["review"].digest
    other = browser.post(address, {**typed, "excluded_statuses": [], "reviewed": digest})
    assert "Before it is saved" in other.content.decode()
    saved = browser.post(address, {**typed, "reviewed": digest})
    assert saved.status_code == 302
    assert only_connection(organization_id).settings["boards"] == [board["remote_id"]]
    assert "takes effect at the next full sync" in browser.get(f"{address}?saved").content.decode()
    with tenant_transaction(organization_id):
        [entry] = AuditEvent.objects.filter(action="connection.configured")
    assert entry.changes["boards"] == [None, [board["remote_id"]]]


def test_saving_may_start_the_full_sync_that_applies_it(
    browser: Client, psa: Sandbox, connected: Connection, organization_id: int
) -> None:
    address = reverse("web:connection_tickets", args=[connected.pk])
    typed = {"boards_mode": "all", "date_range": "30", "fields_mode": "all"}
    digest = browser.post(address, typed).context["review"].digest
    answer = browser.post(address, {**typed, "reviewed": digest, "sync": "1"})
    with tenant_transaction(organization_id):
        run = Run.objects.get()
    assert answer.headers["Location"] == reverse("web:run", args=[run.pk])


def test_a_psa_that_is_away_while_settings_are_changed_is_told_and_loses_nothing(
    browser: Client, psa: Sandbox, connected: Connection
) -> None:
    psa.control("faults", kind="500")
    address = reverse("web:connection_tickets", args=[connected.pk])
    page = browser.post(address, {"boards_mode": "all", "date_range": "30", "fields_mode": "all"}).content.decode()
    assert "Before it is saved" in page
    assert "be counted" in page
    answer = browser.post(reverse("web:connection_choices", args=[connected.pk]), follow=True)
    assert "could not be asked" in answer.content.decode()


def test_until_it_is_finished_the_other_instance_may_be_meant(
    browser: Client, psa: Sandbox, organization_id: int
) -> None:
    begin(browser, psa)
    made = only_connection(organization_id)
    psa.control("instance", identity="elsewhere")
    assert leads_to(step(browser, made, "credentials", psa.credentials), made, "test")
    assert "Everything works." in step(browser, made, "test").content.decode()
    assert only_connection(organization_id).fingerprint != made.fingerprint


def test_an_instance_that_is_connected_already_is_refused_and_named(
    browser: Client, psa: Sandbox, connected: Connection, organization_id: int
) -> None:
    begin(browser, psa, name="Second")
    with tenant_transaction(organization_id):
        second = Connection.objects.get(name="Second")
    page = step(browser, second, "test").content.decode()
    assert "is connected already, as “Main”." in page
    assert "Continue" not in page
    assert leads_to(browser.post(reverse("web:connection_configure", args=[second.pk, "boards"])), second, "test")
    with tenant_transaction(organization_id):
        Connection.objects.filter(pk=connected.pk).update(fingerprint="elsewhere")
    step(browser, second, "test", {"again": "1"})
    assert "Everything works." in step(browser, second, "test").content.decode()


def test_fields_of_one_name_can_be_told_apart() -> None:
    fields = [FieldChoice(remote_id=number, caption=caption) for number, caption in (("7", "Place"), ("8", "Place"))]
    assert told_apart([*fields, FieldChoice(remote_id="9", caption="VIP")]) == [
        ("7", "Place (7)"),
        ("8", "Place (8)"),
        ("9", "VIP"),
    ]
