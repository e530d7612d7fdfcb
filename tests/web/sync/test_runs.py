"""A run's pages: progress, overview, items, log, cancelling and deciding."""

from __future__ import annotations

import datetime as dt
import re
import time

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run, RunSignal
from tests.fixtures.runs import make_entries, make_issue, make_line, make_run, make_stream


def text_of(client: Client, name: str, run: Run, **query: str) -> str:
    answer = client.get(reverse(f"web:{name}", args=[run.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def words_of(page: str) -> str:
    """The page without its markup, in single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def change(run: Run, **values: object) -> None:
    with tenant_transaction(run.organization_id):
        Run.objects.filter(pk=run.pk).update(**values)


def test_a_warning_is_never_called_a_success(as_admin: Client, finished: Run) -> None:
    page = text_of(as_admin, "run", finished)
    assert "Warning" in page
    assert "Success" not in page
    assert finished.message in page
    assert "Boards moved" in page


def test_an_open_run_refreshes_itself_and_a_finished_one_does_not(as_admin: Client, running: Run) -> None:
    assert 'hx-trigger="every 1s"' in text_of(as_admin, "run_progress", running)
    change(running, state="done", result="success", phase="finished", finished_at=timezone.now())
    assert "hx-trigger" not in text_of(as_admin, "run_progress", running)


def test_progress_says_done_expected_rate_and_time_left(as_admin: Client, running: Run) -> None:
    words = words_of(text_of(as_admin, "run_progress", running))
    assert "500 of 1,000" in words
    assert "counted by the PSA" in words
    assert "5 a second" in words
    assert "left" in words
    assert "leave this page" in words


def test_nothing_uncounted_gets_a_bar_with_a_share(as_admin: Client, connection: Connection, in_tenant: object) -> None:
    run = make_run(connection)
    make_stream(run, state="fetching", fetched=12, expected=None)
    page = text_of(as_admin, "run_progress", run)
    assert '12</strong> <span class="of"> so far' in page
    assert "<progress aria-label" in page


def test_a_wait_is_a_countdown_with_its_reason(as_admin: Client, running: Run) -> None:
    until = timezone.now() + dt.timedelta(seconds=40)
    change(
        running,
        state="waiting",
        wait_until=until,
        wait_reason="Too many requests.",
        progress_at=timezone.now() - dt.timedelta(minutes=9),
    )
    page = text_of(as_admin, "run_progress", running)
    assert "data-countdown" in page
    assert "Too many requests." in page
    assert "No progress" not in page


def test_silence_is_said_by_the_page(as_admin: Client, running: Run) -> None:
    change(running, progress_at=timezone.now() - dt.timedelta(seconds=70))
    assert "No progress for 7" in text_of(as_admin, "run_progress", running)


def test_a_queued_run_names_the_one_before_it(
    as_admin: Client, running: Run, connection: Connection, in_tenant: object
) -> None:
    queued = make_run(connection, "clear_resync", state="queued", phase="queued", started_at=None, progress_at=None)
    assert f"run {running.pk}" in text_of(as_admin, "run", queued)


def test_a_held_run_says_what_would_go(as_admin: Client, held: Run) -> None:
    words = words_of(text_of(as_admin, "run", held))
    assert "Held: a person decides" in words
    assert "120 400 25" in words


def test_the_overview_shows_the_psas_count_and_the_coverage(
    as_admin: Client, connection: Connection, in_tenant: object
) -> None:
    report = {"tickets": {"remote": 21, "remote_before": 20, "read": 21, "changed_meanwhile": 1, "ok": True}}
    run = make_run(connection, "full", result="success", verification={"streams": report})
    make_stream(run, fetched=21)
    make_stream(run, "notes", coverage={"parents": 4, "of": 20, "never": 7})
    words = words_of(text_of(as_admin, "run", run))
    assert "21 agrees" in words
    assert (
        "Notes: 4 tickets read in this run; 0 of 20 in the last 7 days. Of 7 tickets none were read yet: the next full syncs"
        in words
    )


def test_items_show_before_and_after_and_failures_first(as_admin: Client, finished: Run) -> None:
    words = words_of(text_of(as_admin, "run_items", finished))
    assert "Status New → In progress" in words
    assert words.index("not a date") < words.index("Record 1")
    assert "Record 1" not in text_of(as_admin, "run_items", finished, action="failed")


def test_right_to_left_and_hostile_text_is_isolated_and_escaped(
    as_admin: Client, connection: Connection, in_tenant: object
) -> None:
    run = make_run(connection, result="warning", message="<script>alert(1)</script> شركة")
    make_entries(run, 1, label="<img src=x> شركة")
    make_line(run, "<b>شركة</b>", "info")
    for name in ("run", "run_items", "run_log"):
        page = text_of(as_admin, name, run)
        assert re.search(r"<bdi>[^<]*شركة", page)
        assert not re.search(r"<script>alert|<img src=x|<b>", page)


def test_bad_filters_filter_nothing(as_admin: Client, finished: Run) -> None:
    assert "Record 1" in text_of(as_admin, "run_items", finished, action="x", stream="' or 1", after="tickets:x")
    assert "Finished: Warning" in text_of(as_admin, "run_log", finished, level="x", before="9" * 40)
    assert as_admin.get(reverse("web:run_log", args=[finished.pk]), {"before": "²"}).status_code == 200


def test_the_log_follows_an_open_run_only(as_admin: Client, running: Run, finished: Run) -> None:
    assert 'hx-trigger="every 2s"' in text_of(as_admin, "run_log", running, level="info")
    assert "hx-trigger" not in text_of(as_admin, "run_log", finished).split('id="log-lines"')[1].split(">")[0]
    followed = as_admin.get(reverse("web:run_log", args=[running.pk]), headers={"HX-Request": "true"}).content.decode()
    assert followed.lstrip().startswith('<div class="stack tight" id="log-lines"')


def test_cancelling_leaves_a_signal_of_the_person(as_admin: Client, admin: User, running: Run) -> None:
    assert as_admin.post(reverse("web:run_cancel", args=[running.pk])).status_code == 302
    with tenant_transaction(running.organization_id):
        signal = RunSignal.objects.get(run=running)
    assert (signal.kind, signal.by_id) == ("cancel", admin.pk)


def test_an_ended_run_can_not_be_cancelled(as_admin: Client, finished: Run) -> None:
    answer = as_admin.post(reverse("web:run_cancel", args=[finished.pk]), follow=True)
    assert "already ended" in answer.content.decode()


def test_a_held_run_is_approved_or_rejected_with_a_reason(as_admin: Client, held: Run) -> None:
    address = reverse("web:run_decide", args=[held.pk])
    assert "give a reason" in as_admin.post(address, {"decision": "approve"}, follow=True).content.decode()
    assert (
        "verified anew"
        in as_admin.post(address, {"decision": "approve", "reason": "Boards closed"}, follow=True).content.decode()
    )
    assert (
        "not waiting for approval"
        in as_admin.post(address, {"decision": "reject", "reason": "No"}, follow=True).content.decode()
    )


QUERIES = {"run": (12, 12), "run_items": (12, 12), "run_log": (11, 11)}


@pytest.mark.parametrize("name", QUERIES)
def test_query_counts_do_not_grow_with_the_items(as_admin: Client, connection: Connection, name: str) -> None:
    counts = []
    with tenant_transaction(connection.organization_id):
        # The page of the very first run also counts what is left to map.
        make_run(connection, "full", result="success")
    for number in (1, 3):
        with tenant_transaction(connection.organization_id):
            run = make_run(connection, "full", result="warning")
            for n in range(number):
                make_stream(run, f"stream{n}")
                make_issue(run, remote_id=str(n))
                make_line(run, "line", "info")
            make_entries(run, number)
        text_of(as_admin, name, run)
        with CaptureQueriesContext(database) as queries:
            text_of(as_admin, name, run)
        counts.append(len(queries))
    assert tuple(counts) == QUERIES[name]


def test_a_run_of_a_thousand_items_shows_fast(as_admin: Client, connection: Connection, in_tenant: object) -> None:
    run = make_run(connection, "full", result="warning")
    make_stream(run)
    make_entries(run, 1000)
    for n in range(1000):
        make_line(run, "page", fields={"page": n, "rows": 1})
    text_of(as_admin, "run_items", run)
    began = time.perf_counter()
    for name in ("run", "run_items", "run_log"):
        text_of(as_admin, name, run)
    assert time.perf_counter() - began < 3


def test_completion_is_told_once_to_whoever_started_it(
    as_admin: Client, admin: User, as_technician: Client, connection: Connection
) -> None:
    with tenant_transaction(connection.organization_id):
        run = make_run(connection, result="warning", requested_by=admin, trigger="person")
    address = reverse("web:run_notices")
    assert as_technician.post(address).status_code == 204
    told = as_admin.post(address)
    assert (told.status_code, "Warning" in told.content.decode()) == (200, True)
    assert reverse("web:run", args=[run.pk]) in told.content.decode()
    assert as_admin.post(address).status_code == 204
