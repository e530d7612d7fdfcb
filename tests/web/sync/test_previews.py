"""Previews on their pages: started, read, and applied."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection as database
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.settings_schema import digest_of
from sync.models import PreviewRecord, Run
from tests.fixtures.runs import make_run, make_stream


def words_of(client: Client, name: str, run: Run, **query: str) -> str:
    """The page without its markup, in single spaces."""
    answer = client.get(reverse(f"web:{name}", args=[run.pk]), query)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def make_preview(connection: Connection, of: str = "full", **values: Any) -> Run:
    """A preview that has ended well: one record of each outcome."""
    now = timezone.now()
    run = make_run(
        connection,
        "preview",
        result="success",
        message="Preview: would create 1, update 1, remove 1.",
        **{
            "scope": {"of": of},
            "plan": {"digest": digest_of(connection)},
            "verification": {"preview": {"at": now.isoformat(), "held": "", "unsent": 0}},
            "staged_until": now + dt.timedelta(hours=1),
        }
        | values,
    )
    make_stream(run, fetched=9, created=1, updated=1, removed=1, unchanged=6)
    common = {"organization_id": run.organization_id, "run": run, "stream": "tickets"}
    changes = {"before": {"status_name": "New"}, "after": {"status_name": "Solved"}}
    PreviewRecord.objects.create(**common, remote_id="11", label="Printer <b>", action="created")
    PreviewRecord.objects.create(**common, remote_id="12", label="Screen", action="updated", record_id=2, **changes)
    gone = {"action": "removed", "record_id": 3, "reason": "not in the PSA any more"}
    PreviewRecord.objects.create(**common, remote_id="13", label="=Mouse", **gone)
    older = {"action": "skipped", "record_id": 4, "reason": "what is here is newer"}
    PreviewRecord.objects.create(**common, remote_id="14", label="Keyboard", **older)
    return run


@pytest.fixture
def previewed(connection: Connection) -> Run:
    with tenant_transaction(connection.organization_id):
        return make_preview(connection)


@pytest.fixture
def other_preview(other_connection: Connection) -> Run:
    with tenant_transaction(other_connection.organization_id):
        return make_preview(other_connection)


def press(client: Client, connection: Connection, kind: str) -> tuple[str, str]:
    """(where a press leads, the messages there)."""
    answer = client.post(reverse("web:preview_start", args=[connection.pk, kind]), follow=True)
    where = answer.redirect_chain[-1][0] if answer.redirect_chain else ""
    return where, " ".join(str(message) for message in (answer.context or {}).get("messages", []))


def runs_of(connection: Connection) -> list[Run]:
    with tenant_transaction(connection.organization_id):
        return list(Run.objects.filter(connection=connection).order_by("pk"))


@pytest.mark.parametrize("kind", ["quick", "full", "clear_resync"])
def test_a_press_starts_a_preview_and_leads_to_it(
    as_admin: Client, admin: User, connection: Connection, kind: str
) -> None:
    where, said = press(as_admin, connection, kind)
    (run,) = runs_of(connection)
    assert where == reverse("web:run", args=[run.pk])
    assert "changes nothing" in said
    assert (run.kind, run.reads_as, run.requested_by_id) == ("preview", "full" if kind == "quick" else kind, admin.pk)


def test_another_preview_has_to_wait_and_is_told_so(as_admin: Client, connection: Connection) -> None:
    press(as_admin, connection, "full")
    where, said = press(as_admin, connection, "clear_resync")
    assert where == reverse("web:connection_sync", args=[connection.pk])
    assert "A preview of a full sync is open" in said
    assert as_admin.post(reverse("web:preview_start", args=[connection.pk, "single"])).status_code == 404


def test_readers_and_technicians_start_and_apply_nothing(
    as_technician: Client, as_reader: Client, connection: Connection, previewed: Run
) -> None:
    for client in (as_technician, as_reader):
        assert client.post(reverse("web:preview_start", args=[connection.pk, "full"])).status_code == 403
        assert client.get(reverse("web:run_apply", args=[previewed.pk])).status_code == 403
        assert client.post(reverse("web:run_apply", args=[previewed.pk])).status_code == 403
    assert len(runs_of(connection)) == 1


def test_foreign_previews_are_absent(as_admin: Client, other_preview: Run, finished: Run) -> None:
    for name in ("run", "run_items", "run_diff", "run_diff_csv", "run_apply"):
        assert as_admin.get(reverse(f"web:{name}", args=[other_preview.pk])).status_code == 404
    assert as_admin.post(reverse("web:run_apply", args=[other_preview.pk])).status_code == 404
    foreign = reverse("web:preview_start", args=[other_preview.connection_id, "full"])
    assert as_admin.post(foreign).status_code == 404
    assert as_admin.get(reverse("web:run_apply", args=[finished.pk])).status_code == 404


def test_its_page_says_what_a_sync_would_do_and_offers_exactly_that(as_admin: Client, previewed: Run) -> None:
    said = words_of(as_admin, "run", previewed)
    assert "Preview of a full sync" in said
    assert "Preview: would create 1, update 1, remove 1." in said
    assert "Would create" in said
    assert "Apply exactly this…" in said
    assert "can be brought back" not in said


def test_its_items_say_would_and_why(as_admin: Client, previewed: Run) -> None:
    said = words_of(as_admin, "run_items", previewed)
    for word in ("Would be created", "Would be updated", "Would be removed", "not in the PSA any more", "Skipped"):
        assert word in said
    assert "Printer &lt;b&gt;" in said
    only = words_of(as_admin, "run_items", previewed, action="skipped")
    assert "Keyboard" in only
    assert "Screen" not in only


def test_its_differences_are_those_of_the_previewed_records(as_admin: Client, previewed: Run) -> None:
    said = words_of(as_admin, "run_diff", previewed)
    assert "what a sync would make different" in said
    assert "Tickets 1 1 1 0 6" in said


@async_to_sync
async def text_of(answer: HttpResponseBase) -> str:
    content = answer.streaming_content  # type: ignore[attr-defined]
    assert isinstance(content, AsyncIterator)
    return b"".join([part async for part in content]).decode()


@pytest.mark.committed
def test_its_file_has_every_record(as_admin: Client, previewed: Run) -> None:
    answer = as_admin.get(reverse("web:run_diff_csv", args=[previewed.pk]))
    assert f"preview-{previewed.pk}-changes.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(text_of(answer).lstrip("\ufeff"))))
    assert [row[2:9] for row in rows[1:]] == [
        ["11", "Printer <b>", "created", "", "", "", ""],
        ["12", "Screen", "updated", "", "status_name", "New", "Solved"],
        ["13", "'=Mouse", "removed", "not in the PSA any more", "", "", ""],
        ["14", "Keyboard", "skipped", "what is here is newer", "", "", ""],
    ]


def test_applying_it_starts_the_run_that_does(as_admin: Client, admin: User, previewed: Run) -> None:
    assert "What comes of it" in words_of(as_admin, "run_apply", previewed)
    answer = as_admin.post(reverse("web:run_apply", args=[previewed.pk]), {"reason": ""})
    preview, run = runs_of(previewed.connection)
    assert answer.headers["Location"] == reverse("web:run", args=[run.pk])
    assert (run.kind, run.applies, run.requested_by_id, run.state) == ("full", preview.pk, admin.pk, "queued")
    assert f"preview run {preview.pk}" in words_of(as_admin, "run", run)
    assert "Taken to be applied" in words_of(as_admin, "run", preview)
    again = as_admin.post(reverse("web:run_apply", args=[preview.pk]))
    assert again.status_code == 422
    assert len(runs_of(previewed.connection)) == 2


def test_a_clear_is_applied_with_a_reason_and_the_connections_name(as_admin: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        run = make_preview(connection, "clear_resync")
    where = reverse("web:run_apply", args=[run.pk])
    assert as_admin.post(where, {"reason": "Boards moved"}).status_code == 422
    assert as_admin.post(where, {"reason": "", "confirm_name": connection.name}).status_code == 422
    assert as_admin.post(where, {"reason": "Boards moved", "confirm_name": "Another"}).status_code == 422
    assert len(runs_of(connection)) == 1
    assert as_admin.post(where, {"reason": "Boards moved", "confirm_name": connection.name}).status_code == 302
    assert runs_of(connection)[-1].kind == "clear_resync"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"staged_until": None}, "kept for an hour and is gone"),
        ({"plan": {"digest": "others"}}, "The settings of this connection have changed"),
    ],
)
def test_what_is_not_true_any_more_can_only_be_previewed_again(
    as_admin: Client, connection: Connection, values: dict[str, Any], said: str
) -> None:
    with tenant_transaction(connection.organization_id):
        run = make_preview(connection, **values)
    page = words_of(as_admin, "run", run)
    assert said in page
    assert "Preview again" in page
    assert "Apply exactly this" not in page
    answer = as_admin.post(reverse("web:run_apply", args=[run.pk]))
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_history_and_options_show_it_as_a_preview_and_no_sync(
    as_admin: Client, connection: Connection, previewed: Run
) -> None:
    history = as_admin.get(reverse("web:sync_history"), {"kind": "preview"}).content.decode()
    assert "Preview of a full sync" in history
    assert "Preview: would create 1" in history
    options = as_admin.get(reverse("web:connection_sync", args=[connection.pk])).content.decode()
    assert options.count("never ran") == 3
    for kind in ("quick", "full", "clear_resync"):
        assert f'id="preview-{kind}"' in options
    clear = as_admin.get(reverse("web:clear_resync", args=[connection.pk])).content.decode()
    preview = clear.index(reverse("web:preview_start", args=[connection.pk, "clear_resync"]))
    assert preview < clear.index("</form>", preview) < clear.index("confirm_name") < clear.index("Clear and resync</b")


def test_a_page_of_a_preview_costs_the_same_for_one_and_for_three_records(as_admin: Client, previewed: Run) -> None:
    counts = []
    for number in (1, 3):
        with tenant_transaction(previewed.organization_id):
            PreviewRecord.objects.all().delete()
            common = {"organization_id": previewed.organization_id, "run": previewed, "stream": "tickets"}
            for n in range(number):
                PreviewRecord.objects.create(**common, remote_id=str(n), action="created")
        for name in ("run", "run_items", "run_diff", "run_apply"):
            with CaptureQueriesContext(database) as queries:
                words_of(as_admin, name, previewed)
            counts.append(len(queries))
    assert counts[:4] == counts[4:]
