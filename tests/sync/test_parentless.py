"""Where companies are left out, notes and time of their tickets and additions of their agreements are left out too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from clients.models import Agreement, AgreementAddition, Company
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_create
from sync.models import PreviewRecord, Run
from sync.services.previews import preview_request
from sync.services.replay import OutOfScope, record_replay
from sync.services.runs import run_request
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import LOOSE, Sync, Synced, linked_to
from tests.sync.test_previews import work_on
from tickets.models import Note, Ticket, TimeEntry

STRICT = {"date_range_days": None, "notes_rotation": 0, "hold_least": 0, "hold_percent": 0, "hold_company_percent": 1}
CHILDREN = ((Note, Ticket, "ticket"), (TimeEntry, Ticket, "ticket"), (AgreementAddition, Agreement, "agreement"))


@pytest.fixture(params=["autotask", "connectwise"])
def psa(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=120) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, psa: Sandbox) -> Connection:
    return linked_to(organization, psa)


def choose(connection: Connection, **values: Any) -> Connection:
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(settings=values)
        return Connection.objects.get(pk=connection.pk)


def rarest_type(connection: Connection) -> str:
    with tenant_transaction(connection.organization_id):
        types = [one for of in Company.objects.values_list("type_remote_ids", flat=True) for one in of]
    return min(sorted(set(types)), key=types.count)


def here(connection: Connection) -> dict[str, set[str]]:
    """The remote ids of the live children."""
    with tenant_transaction(connection.organization_id):
        return {model.__name__: set(model.objects.values_list("remote_id", flat=True)) for model, _, _ in CHILDREN}


def astray(connection: Connection) -> dict[str, int]:
    """How many live children have no live parent."""
    with tenant_transaction(connection.organization_id):
        return {
            model.__name__: model.objects.exclude(**{f"{link}__in": parent.objects.values("pk")}).count()
            for model, parent, link in CHILDREN
        }


NONE = dict.fromkeys((model.__name__ for model, _, _ in CHILDREN), 0)


def test_a_full_sync_takes_them_away_unasked_and_brings_them_back(
    sync: Sync, synced: Synced, linked: Connection
) -> None:
    synced()
    before = here(linked)
    choose(linked, **STRICT, company_types=[rarest_type(linked)])
    run = sync("full")
    assert (run.state, run.result) == ("done", "success"), run.message
    after = here(linked)
    assert all(after[name] < before[name] for name in before)
    assert astray(linked) == NONE
    assert sync("full").result == "no_change"
    choose(linked, **LOOSE)
    assert sync("full").state == "done"
    assert here(linked) == before


def test_a_first_sync_brings_none_of_them(
    synced: Synced, linked: Connection, psa: Sandbox, other_organization: Organization
) -> None:
    synced()
    everything, one = here(linked), rarest_type(linked)
    with tenant_transaction(other_organization.pk):
        other = connection_create(
            organization_id=other_organization.pk,
            provider=psa.key,
            name="Narrow",
            credentials=psa.credentials,
            settings=LOOSE | {"company_types": [one]},
        )
    run = first_sync(other)
    assert (run.lands_live, run.state) == (True, "done"), run.message
    with tenant_transaction(other.organization_id):
        mine = Note.objects.filter(connection_id=other.pk)
        assert 0 < mine.count() < len(everything["Note"])
        for model, parent, link in CHILDREN:
            of = model.objects.filter(connection_id=other.pk)
            assert not of.exclude(**{f"{link}__in": parent.objects.values("pk")}).exists(), model


def first_sync(connection: Connection) -> Run:
    with tenant_transaction(connection.organization_id):
        fresh = Connection.objects.get(pk=connection.pk)
        run = run_request(connection=fresh, kind="full", trigger="person", reason="a test").run
    return work_on(run)


def test_a_quick_sync_leaves_out_what_is_written_on_their_tickets_and_keeps_the_rest(
    sync: Sync, synced: Synced, linked: Connection, psa: Sandbox
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        tickets = set(Ticket.objects.values_list("remote_id", flat=True))
    choose(linked, **LOOSE, company_types=[rarest_type(linked)])
    sync("full")
    with tenant_transaction(linked.organization_id):
        wanted = set(Ticket.objects.values_list("remote_id", flat=True))
    theirs, mine = min(tickets - wanted), min(wanted)
    for ticket in (theirs, mine):
        psa.control("POST", "time", {"ticket": int(ticket), "n": 2})
        psa.control("POST", "note", {"ticket": int(ticket), "n": 1})
    before = here(linked)
    run = sync("quick")
    assert run.state == "done", run.message
    assert len(here(linked)["TimeEntry"] - before["TimeEntry"]) == 2
    if psa.key == "autotask":  # ConnectWise lists notes below a ticket alone, and a note does not change its ticket
        assert len(here(linked)["Note"] - before["Note"]) == 1
    assert astray(linked) == NONE


def test_one_of_theirs_is_not_fetched_alone(sync: Sync, synced: Synced, linked: Connection) -> None:
    synced()
    before = here(linked)
    narrowed = choose(linked, **LOOSE, company_types=[rarest_type(linked)])
    sync("full")
    theirs = min(before["TimeEntry"] - here(linked)["TimeEntry"])
    with tenant(linked.organization_id), pytest.raises(OutOfScope):
        record_replay(connection=narrowed, stream="time_entries", remote_id=theirs)
    assert astray(linked) == NONE


def test_a_preview_says_that_the_settings_take_them(synced: Synced, linked: Connection) -> None:
    synced()
    narrowed = choose(linked, **STRICT, company_types=[rarest_type(linked)])
    with tenant_transaction(linked.organization_id):
        run = preview_request(connection=narrowed, kind=Run.Kind.FULL, trigger="person").run
    run = work_on(run)
    assert run.state == "done", run.message
    with tenant_transaction(linked.organization_id):
        removed = PreviewRecord.objects.filter(run=run, action="removed", stream="time_entries")
        assert set(removed.values_list("reason", flat=True)) == {"outside of the settings"}
