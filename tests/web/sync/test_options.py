"""Ticket Sync Options: the buttons, joining, and the dialog before a clear."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foundation.ledger.models import PendingChange
from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run
from tests.fixtures.runs import make_run


@pytest.fixture
def in_own(connection: Connection) -> Iterator[None]:
    with tenant_transaction(connection.organization_id):
        yield


def page_of(client: Client, connection: Connection) -> str:
    return client.get(reverse("web:connection_sync", args=[connection.pk])).content.decode()


def press(client: Client, connection: Connection, kind: str, **body: str) -> str:
    """The messages that follow a press."""
    answer = client.post(reverse("web:run_start", args=[connection.pk, kind]), body, follow=True)
    return " ".join(str(message) for message in answer.context["messages"])


def runs_of(connection: Connection) -> list[Run]:
    with tenant_transaction(connection.organization_id):
        return list(Run.objects.filter(connection=connection).order_by("pk"))


def test_a_press_starts_a_run_of_the_person_at_the_head_of_the_queue(
    as_admin: Client, admin: User, connection: Connection
) -> None:
    assert "started" in press(as_admin, connection, "full")
    (run,) = runs_of(connection)
    assert (run.kind, run.trigger, run.requested_by_id, run.urgent) == ("full", "person", admin.pk, True)


def test_a_second_press_is_told_that_it_joined(as_admin: Client, connection: Connection) -> None:
    press(as_admin, connection, "full")
    assert "you joined it" in press(as_admin, connection, "full")
    assert len(runs_of(connection)) == 1


def test_the_clear_button_only_leads_to_the_dialog(as_admin: Client, connection: Connection) -> None:
    answer = as_admin.post(reverse("web:run_start", args=[connection.pk, "clear_resync"]))
    assert answer.headers["Location"] == reverse("web:clear_resync", args=[connection.pk])
    assert as_admin.post(reverse("web:run_start", args=[connection.pk, "single"])).status_code == 404
    assert runs_of(connection) == []


def test_a_press_leads_back_inside_the_portal_only(as_admin: Client, connection: Connection) -> None:
    address = reverse("web:run_start", args=[connection.pk, "full"])
    own = reverse("web:connection_sync", args=[connection.pk])
    assert as_admin.post(address, {"next": "/clients/"}).headers["Location"] == "/clients/"
    assert as_admin.post(address, {"next": "https://evil.test/"}).headers["Location"] == own


def test_the_page_shows_last_results_and_the_open_run(as_admin: Client, connection: Connection, in_own: None) -> None:
    make_run(connection, result="error", message="The key was refused.")
    run = make_run(connection, "full")
    page = page_of(as_admin, connection)
    assert "The key was refused." in page
    assert f'id="panel-{run.pk}"' in page
    assert 'hx-trigger="every 1s"' in page


def test_the_refreshing_part_comes_alone(as_admin: Client, connection: Connection) -> None:
    answer = as_admin.get(reverse("web:connection_sync", args=[connection.pk]), headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<div class="stack" id="sync-live"')
    assert 'hx-trigger="every 15s"' in answer.content.decode()


@pytest.mark.parametrize(("open_runs", "expected"), [(1, 17), (3, 19)])
def test_query_counts_of_the_options(as_admin: Client, connection: Connection, open_runs: int, expected: int) -> None:
    with tenant_transaction(connection.organization_id):
        for kind, state in (("full", "running"), ("clear_resync", "held"), ("quick", "held"))[:open_runs]:
            make_run(connection, kind, state=state)
    page_of(as_admin, connection)
    with CaptureQueriesContext(database) as queries:
        page_of(as_admin, connection)
    assert len(queries) == expected


def clear(client: Client, connection: Connection, reason: str, name: str) -> tuple[int, str]:
    answer = client.post(reverse("web:clear_resync", args=[connection.pk]), {"reason": reason, "confirm_name": name})
    return answer.status_code, answer.content.decode()


def test_a_clear_starts_with_a_reason_and_the_name(as_admin: Client, connection: Connection) -> None:
    assert clear(as_admin, connection, "Boards were moved", connection.name)[0] == 302
    (run,) = runs_of(connection)
    assert (run.kind, run.reason, run.trigger) == ("clear_resync", "Boards were moved", "person")


@pytest.mark.parametrize(
    ("reason", "name", "said"),
    [("", "Main", "required"), ("why", "main", "not the connection"), ("why", "", "required")],
)
def test_a_clear_without_either_starts_nothing(
    as_admin: Client, connection: Connection, reason: str, name: str, said: str
) -> None:
    status, page = clear(as_admin, connection, reason, name)
    assert (status, said in page) == (422, True)
    assert runs_of(connection) == []


def test_the_dialog_names_what_is_lost_what_stays_and_how_long(
    as_admin: Client, admin: User, connection: Connection, in_own: None
) -> None:
    PendingChange.objects.create(
        organization_id=connection.organization_id,
        connection=connection,
        stream="tickets",
        record_id=1,
        label="Printer",
        new={"summary": "x"},
        actor=admin,
    )
    make_run(connection, "clear_resync", result="success", requests=6400, finished_at=timezone.now())
    page = as_admin.get(reverse("web:clear_resync", args=[connection.pk])).content.decode()
    assert "Printer" in page
    assert "6,400 requests" in page
    assert "keeps seeing the current data" in page


def test_the_dialog_says_unknown_where_nothing_is_known(as_admin: Client, connection: Connection) -> None:
    page = as_admin.get(reverse("web:clear_resync", args=[connection.pk])).content.decode()
    assert "Unknown: no sync has read everything yet." in page
    assert "No local change is waiting" in page
