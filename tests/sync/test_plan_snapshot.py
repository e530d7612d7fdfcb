"""A run reads what was laid out when it began, whatever people or releases change meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import call_command

from foundation.core.errors import Refused
from foundation.tenancy.models import AuditEvent
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_configure
from integrations.settings_schema import (
    AT_ONCE,
    FIELDS,
    ConnectionSettings,
    SettingsInvalid,
    digest_of,
    settings_from,
    settings_of,
)
from sync.engine.run.drive import advance
from sync.models import Alarm, Run, RunIssue, RunStream
from sync.services.previews import preview_request
from sync.services.runs import RunRefused, run_approve, run_request
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import TICKETS, Handle, Sync, Synced, rested
from tests.sync.test_cancelling import now
from tests.sync.test_leases import queued
from tickets.models import Board, Ticket

ESSENTIAL_ALONE = ["tickets"]
Alter = Callable[..., Connection]


@pytest.fixture
def alter(linked: Connection) -> Alter:
    """Changes the connection's settings as a page does."""

    def go(**changes: Any) -> Connection:
        with tenant_transaction(linked.organization_id):
            current = Connection.objects.get(pk=linked.pk)
            wanted = {**msgspec.to_builtins(settings_of(current)), **changes}
            return connection_configure(connection=current, settings=wanted)

    return go


def begun(linked: Connection, settings: Any, kind: str = "full") -> Run:
    """A run that is in the midst of its reading: a page a slice."""
    settings.SYNC_SLICE_SECONDS = 0
    run = queued(linked, kind)
    with tenant(linked.organization_id):
        for _ in range(3):
            assert advance(run.pk)
    return now(run)


def names_of(run: Run) -> list[str]:
    with tenant_transaction(run.organization_id):
        return list(RunStream.objects.filter(run=run).order_by("position").values_list("name", flat=True))


def tickets(linked: Connection) -> int:
    with tenant_transaction(linked.organization_id):
        return int(Ticket.objects.filter(connection=linked).count())


# --- settings that change in the midst of a run -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "then"), [(ESSENTIAL_ALONE, None), (["tickets", "contacts"], ESSENTIAL_ALONE)])
@pytest.mark.parametrize("kind", ["full", "clear_resync"])
def test_streams_that_are_switched_on_or_off_count_for_the_next_run(
    linked: Connection, alter: Alter, settings: Any, first: list[str], then: list[str] | None, kind: str
) -> None:
    alter(streams=first)
    run = begun(linked, settings, kind)
    before = names_of(run)
    alter(streams=then)
    settings.SYNC_SLICE_SECONDS = 60
    run = rested(run)
    assert (run.state, run.result) == ("done", "success"), run.message
    assert names_of(run) == before == run.plan["streams"]
    assert names_of(rested(queued(linked))) != before


def test_a_scope_that_is_narrowed_counts_for_the_next_run(
    linked: Connection, alter: Alter, handle: Handle, sync: Sync, synced: Synced, settings: Any
) -> None:
    handle()
    synced()
    whole = tickets(linked)
    run = begun(linked, settings)
    with tenant_transaction(linked.organization_id):
        board = Ticket.objects.order_by("pk").first().board_remote_id
    alter(boards=[board], hold_percent=100, hold_company_percent=100)
    settings.SYNC_SLICE_SECONDS = 60
    run = rested(run)
    assert (run.state, run.result, tickets(linked)) == ("done", "no_change", whole), run.message
    assert sync("full").state == "done"
    assert 0 < tickets(linked) < whole


def test_limits_of_what_may_be_removed_count_at_once(
    linked: Connection, alter: Alter, handle: Handle, synced: Synced, calm: Sandbox, settings: Any
) -> None:
    handle(hold_least=1_000_000)
    synced()
    calm.control("delete", n=20)
    run = begun(linked, settings)
    alter(hold_least=0, hold_percent=1)
    settings.SYNC_SLICE_SECONDS = 60
    with tenant(linked.organization_id):
        while advance(run.pk):
            pass
    assert now(run).state == "held"


def test_credentials_count_at_once(linked: Connection, handle: Handle, settings: Any) -> None:
    handle()
    run = begun(linked, settings)
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(credentials="")
    assert rested(run).error_code == "authentication_failed"


def test_every_setting_counts_at_once_or_for_the_next_run(linked: Connection) -> None:
    other: dict[str, Any] = {
        field.name: 7 if field.type in (int, int | None) else ["7"]
        for field in msgspec.structs.fields(ConnectionSettings)
    } | {"conflict_rule": "psa"}
    same = set()
    for name in FIELDS:
        changed = Connection(settings={**linked.settings, name: other[name]}, range_start=linked.range_start)
        assert settings_of(changed) != settings_of(linked), name
        if digest_of(changed) == digest_of(linked):
            same.add(name)
    assert same == set(AT_ONCE)


# --- a clear ------------------------------------------------------------------------------------------------------------------------------


def test_the_date_range_begins_anew_when_a_clear_is_applied_and_not_before(
    linked: Connection, alter: Alter, handle: Handle, synced: Synced, settings: Any, calm: Sandbox
) -> None:
    handle(date_range_days=3650)
    synced()
    began = now_connection(linked).range_start
    run = begun(linked, settings, "clear_resync")
    calm.control("faults", kind="401")
    assert rested(run).state == "failed"
    assert now_connection(linked).range_start == began
    calm.control("faults", method="DELETE")
    settings.SYNC_SLICE_SECONDS = 60
    run = rested(queued(linked, "clear_resync"))
    assert run.state == "done", run.message
    moved = now_connection(linked).range_start
    assert moved is not None
    assert moved.isoformat().replace("+00:00", "Z") == run.plan["range_start"]


def now_connection(linked: Connection) -> Connection:
    with tenant_transaction(linked.organization_id):
        found: Connection = Connection.objects.get(pk=linked.pk)
    return found


# --- what a person decided about ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def held(linked: Connection, handle: Handle, sync: Sync, calm: Sandbox) -> Run:
    """A run that waits for approval."""
    handle(hold_least=0, hold_percent=1, hold_second_percent=100)
    sync("full")
    calm.control("delete", n=20)
    run = sync("full")
    assert run.state == "held", run.message
    return run


def approve(run: Run) -> None:
    with tenant_transaction(run.organization_id):
        run_approve(run=run, actor=None, reason="They are gone")


def test_a_held_run_of_other_settings_is_not_approved(linked: Connection, alter: Alter, held: Run) -> None:
    alter(excluded_statuses=["1"])
    with pytest.raises(RunRefused) as refused:
        approve(held)
    assert str(refused.value) == (
        "The settings of this connection have changed since this run read the PSA. Reject it: the next sync reads with the new ones."
    )
    assert now(held).state == "held"


def test_a_held_run_may_be_approved_after_its_limits_have_changed(linked: Connection, alter: Alter, held: Run) -> None:
    before = tickets(linked)
    alter(hold_percent=2, retry_attempts=3, undo_hours=1)
    approve(held)
    run = rested(held)
    assert (run.state, tickets(linked)) == ("done", before - 20), run.message


def test_an_approved_run_is_not_applied_once_the_settings_have_changed(
    linked: Connection, alter: Alter, held: Run
) -> None:
    before = tickets(linked)
    approve(held)
    alter(excluded_statuses=["1"])
    run = rested(held)
    assert (run.state, run.error_code, tickets(linked)) == ("failed", "outdated", before)
    assert run.message == (
        "The settings of this connection have changed since this run read the PSA. The next sync reads with the new ones. "
        "Nothing here was changed."
    )


def test_a_press_with_other_settings_does_not_join_a_run_that_began_before(
    linked: Connection, alter: Alter, handle: Handle, settings: Any
) -> None:
    handle()
    run = begun(linked, settings)
    assert asked(linked).run.pk == run.pk
    alter(hold_percent=7)
    assert asked(linked).run.pk == run.pk, "limits count for it at once"
    alter(excluded_statuses=["1"])
    other = asked(linked)
    assert (other.joined, other.run.state) == (False, "queued")
    assert asked(linked).run.pk == other.run.pk, "the next press joins the one that waits"


def asked(linked: Connection) -> Any:
    with tenant_transaction(linked.organization_id):
        return run_request(connection=now_connection(linked), kind="full", trigger="person")


def test_a_preview_under_way_is_not_joined_with_other_settings(
    linked: Connection, alter: Alter, handle: Handle
) -> None:
    handle()
    with tenant_transaction(linked.organization_id):
        run = preview_request(connection=now_connection(linked), kind="full", trigger="person").run
        Run.objects.filter(pk=run.pk).update(state="running", plan={"digest": "of other settings"})
        with pytest.raises(RunRefused, match=f"open .run {run.pk}."):
            preview_request(connection=now_connection(linked), kind="full", trigger="person")


# --- releases that know more, and are taken back -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["pending", "fetching", "fetched"])
@pytest.mark.parametrize("kind", ["quick", "full"])
def test_a_stream_that_only_a_newer_release_knows_is_left_out_and_named(
    linked: Connection, handle: Handle, synced: Synced, calm: Sandbox, state: str, kind: str
) -> None:
    handle()
    synced()
    calm.control("faults", kind="429", retry_after=1, times=1, match=TICKETS)
    run = queued(linked, kind)
    with tenant(linked.organization_id):
        advance(run.pk)
    run = now(run)
    assert run.state == "waiting"
    laid_out_by_a_newer_release(run, state)
    with tenant_transaction(linked.organization_id):
        Run.objects.filter(pk=run.pk).update(wait_until=None)
    run = rested(run)
    assert (run.state, run.result) == ("done", "warning"), run.message
    with tenant_transaction(linked.organization_id):
        stream = RunStream.objects.get(run=run, name="holograms")
        issue = RunIssue.objects.get(run=run)
        assert not Alarm.objects.filter(connection=linked, ended_at=None).exists()
    assert (stream.state, stream.message) == ("skipped", "This release of MSPortal does not know holograms.")
    assert (issue.stream, issue.code, issue.message) == ("holograms", "unknown_stream", stream.message)


def laid_out_by_a_newer_release(run: Run, state: str) -> None:
    with tenant_transaction(run.organization_id):
        streams = [*run.plan["streams"], "holograms"]
        reading = run.plan["reading"] | {"dimensions": 4}
        Run.objects.filter(pk=run.pk).update(plan=run.plan | {"streams": streams, "reading": reading, "depth": 3})
        RunStream.objects.create(
            organization_id=run.organization_id, run=run, name="holograms", position=99, state=state, removed=1
        )


NEWER = {"dimensions": 4, "beam": ["green"]}


def test_settings_of_a_newer_release_are_ignored_and_kept(
    linked: Connection, alter: Alter, sync: Sync, synced: Synced, handle: Handle
) -> None:
    handle(**NEWER)
    synced()
    current = alter(hold_percent=9)
    assert {name: current.settings[name] for name in NEWER} == NEWER
    assert (settings_of(current).hold_percent, sync("quick").state) == (9, "done")
    with tenant_transaction(linked.organization_id):
        assert AuditEvent.objects.get(action="connection.configured").changes == {"hold_percent": [5, 9]}


def test_the_command_line_changes_settings_beside_those_of_a_newer_release(
    linked: Connection, handle: Handle, tmp_path: Path
) -> None:
    handle(**NEWER)
    given = tmp_path / "settings.json"
    given.write_text(json.dumps({"hold_percent": 8}))
    call_command("connection", "configure", "--connection", str(linked.pk), "--settings-file", str(given), "--json")
    stored = now_connection(linked).settings
    assert {name: stored[name] for name in (*NEWER, "hold_percent")} == NEWER | {"hold_percent": 8}


def test_what_a_person_submits_is_still_refused_where_nobody_knows_it(linked: Connection) -> None:
    with pytest.raises(SettingsInvalid, match="There is no setting “dimensions”"):
        settings_from({"dimensions": 4})
    with tenant_transaction(linked.organization_id), pytest.raises(Refused, match="There is no setting “beam”"):
        connection_configure(connection=linked, settings={"beam": []})


def test_a_run_of_a_release_that_laid_nothing_out_goes_on(linked: Connection, handle: Handle, settings: Any) -> None:
    handle()
    run = begun(linked, settings)
    with tenant_transaction(linked.organization_id):
        Run.objects.filter(pk=run.pk).update(plan={})
        RunStream.objects.filter(run=run, name="priorities").delete()
    settings.SYNC_SLICE_SECONDS = 60
    run = rested(run)
    assert (run.state, run.result) == ("done", "success"), run.message
    with tenant_transaction(linked.organization_id):
        assert Board.objects.exists()
