"""Who may see the connection pages, what they say, and that they do not slow down with more connections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundation.tenancy.models import AuditEvent, Organization, User
from foundation.tenancy.scope import tenant_transaction
from integrations import registry
from integrations.models import Connection
from sync.models import Run, Schedule
from sync.services.schedules import schedule_of, schedule_pause
from tests.fixtures.systems import CREDENTIALS

ClientFor = Callable[[User], Client]
Make = Callable[..., Connection]
PAGES = (
    "connection",
    "connection_tickets",
    "connection_schedule",
    "connection_safeguards",
    "connection_handling",
    "connection_change",
    "connection_credentials",
    "connection_remove",
)
POSTS = ("connection_test", "connection_rename", "connection_remove", "connection_choices", "connection_pause")


@pytest.fixture
def browser(client_for: ClientFor, admin: User) -> Client:
    return client_for(admin)


def finished_run(connection: Connection, result: str, **columns: object) -> Run:
    now = timezone.now()
    with tenant_transaction(connection.organization_id):
        run: Run = Run.objects.create(
            organization_id=connection.organization_id,
            connection=connection,
            kind="full",
            lane="bulk",
            trigger="nightly",
            state="done",
            result=result,
            created_at=now,
            started_at=now,
            finished_at=now,
            **columns,
        )
    return run


def test_nothing_connected_says_what_will_sync_and_which_rights_it_takes(browser: Client) -> None:
    page = browser.get(reverse("web:integrations")).content.decode()
    assert "No system is connected yet" in page
    assert "Service Desk › Service Tickets: Inquire All" in page
    for system in registry.providers():
        assert f"Connect {system.name}" in page
        assert reverse("web:connection_new", args=[system.key]) in page


@pytest.mark.parametrize(
    ("system", "holder"),
    [("connectwise", "An API member whose"), ("halo", "An application"), ("autotask", "An API user")],
)
def test_the_rights_are_those_of_whom_the_system_knows(browser: Client, system: str, holder: str) -> None:
    page = browser.get(reverse("web:connection_new", args=[system])).content.decode()
    assert holder in page


def test_a_card_tells_state_reason_and_last_run(browser: Client, make_connection: Make) -> None:
    since = timezone.now() - dt.timedelta(hours=3)
    made = make_connection("Main", state="failing", state_reason="The PSA is away.", state_since=since)
    run = finished_run(made, "error")
    page = browser.get(reverse("web:integrations")).content.decode()
    assert "Failing" in page
    assert "The PSA is away." in page
    assert reverse("web:run", args=[run.pk]) in page
    assert "<span>Connected</span>" not in page


def test_connected_lasts_fifteen_minutes(browser: Client, make_connection: Make) -> None:
    now = timezone.now()
    made = make_connection("Main", state="connected", last_ok_at=now, state_since=now)
    assert "<span>Connected</span>" in browser.get(reverse("web:connection", args=[made.pk])).content.decode()
    with tenant_transaction(made.organization_id):
        Connection.objects.filter(pk=made.pk).update(last_ok_at=now - dt.timedelta(minutes=16))
    page = browser.get(reverse("web:connection", args=[made.pk])).content.decode()
    assert "Not confirmed" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_number_of_questions_however_many_connections(
    browser: Client, make_connection: Make, count: int, django_assert_num_queries
) -> None:
    for number in range(count):
        made = make_connection(f"Connection {number}")
        finished_run(made, "success")
        with tenant_transaction(made.organization_id):
            schedule_of(made)
    with django_assert_num_queries(15):
        assert browser.get(reverse("web:integrations")).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_an_admin_opens_every_page(browser: Client, connection: Connection, name: str) -> None:
    answer = browser.get(reverse(f"web:{name}", args=[connection.pk]))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert not any(CREDENTIALS[key] in page for key in ("public_key", "private_key", "client_id"))


@pytest.mark.parametrize("name", PAGES)
def test_a_foreign_and_an_absent_connection_are_both_not_found(
    browser: Client, make_connection: Make, other_organization: Organization, name: str
) -> None:
    theirs = make_connection("Theirs", other_organization)
    foreign = browser.get(reverse(f"web:{name}", args=[theirs.pk]))
    absent = browser.get(reverse(f"web:{name}", args=[theirs.pk + 1000]))
    assert (foreign.status_code, absent.status_code) == (404, 404)


@pytest.mark.parametrize("name", POSTS)
def test_nobody_acts_on_a_foreign_connection(
    browser: Client, make_connection: Make, other_organization: Organization, name: str
) -> None:
    theirs = make_connection("Theirs", other_organization)
    answer = browser.post(reverse(f"web:{name}", args=[theirs.pk]), {"name": "Mine", "confirm_name": "Theirs"})
    assert answer.status_code == 404
    with tenant_transaction(other_organization.pk):
        assert Connection.objects.get(pk=theirs.pk).name == "Theirs"


@pytest.mark.parametrize("name", [*PAGES, *POSTS])
@pytest.mark.parametrize("role", ["technician", "readonly"])
def test_other_roles_are_told_which_permission_they_lack(
    client_for: ClientFor, request: pytest.FixtureRequest, connection: Connection, role: str, name: str
) -> None:
    browser = client_for(request.getfixturevalue(role))
    address = reverse(f"web:{name}", args=[connection.pk])
    answer = browser.get(address) if name in PAGES else browser.post(address)
    assert answer.status_code == 403
    assert "manage_integrations" in answer.content.decode()


def test_renaming_says_when_a_name_is_taken(browser: Client, connection: Connection, make_connection: Make) -> None:
    make_connection("Branch")
    answer = browser.post(reverse("web:connection_rename", args=[connection.pk]), {"name": "Branch"})
    assert answer.status_code == 422
    assert "already a connection called “Branch”" in answer.content.decode()
    assert browser.post(reverse("web:connection_rename", args=[connection.pk]), {"name": "HQ"}).status_code == 302


def test_removing_takes_the_name_and_refuses_while_a_run_is_open(browser: Client, connection: Connection) -> None:
    address = reverse("web:connection_remove", args=[connection.pk])
    wrong = browser.post(address, {"confirm_name": "main"})
    assert wrong.status_code == 422
    assert "does not match" in wrong.content.decode()
    run = finished_run(connection, "")
    with tenant_transaction(connection.organization_id):
        Run.objects.filter(pk=run.pk).update(state="queued", finished_at=None)
    refused = browser.post(address, {"confirm_name": "Main"})
    assert refused.status_code == 422
    assert "Cancel it first" in refused.content.decode()
    with tenant_transaction(connection.organization_id):
        Run.objects.filter(pk=run.pk).update(state="cancelled", finished_at=timezone.now())
    assert browser.post(address, {"confirm_name": "Main"}).status_code == 302
    with tenant_transaction(connection.organization_id):
        assert not Connection.objects.exists()
        assert AuditEvent.objects.filter(action="connection.deleted").count() == 1


def test_the_schedule_is_saved_audited_and_shown_with_its_next_times(browser: Client, connection: Connection) -> None:
    address = reverse("web:connection_schedule", args=[connection.pk])
    typed = {
        "quick_minutes": "5",
        "nightly_on": "on",
        "nightly_at": "02:30",
        "window_minutes": "60",
        "nightly_kind": "quick",
        "full_every": "month",
    }
    assert browser.post(address, typed).status_code == 302
    with tenant_transaction(connection.organization_id):
        schedule = Schedule.objects.get(connection=connection)
        [entry] = AuditEvent.objects.filter(action="schedule.changed")
    assert (schedule.quick_minutes, schedule.nightly_at, schedule.full_every) == (5, dt.time(2, 30), "month")
    assert entry.actor_label == "ada@acme.test"
    page = browser.get(address).content.decode()
    assert "Europe/Amsterdam" in page
    assert "the clocks go" in page


def test_a_wrong_time_keeps_what_was_typed(browser: Client, connection: Connection) -> None:
    answer = browser.post(
        reverse("web:connection_schedule", args=[connection.pk]),
        {
            "quick_minutes": "5",
            "nightly_at": "25:99",
            "window_minutes": "60",
            "nightly_kind": "full",
            "full_every": "week",
        },
    )
    assert answer.status_code == 422
    assert 'value="25:99"' in answer.content.decode()


def test_pausing_is_shown_everywhere_and_can_be_undone(browser: Client, connection: Connection) -> None:
    address = reverse("web:connection_pause", args=[connection.pk])
    assert browser.post(address).status_code == 302
    page = browser.get(reverse("web:connection_schedule", args=[connection.pk])).content.decode()
    assert "Nothing starts by itself" in page
    assert "Paused" in browser.get(reverse("web:integrations")).content.decode()
    assert browser.post(address, {"resume": "1"}).status_code == 302
    assert "Paused" not in browser.get(reverse("web:connection", args=[connection.pk])).content.decode()


def test_a_pause_does_not_hide_a_failure(browser: Client, make_connection: Make, admin: User) -> None:
    made = make_connection("Main", state="refused", state_reason="Keys refused.", state_since=timezone.now())
    with tenant_transaction(made.organization_id):
        schedule_pause(schedule=schedule_of(made), actor=admin)
    page = browser.get(reverse("web:integrations")).content.decode()
    assert "Credentials refused" in page


def test_nothing_is_announced_that_will_not_start(browser: Client, make_connection: Make) -> None:
    for state, words in (
        ("refused", "nothing until the credentials are accepted"),
        ("draft", "nothing until a test succeeds"),
        ("connected", "First sync"),
    ):
        made = make_connection(state, state=state)
        with tenant_transaction(made.organization_id):
            schedule_of(made)
        page = browser.get(reverse("web:connection", args=[made.pk])).content.decode()
        assert words in page
        assert "Start the first sync" in page


def test_an_unknown_system_and_an_unknown_step_are_not_found(browser: Client, connection: Connection) -> None:
    assert browser.get(reverse("web:connection_new", args=["halo2"])).status_code == 404
    assert browser.get(reverse("web:connection_configure", args=[connection.pk, "moon"])).status_code == 404


def test_a_finished_connection_has_no_setup_any_more(browser: Client, connection: Connection) -> None:
    answer = browser.get(reverse("web:connection_configure", args=[connection.pk, "boards"]))
    assert answer["Location"] == reverse("web:connection", args=[connection.pk])


def test_a_name_of_markup_is_shown_as_text(browser: Client, make_connection: Make) -> None:
    make_connection("<script>alert(1)</script>")
    page = browser.get(reverse("web:integrations")).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("used", "share", "word"),
    [(312, "3%", "Enough left"), (5000, "50%", "Syncs go slowly"), (7500, "75%", "Syncs wait")],
)
def test_a_card_shows_the_requests_that_all_integrations_share(
    browser: Client, make_connection: Make, used: int, share: str, word: str
) -> None:
    found = make_connection(name="Shared")
    told = {"used": used, "limit": 10_000, "minutes": 60, "slow_above": 0.5, "stop_above": 0.75}
    with tenant_transaction(found.organization_id):
        Connection.objects.filter(pk=found.pk).update(usage=told | {"at": timezone.now().isoformat()})
    page = browser.get(reverse("web:integrations")).content.decode()
    assert f"Requests in the last hour: {share}" in page
    assert word in page
    assert "From 50% on syncs make one request at a time; from 75% on they wait" in page


def test_a_card_without_a_shared_budget_says_nothing_of_one(browser: Client, make_connection: Make) -> None:
    make_connection(name="Own")
    assert "Requests in the last" not in browser.get(reverse("web:integrations")).content.decode()
