"""Lists that do not end: the stream does, says that it is not all of it, and nothing of it is removed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from clients.models import Contact
from foundation.tenancy.scope import tenant_transaction
from integrations.adapters.connectwise.adapter import ConnectWiseAdapter
from integrations.errors import EndlessPaging
from integrations.models import Connection
from integrations.port import Checkpoint, Page, ReadRequest
from sync.engine.read import fetch
from sync.models import Cursor, Run, RunIssue, RunStream
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync

READ = ConnectWiseAdapter.read_page


def same_for_ever(adapter: Any, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
    """Its first page, and behind it the first page."""
    turn = int((checkpoint or {}).get("turn", 0))
    return msgspec.structs.replace(READ(adapter, request), next={"turn": turn + 1})


def next_is_itself(adapter: Any, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
    """Its next page is where it is."""
    return msgspec.structs.replace(READ(adapter, request), next=checkpoint or {"turn": 0})


def new_for_ever(adapter: Any, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
    """Records that nobody has seen, page after page."""
    turn = int((checkpoint or {}).get("turn", 0))
    page = READ(adapter, request)
    records = [
        msgspec.structs.replace(record, remote_id=f"9{turn:05}{place:05}") for place, record in enumerate(page.records)
    ]
    return msgspec.structs.replace(page, records=records, next={"turn": turn + 1})


def refuses_to_advance(adapter: Any, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
    """The adapter itself sees it."""
    if checkpoint is None:
        return msgspec.structs.replace(READ(adapter, request), next={"turn": 1})
    raise EndlessPaging("ConnectWise's paging does not advance.")


@pytest.mark.parametrize(
    ("kind", "odd"),
    [("full", same_for_ever), ("full", new_for_ever), ("quick", next_is_itself), ("full", refuses_to_advance)],
)
def test_a_list_that_does_not_end_is_incomplete_and_removes_nothing(
    linked: Connection, calm: Sandbox, sync: Sync, monkeypatch: pytest.MonkeyPatch, kind: str, odd: Any
) -> None:
    monkeypatch.setattr(fetch, "ENDLESS_ABOVE", 1000)
    sync("full")
    with tenant_transaction(linked.organization_id):
        before = set(Contact.objects.values_list("remote_id", flat=True))
        cursor = Cursor.objects.get(connection=linked, stream="contacts").watermark
    gone = int(min(before, key=int))
    calm.control("delete", collection="contacts", ids=[gone])

    def read_page(adapter: Any, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
        wanted = odd if request.stream == "contacts" else READ
        found: Page = wanted(adapter, request, checkpoint)
        return found

    monkeypatch.setattr(ConnectWiseAdapter, "read_page", read_page)
    run: Run = sync(kind)
    assert (run.state, run.result) == ("done", "warning"), run.message
    with tenant_transaction(linked.organization_id):
        assert before <= set(Contact.objects.values_list("remote_id", flat=True))
        assert list(RunIssue.objects.filter(run=run).values_list("stream", "code")) == [
            ("contacts", "incomplete_answer")
        ]
        stream = RunStream.objects.get(run=run, name="contacts")
        assert stream.incomplete
        assert stream.pages < 60
        assert Cursor.objects.get(connection=linked, stream="contacts").watermark == cursor
