"""Who may see and do what; a foreign object and an absent one get the same answer."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import Connection
from sync.models import Run

OF_RUN = ("run", "run_progress", "run_items", "run_log")
RUN_POSTS = ("run_cancel", "run_decide")
ABSENT = 2**40


@pytest.mark.parametrize("name", OF_RUN)
def test_a_foreign_run_is_as_absent_as_one_that_never_was(
    as_admin: Client, finished: Run, other_run: Run, name: str
) -> None:
    assert as_admin.get(reverse(f"web:{name}", args=[finished.pk])).status_code == 200
    foreign = as_admin.get(reverse(f"web:{name}", args=[other_run.pk]))
    absent = as_admin.get(reverse(f"web:{name}", args=[ABSENT]))
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.content == absent.content


@pytest.mark.parametrize("name", RUN_POSTS)
def test_a_foreign_run_can_not_be_acted_on(as_admin: Client, other_run: Run, name: str) -> None:
    body = {"decision": "reject", "reason": "mine"}
    assert as_admin.post(reverse(f"web:{name}", args=[other_run.pk]), body).status_code == 404


@pytest.mark.parametrize("name", ["connection_sync", "clear_resync", "connection_tickets_csv"])
def test_a_foreign_connection_is_absent(
    as_admin: Client, connection: Connection, other_connection: Connection, name: str
) -> None:
    assert as_admin.get(reverse(f"web:{name}", args=[connection.pk])).status_code == 200
    assert as_admin.get(reverse(f"web:{name}", args=[other_connection.pk])).status_code == 404


def test_a_foreign_connection_can_not_be_synced(as_admin: Client, other_connection: Connection) -> None:
    assert as_admin.post(reverse("web:run_start", args=[other_connection.pk, "quick"])).status_code == 404
    clear = {"reason": "mine", "confirm_name": other_connection.name}
    assert as_admin.post(reverse("web:clear_resync", args=[other_connection.pk]), clear).status_code == 404


def test_the_history_shows_nothing_of_others(as_admin: Client, finished: Run, other_run: Run) -> None:
    page = as_admin.get(reverse("web:sync_history")).content.decode()
    assert finished.message in page
    assert "Umbrella" not in page


@pytest.mark.parametrize("name", OF_RUN)
def test_runs_are_for_those_who_may_see_logs(
    as_reader: Client, as_technician: Client, finished: Run, name: str
) -> None:
    address = reverse(f"web:{name}", args=[finished.pk])
    assert (as_reader.get(address).status_code, as_technician.get(address).status_code) == (403, 200)


def test_the_history_and_the_options_are_for_those_who_may_see_logs(
    as_reader: Client, as_technician: Client, connection: Connection
) -> None:
    for address in (
        reverse("web:sync_history"),
        reverse("web:sync_history_csv"),
        reverse("web:connection_sync", args=[connection.pk]),
    ):
        assert (as_reader.get(address).status_code, as_technician.get(address).status_code) == (403, 200)


def test_a_technician_starts_cancels_decides_clears_and_exports_nothing(
    as_technician: Client, connection: Connection, running: Run
) -> None:
    posts = [
        reverse("web:run_start", args=[connection.pk, "quick"]),
        reverse("web:clear_resync", args=[connection.pk]),
        *(reverse(f"web:{name}", args=[running.pk]) for name in RUN_POSTS),
    ]
    assert [as_technician.post(address).status_code for address in posts] == [403] * len(posts)
    assert as_technician.get(reverse("web:connection_tickets_csv", args=[connection.pk])).status_code == 403


def test_a_technician_sees_no_button_that_would_be_refused(
    as_technician: Client, connection: Connection, held: Run
) -> None:
    page = as_technician.get(reverse("web:connection_sync", args=[connection.pk])).content.decode()
    assert "Held: a person decides" in page
    assert 'method="post" action="/sync/' not in page


def test_nobody_sees_runs_without_signing_in(client: Client, finished: Run) -> None:
    answer = client.get(reverse("web:run", args=[finished.pk]))
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/account/login/")


@pytest.mark.parametrize("name", ["run_start", "run_cancel", "run_decide", "run_notices"])
def test_what_changes_something_wants_a_post(as_admin: Client, connection: Connection, running: Run, name: str) -> None:
    arguments = {"run_start": [connection.pk, "quick"], "run_notices": []}.get(name, [running.pk])
    assert as_admin.get(reverse(f"web:{name}", args=arguments)).status_code == 405
