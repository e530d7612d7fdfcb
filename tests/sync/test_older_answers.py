"""An answer that was asked for before what is stored was written does not overwrite it, though neither has a stamp to go by."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q
from django.db.models.functions import Now

from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.adapters.connectwise.adapter import ConnectWiseAdapter
from integrations.models import Connection
from integrations.port import Page
from sync.engine.read import children, fetch
from sync.services.live import ticket_refresh
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Synced, asked, rested
from tickets.models import Note, Ticket

NEWER = "Written while the answer was on its way"
TEXTS: dict[str, tuple[Any, str]] = {"tickets": (Ticket, "summary"), "notes": (Note, "text")}


def written_meanwhile(stream: str) -> list[int]:
    """Somebody else stores newer content without a stamp of all that is here of the stream. Returns their keys."""
    model, text = TEXTS[stream]
    with tenant_transaction():
        own = {"remote_updated_at": None, "content_hash": b"", "fetched_at": Now(), "synced_at": Now()}
        written = list(model.objects.values_list("pk", flat=True))
        assert model.objects.update(**{text: NEWER}, **own)
    return written


def overwritten(connection: Connection, stream: str, written: list[int]) -> list[str]:
    """Ids of what is not as it was written meanwhile."""
    model, text = TEXTS[stream]
    with tenant_transaction(connection.organization_id):
        others = model.with_removed.filter(Q(removed_at__isnull=False) | ~Q(**{text: NEWER}), pk__in=written)
        return list(others.values_list("remote_id", flat=True))


@pytest.mark.parametrize("kind", ["quick", "full"])
@pytest.mark.parametrize(
    ("stream", "module", "answers"), [("tickets", fetch, "asked_for"), ("notes", children, "answers_of")]
)
def test_in_a_run(
    synced: Synced,
    calm: Sandbox,
    linked: Connection,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    stream: str,
    module: Any,
    answers: str,
) -> None:
    synced()
    calm.control("change", n=5)
    answer, written = getattr(module, answers), list[int]()

    def late(work: Any, spec: Any, *asked_for: Any) -> Any:
        found = answer(work, spec, *asked_for)
        if spec.name == stream:
            written[:] = written_meanwhile(stream)
        return found

    monkeypatch.setattr(module, answers, late)
    run = rested(asked(linked, kind))
    assert (run.state, bool(written)) == ("done", True), run.message
    assert overwritten(linked, stream, written) == []


def test_at_opening(synced: Synced, linked: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        ticket = Note.objects.order_by("pk")[0].ticket
    read, written = ConnectWiseAdapter.read_one, dict[str, list[int]]()

    def late(adapter: ConnectWiseAdapter, stream: str, *asked_for: Any) -> Any:
        found = read(adapter, stream, *asked_for)
        if stream == "tickets":
            written.update({name: written_meanwhile(name) for name in TEXTS})
        return found

    monkeypatch.setattr(ConnectWiseAdapter, "read_one", late)
    with tenant(linked.organization_id):
        assert ticket_refresh(ticket_id=ticket.pk).ok
    assert {stream: overwritten(linked, stream, keys) for stream, keys in written.items()} == {
        "tickets": [],
        "notes": [],
    }


def test_what_came_in_below_a_parent_after_it_was_asked_is_not_removed_at_opening(
    synced: Synced, linked: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        ticket = Note.objects.order_by("pk")[0].ticket
        before = Note.objects.filter(ticket=ticket).count()
    read = ConnectWiseAdapter.read_children

    def late(*asked_for: Any) -> Page:
        found = read(*asked_for)
        with tenant_transaction():
            note = Note.objects.filter(ticket=ticket)[0]
            note.pk, note.remote_id, note.fetched_at, note.synced_at = None, "999999", Now(), Now()
            note.save(force_insert=True)
        return found

    monkeypatch.setattr(ConnectWiseAdapter, "read_children", late)
    with tenant(linked.organization_id):
        assert ticket_refresh(ticket_id=ticket.pk).ok
    with tenant_transaction(linked.organization_id):
        assert Note.objects.filter(ticket=ticket).count() == before + 1
