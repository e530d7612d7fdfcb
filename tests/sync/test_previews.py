"""Previews: they say what a sync would do, change nothing, and can be applied exactly as they are."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection as database
from django.utils import timezone

from foundation.ledger.models import JournalEntry, PendingChange
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.run.drive import advance
from sync.models import Alarm, Cursor, Issue, PreviewRecord, Run, RunIssue, RunStream, Victim
from sync.selectors.previews import apply_refusal
from sync.selectors.resync_impact import expectation
from sync.selectors.undo import undo_refusal
from sync.services.previews import preview_apply, preview_request, previews_expire
from sync.services.runs import RunRefused, run_approve, run_cancel, run_reject
from sync.streams import TARGETS
from tests.fixtures.crashes import killed_at
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import DAILY, Sync, Synced, unreadable
from tickets.models import Ticket

LEDGER = {"sync_run", "sync_runstream", "sync_runissue", "sync_runlog", "sync_runsignal", "sync_previewrecord"}
"""What a preview writes: itself. Beside these: the audit, and what is known of the connection's health."""
LOOSE = {
    "streams": DAILY,
    "date_range_days": None,
    "hold_least": 1_000_000,
    "hold_percent": 100,
    "hold_company_percent": 100,
    "hold_second_percent": 100,
}
LONG = "😀" * 300
ASIDE = {"tenancy_auditevent", "integrations_connection"}


def work_on(run: Run, slices: int = 50) -> Run:
    with tenant(run.organization_id):
        for _ in range(slices):
            if not advance(run.pk):
                break
        with tenant_transaction():
            return Run.objects.select_related("connection").get(pk=run.pk)


def preview(linked: Connection, kind: str, **more: Any) -> Run:
    with tenant_transaction(linked.organization_id):
        connection = Connection.objects.get(pk=linked.pk)
        asked = preview_request(connection=connection, kind=kind, trigger="person", **more)
    return work_on(asked.run)


def applied(run: Run, **more: Any) -> Run:
    with tenant_transaction(run.organization_id):
        asked = preview_apply(preview=run, trigger="person", **({"reason": "As previewed"} | more))
    return work_on(asked.run)


def everything(organization_id: int) -> dict[str, list[Any]]:
    """Every row of every table of the organization, but those in which a preview writes itself down."""
    with tenant_transaction(organization_id), database.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'organization_id'"
        )
        names = sorted({row[0] for row in cursor.fetchall()} - LEDGER - ASIDE)
        found = {}
        for name in names:
            cursor.execute(f'SELECT to_jsonb(t) FROM "{name}" t ORDER BY t::text')
            found[name] = cursor.fetchall()
        cursor.execute("SELECT settings, range_start, fingerprint FROM integrations_connection ORDER BY id")
        found["connection"] = cursor.fetchall()
    return found


def previewed(run: Run) -> list[tuple[Any, ...]]:
    """What the preview says would be written, as the journal says it."""
    with tenant_transaction(run.organization_id):
        rows = PreviewRecord.objects.filter(run=run).exclude(action="skipped")
        return sorted(rows.values_list("stream", "remote_id", "action", "label", "before", "after"), key=str)


def journalled(run: Run) -> list[tuple[Any, ...]]:
    with tenant_transaction(run.organization_id):
        rows = JournalEntry.objects.filter(run_id=run.pk)
        return sorted(rows.values_list("stream", "remote_id", "action", "label", "before", "after"), key=str)


def staged(run: Run) -> int:
    tables = [target.staging for target in TARGETS.values()]
    counts = " + ".join(
        f"(SELECT count(*) FROM {table} WHERE run_id = %(run)s)" for table in [*tables, "staging.parents"]
    )
    with tenant_transaction(run.organization_id), database.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", {"run": run.pk})
        return int(cursor.fetchone()[0])


def stir(sandbox: Sandbox, linked: Connection) -> None:
    """The PSA goes on: tickets change, come and go, one leaves the scope, a company goes, a note is written."""
    sandbox.control("change", n=7)
    sandbox.control("create", n=3)
    sandbox.control("delete", n=4)
    with tenant_transaction(linked.organization_id):
        busy = Ticket.objects.filter(is_closed=False, note_set__isnull=False).order_by("number").first()
    assert busy is not None
    sandbox.control("change", ids=[int(busy.remote_id)], set={"summary": "It is on fire"})


def long_summaries(sandbox: Sandbox, ids: list[int]) -> None:
    """From now on the PSA says these of the tickets, though it takes none of such a length."""
    sandbox.control("faults", kind="row", odd={"ids": ids, "set": {"summary": json.dumps(LONG + "!")}})


@pytest.mark.parametrize("kind", ["quick", "full", "clear_resync"])
def test_a_preview_changes_nothing_and_what_it_says_is_what_applying_it_does(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection, kind: str
) -> None:
    synced()
    stir(calm, linked)
    with tenant_transaction(linked.organization_id):
        Ticket.objects.filter(pk=Ticket.objects.order_by("pk")[0].pk).update(summary="altered by hand")
    before = everything(linked.organization_id)
    run = preview(linked, kind)
    assert (run.state, run.result, run.lane) == ("done", "success", "bulk"), run.message
    assert everything(linked.organization_id) == before
    assert staged(run) > 0
    said = previewed(run)
    actions = {row[2] for row in said}
    assert actions == ({"created", "updated"} if kind == "quick" else {"created", "updated", "removed"})
    assert any(row[2] == "updated" and row[5].get("summary") == "It is on fire" for row in said if row[0] == "tickets")
    result = applied(run)
    assert (result.state, result.kind, result.applies) == ("done", kind, run.pk), result.message
    assert journalled(result) == said
    assert staged(run) == 0
    again = sync(kind)
    assert again.result == "no_change", again.message


def test_the_sentence_counts_what_is_listed(synced: Synced, calm: Sandbox, linked: Connection) -> None:
    synced()
    calm.control("delete", n=3)
    run = preview(linked, "full")
    gone = [row for row in previewed(run) if row[2] == "removed"]
    assert [row[0] for row in gone].count("tickets") == 3
    assert run.message == f"Preview: would remove {len(gone)}."
    with tenant_transaction(linked.organization_id):
        reasons = PreviewRecord.objects.filter(run=run, stream="tickets").values_list("reason", flat=True)
        assert set(reasons) == {"not in the PSA any more"}
        unchanged = RunStream.objects.get(run=run, name="tickets")
        assert (unchanged.removed, unchanged.unchanged, unchanged.state) == (3, Ticket.objects.count() - 3, "done")
    assert undo_refusal(run).startswith("A preview changes nothing")


def test_a_preview_of_no_change_says_so(synced: Synced, linked: Connection) -> None:
    synced()
    run = preview(linked, "full")
    assert (run.result, run.message) == ("no_change", "Preview: would change nothing.")


def test_what_the_settings_leave_out_is_told_from_what_is_gone(synced: Synced, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        board = Ticket.objects.order_by("pk")[0].board_remote_id
        Connection.objects.filter(pk=linked.pk).update(
            settings={"streams": DAILY, "date_range_days": None, "boards": [board]}
        )
    run = preview(linked, "full")
    with tenant_transaction(linked.organization_id):
        reasons = PreviewRecord.objects.filter(run=run, stream="tickets", action="removed")
        assert set(reasons.values_list("reason", flat=True)) == {"outside of the settings"}
        assert reasons.count() == Ticket.objects.exclude(board_remote_id=board).count()
    assert journalled(applied(run)) == previewed(run)


def test_a_quick_preview_tells_what_left_the_scope_and_what_never_was_in_it(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        other = Ticket.objects.filter(is_closed=False).order_by("pk")[0]
        mine = Ticket.objects.filter(is_closed=False, board_remote_id=other.board_remote_id)
        mine = mine.exclude(status_remote_id=other.status_remote_id).order_by("pk")[0]
        settings = LOOSE | {"excluded_statuses": [other.status_remote_id]}
        Connection.objects.filter(pk=linked.pk).update(settings=settings)
    assert sync("full").state == "done"
    calm.control("change", ids=[int(mine.remote_id)], set={"status": {"id": int(other.status_remote_id)}})
    calm.control("change", ids=[int(other.remote_id)], set={"summary": "Nobody here wants it"})
    long_summaries(calm, [int(other.remote_id)])
    run = preview(linked, "quick")
    with tenant_transaction(linked.organization_id):
        rows = PreviewRecord.objects.filter(run=run, stream="tickets").order_by("action")
        assert list(rows.values_list("remote_id", "action", "reason")) == [
            (mine.remote_id, "removed", "left the scope"),
            (other.remote_id, "skipped", "outside of the settings"),
        ]
        assert rows.get(remote_id=other.remote_id).label == LONG[:200]
    assert journalled(applied(run)) == previewed(run)


def test_what_is_older_than_what_is_here_is_skipped(synced: Synced, calm: Sandbox, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        chosen = Ticket.objects.order_by("pk")[0]
    calm.control("change", ids=[int(chosen.remote_id)], set={"summary": "Written later"})
    soon = timezone.now() + dt.timedelta(hours=1)
    with tenant_transaction(linked.organization_id):
        Ticket.objects.filter(pk=chosen.pk).update(remote_updated_at=soon, synced_at=soon, fetched_at=soon)
    run = preview(linked, "full")
    with tenant_transaction(linked.organization_id):
        rows = list(PreviewRecord.objects.filter(run=run).values_list("remote_id", "action", "reason"))
    assert rows == [(chosen.remote_id, "skipped", "what is here is newer")]
    assert run.message == "Preview: would change nothing."


def test_a_preview_before_the_first_sync_reads_everything_and_can_be_applied(calm: Sandbox, linked: Connection) -> None:
    run = preview(linked, "quick")
    assert (run.reads_as, run.result) == ("full", "success"), run.message
    with tenant_transaction(linked.organization_id):
        assert not Ticket.objects.exists()
        assert not Cursor.objects.exists()
    result = applied(run)
    assert result.state == "done", result.message
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == 300
        assert Cursor.objects.filter(stream="tickets", full_at__isnull=False).exists()
        assert not Ticket.objects.filter(company=None, company_remote_id__isnull=False).exists()


def test_a_clear_drops_unsent_edits_only_when_its_preview_is_applied(synced: Synced, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        ticket = Ticket.objects.order_by("pk")[0]
        edit = PendingChange.objects.create(
            organization_id=linked.organization_id,
            connection_id=linked.pk,
            stream="tickets",
            record_id=ticket.pk,
            remote_id=ticket.remote_id,
            base={"summary": ticket.summary},
            new={"summary": "Mine"},
        )
    run = preview(linked, "clear_resync")
    assert run.message == "Preview: would drop 1 unsent local change."
    with tenant_transaction(linked.organization_id):
        assert PendingChange.objects.get(pk=edit.pk).state == "waiting"
    applied(run)
    with tenant_transaction(linked.organization_id):
        assert PendingChange.objects.get(pk=edit.pk).state == "dropped"


def test_a_clear_takes_its_date_range_along(synced: Synced, linked: Connection) -> None:
    synced()
    long_ago = timezone.now().replace(microsecond=0) - dt.timedelta(days=300)
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(settings=LOOSE | {"date_range_days": 30}, range_start=long_ago)
    run = preview(linked, "clear_resync")
    with tenant_transaction(linked.organization_id):
        assert Connection.objects.get(pk=linked.pk).range_start == long_ago
    result = applied(run)
    assert result.state == "done", result.message
    with tenant_transaction(linked.organization_id):
        start = Connection.objects.get(pk=linked.pk).range_start
        assert start == dt.datetime.fromisoformat(run.plan["range_start"]) > long_ago
        assert not Ticket.objects.filter(is_closed=True, remote_updated_at__lt=start).exists()


def refusal(run: Run) -> str:
    with tenant_transaction(run.organization_id):
        with pytest.raises(RunRefused) as caught:
            preview_apply(preview=run, trigger="person", reason="As previewed")
        assert not Run.objects.filter(scope__preview=run.pk).exists() or run.scope.get("applied_by")
    return str(caught.value)


def test_it_is_not_applied_once_the_settings_have_changed(synced: Synced, linked: Connection) -> None:
    synced()
    run = preview(linked, "full")
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(
            settings={"streams": DAILY, "date_range_days": None, "excluded_statuses": ["1"]}
        )
    assert refusal(run).startswith("The settings of this connection have changed since the preview.")


def test_it_is_not_applied_once_another_run_has_written(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("change", n=2)
    run = preview(linked, "full")
    other = sync("quick")
    assert refusal(run).startswith(f"Run {other.pk} has changed records of this connection since the preview.")


def test_a_run_that_wrote_nothing_does_not_stand_in_its_way(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("delete", n=2)
    run = preview(linked, "full")
    assert sync("quick").result == "no_change"
    assert applied(run).state == "done"


def test_it_is_not_applied_after_its_hour_and_the_sweeper_takes_what_it_read(
    synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("delete", n=2)
    run = preview(linked, "full")
    previews_expire()
    assert staged(run) > 0
    with tenant_transaction(linked.organization_id):
        Run.objects.filter(pk=run.pk).update(staged_until=timezone.now())
    assert refusal(run).startswith("What this preview read was kept for an hour and is gone.")
    previews_expire()
    assert staged(run) == 0
    assert refusal(run).startswith("What this preview read was kept for an hour and is gone.")
    assert previewed(run)


def test_a_change_between_the_press_and_the_moment_ends_it_without_a_write(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("change", n=2)
    run = preview(linked, "full")
    with tenant_transaction(linked.organization_id):
        asked = preview_apply(preview=run, trigger="person")
    other = sync("quick")
    before = everything(linked.organization_id)
    result = work_on(asked.run)
    assert (result.state, result.error_code) == ("failed", "outdated")
    assert result.message.startswith(f"Run {other.pk} has changed records")
    after = everything(linked.organization_id)
    differing = {name for name in after if after[name] != before[name]}
    assert differing <= {"sync_alarm", "sync_issue"}
    assert staged(run) == 0


def test_what_it_would_remove_holds_the_run_that_applies_it(synced: Synced, calm: Sandbox, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(
            settings={"streams": DAILY, "date_range_days": None, "hold_least": 1, "hold_percent": 1}
        )
    calm.control("delete", n=20)
    run = preview(linked, "full")
    assert run.state == "done"
    assert "20 of 300 tickets would be removed" in run.verification["preview"]["held"]
    held = applied(run)
    assert (held.state, held.applies) == ("held", run.pk), held.message
    with tenant_transaction(linked.organization_id):
        assert Victim.objects.filter(run=held, stream="tickets").count() == 20
        assert Ticket.objects.count() == 300
        run_approve(run=held, actor=None, reason="They were closed by mistake")
    done = work_on(held)
    assert done.state == "done", done.message
    assert journalled(done) == previewed(run)


def test_rejecting_it_leaves_everything_and_takes_what_was_read(
    synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(
            settings={"streams": DAILY, "date_range_days": None, "hold_least": 1, "hold_percent": 1}
        )
    calm.control("delete", n=20)
    run = preview(linked, "full")
    held = applied(run)
    with tenant_transaction(linked.organization_id):
        run_reject(run=held, actor=None, reason="No")
        assert Ticket.objects.count() == 300
    assert staged(run) == 0
    with tenant_transaction(linked.organization_id):
        fresh = Run.objects.get(pk=run.pk)
        assert apply_refusal(fresh, linked).startswith(f"Run {held.pk} has taken this preview already.")


def test_a_later_preview_takes_the_place_of_an_earlier_one(synced: Synced, calm: Sandbox, linked: Connection) -> None:
    synced()
    calm.control("delete", n=2)
    first = preview(linked, "full")
    second = preview(linked, "quick")
    assert (staged(first), previewed(first)) == (0, [])
    assert second.result == "no_change"
    assert refusal(first).startswith("What this preview read was kept for an hour and is gone.")


def test_a_press_joins_a_preview_of_the_same_kind_and_no_other(linked: Connection) -> None:
    with tenant_transaction(linked.organization_id):
        connection = Connection.objects.get(pk=linked.pk)
        first = preview_request(connection=connection, kind="full", trigger="person")
        again = preview_request(connection=connection, kind="full", trigger="person")
        assert (again.joined, again.run.pk) == (True, first.run.pk)
        with pytest.raises(RunRefused, match="A preview of a full sync is open"):
            preview_request(connection=connection, kind="clear_resync", trigger="person")


def test_a_preview_that_fails_raises_no_alarm_and_books_no_issue(
    synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("faults", match={"path": "service/tickets/count"}, kind="count", offset=40)
    run = preview(linked, "full")
    assert (run.state, run.error_code) == ("failed", "incomplete"), run.message
    assert "Nothing here was changed" in run.message
    with tenant_transaction(linked.organization_id):
        assert not Alarm.objects.exists()
        assert not Issue.objects.exists()
    assert staged(run) == 0
    assert refusal(run).startswith("This preview did not come to its end")


def test_what_could_not_be_read_stays_and_is_said_by_both(synced: Synced, calm: Sandbox, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        chosen = Ticket.objects.order_by("pk")[0]
    unreadable(calm, [int(chosen.remote_id)])
    run = preview(linked, "full")
    assert run.result == "warning", run.message
    result = applied(run)
    assert result.result == "warning", result.message
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.get(pk=chosen.pk).summary == chosen.summary
        said = [list(RunIssue.objects.filter(run=each).values_list("remote_id", flat=True)) for each in (run, result)]
        assert said[0] == said[1]
        assert chosen.remote_id in said[0]


def test_cancelling_a_preview_takes_what_it_read(synced: Synced, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        connection = Connection.objects.get(pk=linked.pk)
        asked = preview_request(connection=connection, kind="full", trigger="person")
        run_cancel(run=asked.run, actor=None)
    run = work_on(asked.run)
    assert (run.state, staged(run)) == ("cancelled", 0)


def command(*arguments: str) -> dict[str, Any]:
    """The answer of ``sync …`` with --wait."""
    out = io.StringIO()
    call_command("sync", *arguments, "--wait", "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_the_command_line_previews_and_applies(sync: Sync, calm: Sandbox, linked: Connection) -> None:
    first = sync("full")
    calm.control("delete", n=2)
    said = command("start", "--connection", str(linked.pk), "--kind", "full", "--preview")
    assert (said["kind"], said["result"]) == ("preview", "success")
    assert said["streams"]["tickets"]["removed"] == 2
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == 300
    done = command("apply", "--run", str(said["run"]))
    assert (done["kind"], done["result"]) == ("full", "success")
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == 298
        run = Run.objects.get(pk=done["run"])
        assert run.applies == said["run"]
        assert expectation(linked).run == first
    with pytest.raises(CommandError, match="has taken this preview already"):
        call_command("sync", "apply", "--run", str(said["run"]))


def resumed(linked: Connection) -> Run:
    """The latest run, taken over by another worker."""
    with tenant_transaction(linked.organization_id):
        run = Run.objects.latest("id")
        assert run.is_open
        Run.objects.filter(pk=run.pk).update(lease_until=None)
    return work_on(run)


@pytest.mark.committed
@pytest.mark.parametrize("point", ["page_committed", "verified", "previewed"])
def test_a_killed_preview_goes_on_and_says_each_record_once(
    synced: Synced, calm: Sandbox, linked: Connection, point: str
) -> None:
    synced()
    calm.control("delete", n=2)
    before = everything(linked.organization_id)
    killed_at(point, "start", "--connection", str(linked.pk), "--kind", "full", "--preview")
    run = resumed(linked)
    assert (run.state, run.result) == ("done", "success"), run.message
    assert everything(linked.organization_id) == before
    said = [row[:2] for row in previewed(run)]
    assert len(said) == len(set(said))
    assert [stream for stream, _ in said].count("tickets") == 2


@pytest.mark.committed
@pytest.mark.parametrize("point", ["verified", "applying", "applied"])
def test_a_kill_while_it_is_applied_costs_nothing(
    synced: Synced, calm: Sandbox, linked: Connection, point: str
) -> None:
    synced()
    calm.control("delete", n=2)
    run = preview(linked, "full")
    killed_at(point, "apply", "--run", str(run.pk))
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == (298 if point == "applied" else 300)
    done = resumed(linked)
    assert (done.state, done.result) == ("done", "success"), done.message
    assert journalled(done) == previewed(run)
    assert staged(run) == 0


def test_it_and_what_it_holds_know_a_record_by_the_first_200_characters_of_its_label(
    synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    soon = timezone.now() + dt.timedelta(hours=1)
    with tenant_transaction(linked.organization_id):
        settings = {"streams": DAILY, "date_range_days": None, "hold_least": 1, "hold_percent": 1}
        Connection.objects.filter(pk=linked.pk).update(settings=settings)
        newer, changed, *gone = (int(one.remote_id) for one in Ticket.objects.order_by("pk")[:22])
        Ticket.objects.update(summary=LONG)
        Ticket.objects.filter(remote_id=newer).update(remote_updated_at=soon, synced_at=soon, fetched_at=soon)
    long_summaries(calm, [newer, changed])
    calm.control("delete", ids=gone)
    run = preview(linked, "full")
    held = applied(run)
    assert held.state == "held", held.message
    with tenant_transaction(linked.organization_id):
        said = PreviewRecord.objects.filter(run=run, stream="tickets", label=LONG[:200])
        assert set(said.values_list("action", flat=True)) == {"updated", "removed", "skipped"}
        assert set(Victim.objects.filter(run=held, stream="tickets").values_list("label", flat=True)) == {LONG[:200]}
