"""Whatever goes wrong, a run ends, and says why: faults that nobody foresaw are counted, told and contained."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import redis
from django.db import OperationalError
from django.db import connection as database
from django.test import RequestFactory
from structlog.testing import capture_logs

from foundation.core.database_errors import away_words, is_away, is_busy, refuses_data
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.errors import TransientError
from integrations.models import Connection
from portal.web.errors import server_error
from sync.engine.read import fetch
from sync.engine.run import conclude, containment, drive, finish
from sync.engine.run.drive import advance
from sync.engine.run.lease import claim
from sync.models import Alarm, Run, RunIssue, RunLog, RunSignal, RunStream
from sync.streams import TARGETS
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Handle, Sync, Synced, asked, rested
from tests.sync.test_leases import expire
from tickets.models import Ticket

REFERENCE = r"Tell support the log reference [0-9a-f]{8}\."
Fail = Callable[..., None]


class Odd(Exception):
    """Nobody foresaw it."""


class Killed(BaseException):
    """The end of a worker, as far as a test can survive it."""


def always(*arguments: Any) -> bool:
    return True


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """``fail(drive, "verify", error)`` makes the engine's function raise, ``times`` times, where ``when`` holds of its arguments."""

    def go(
        module: Any, name: str, error: BaseException, *, times: int = 1000, when: Callable[..., bool] = always
    ) -> None:
        real, left = getattr(module, name), [times]

        def faulty(*arguments: Any, **more: Any) -> Any:
            if left[0] and when(*arguments):
                left[0] -= 1
                raise error
            return real(*arguments, **more)

        monkeypatch.setattr(module, name, faulty)

    return go


def of_tickets(work: Any, spec: Any, *more: Any) -> bool:
    return bool(spec.name == "tickets")


def slices(run: Run, most: int = 60) -> Iterator[Run]:
    """The run after each slice, without the waits in between, until it has ended."""
    with tenant(run.organization_id):
        for _ in range(most):
            advance(run.pk)
            with tenant_transaction():
                now: Run = Run.objects.get(pk=run.pk)
            yield now
            if not now.is_open:
                return
            with tenant_transaction():
                Run.objects.filter(pk=run.pk, state="waiting").update(wait_until=None)
    raise AssertionError("the run never ended")


def staged(run: Run) -> int:
    with tenant_transaction(run.organization_id), database.cursor() as cursor:
        counts = []
        for target in TARGETS.values():
            cursor.execute(f"SELECT count(*) FROM {target.staging} WHERE run_id = %s", [run.pk])
            counts.append(cursor.fetchone()[0])
    return sum(counts)


def test_a_fault_ends_the_run_after_three_tries_and_says_where(
    linked: Connection, handle: Handle, calm: Sandbox, fail: Fail
) -> None:
    handle()
    fail(fetch, "land_page", Odd("nobody foresaw it"), when=of_tickets)
    seen = list(slices(asked(linked, "full")))
    assert [(run.state, run.faults) for run in seen] == [("waiting", 1), ("waiting", 2), ("failed", 2)]
    assert seen[1].wait_reason == (
        "A fault of MSPortal's own stopped this sync. Tried 2 of 3 times; the sync goes on by itself."
    )
    run = seen[-1]
    assert (run.result, run.error_code, run.lease_until, staged(run)) == ("error", "fault", None, 0)
    said = "A fault of MSPortal's own stopped this sync. It stopped while fetching (tickets, page 1) (Odd), after 3 tries. "
    assert re.fullmatch(f"{re.escape(said)}{REFERENCE} Applied before that: .*", run.message), run.message
    with tenant_transaction(linked.organization_id):
        issue = RunIssue.objects.get(run=run)
        assert (issue.stream, issue.remote_id, issue.code) == ("tickets", "", "fault")
        assert re.fullmatch(f"{re.escape(said)}{REFERENCE}", issue.message)
        assert Alarm.objects.get(connection=linked, ended_at=None).code == "fault"
        assert RunLog.objects.filter(run=run, level="error").count() == 1
    assert asked(linked, "full").pk != run.pk, "the lane is free again"


def test_waits_between_tries_grow(linked: Connection, handle: Handle, fail: Fail) -> None:
    handle()
    fail(drive, "connect", Odd())
    run = asked(linked)
    list(slices(run))
    with tenant_transaction(linked.organization_id):
        waits = RunLog.objects.filter(run=run, message__startswith="Waiting").order_by("id")
        assert [line.fields for line in waits] == [
            {"seconds": 2.0, "code": "fault"},
            {"seconds": 4.0, "code": "fault"},
        ]


def test_the_log_names_the_place_and_no_secret(linked: Connection, handle: Handle, calm: Sandbox, fail: Fail) -> None:
    handle()
    secret = calm.credentials["private_key"]
    fail(fetch, "land_page", Odd(f"with {secret} of ada@acme.test"), when=of_tickets)
    with capture_logs() as lines:
        run = rested(asked(linked))
    told = [line for line in lines if line["event"] == "A fault stopped a slice of a run"]
    assert len(told) == 3
    fields = {name: told[0][name] for name in ("organization", "connection", "run", "stream", "page", "parent")}
    assert fields == {
        "organization": linked.organization_id,
        "connection": linked.pk,
        "run": run.pk,
        "stream": "tickets",
        "page": 1,
        "parent": "",
    }
    assert told[-1]["reference"] in run.message
    error = told[0]["errors"][0]
    assert (error["kind"], error["said"]) == ("Odd", "with ••• of •••")
    assert [place.split()[-1] for place in error["at"]][:3] == ["advance", "slice_of", "fetch"]
    assert error["at"][0].startswith("sync/engine/run/drive.py:")
    assert secret not in str(lines)


PHASES = [
    (drive, "opened", "queued"),
    (drive, "connect", "connecting"),
    (drive, "count_streams", "counting"),
    (drive, "fetch", "fetching"),
    (drive, "verify", "verifying"),
    (drive, "find", "verifying"),
    (drive, "apply_staged", "applying"),
    (drive, "clean_up", "cleaning up"),
    (finish, "figures_of", "cleaning up"),
]


@pytest.mark.parametrize(("module", "name", "doing"), PHASES)
def test_a_fault_anywhere_ends_the_run(
    linked: Connection, handle: Handle, synced: Synced, fail: Fail, module: Any, name: str, doing: str
) -> None:
    handle()
    synced()
    fail(module, name, Odd())
    *waiting, run = slices(asked(linked))
    assert [each.state for each in waiting] == ["waiting", "waiting"]
    assert (run.state, run.error_code, staged(run)) == ("failed", "fault", 0)
    assert f"It stopped while {doing}" in run.message
    applied = doing == "cleaning up"
    assert run.message.endswith("All that it read is applied; only the cleaning up was left.") is applied
    assert run.message.endswith("Nothing here was changed.") is not applied


@pytest.mark.parametrize("name", ["preview_staged", "find"])
def test_a_fault_of_a_preview_ends_it_and_raises_no_alarm(
    linked: Connection, handle: Handle, synced: Synced, fail: Fail, name: str
) -> None:
    from sync.services.previews import preview_request

    handle()
    synced()
    fail(drive, name, Odd())
    with tenant_transaction(linked.organization_id):
        run = preview_request(connection=linked, kind="full", trigger="person").run
    assert (rested(run).error_code, staged(run)) == ("fault", 0)
    with tenant_transaction(linked.organization_id):
        assert not Alarm.objects.exists()


def test_an_advance_in_between_begins_the_count_anew(
    linked: Connection, handle: Handle, sync: Sync, fail: Fail
) -> None:
    handle()
    fail(drive, "count_streams", Odd(), times=2)
    fail(drive, "verify", Odd(), times=2)
    *_, run = slices(asked(linked, "clear_resync"))
    assert (run.state, run.faults, run.claims) == ("done", 0, 1)


def test_settings_that_nobody_can_read_end_the_run_at_once(linked: Connection) -> None:
    run = asked(linked)
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(settings=linked.settings | {"boards": "all of them"})
    [closed] = slices(run)
    assert (closed.state, closed.error_code) == ("failed", "settings_invalid")
    assert closed.message.startswith("The settings of this connection can't be used: boards must be a list of ids")


def test_a_value_that_only_a_newer_release_knows_stops_no_run(linked: Connection) -> None:
    newer = {"conflict_rule": "merge_fields", "hold_percent": 0.5, "retry_attempts": "many"}
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(settings=linked.settings | newer)
    closed = rested(asked(linked))
    assert (closed.state, closed.result) == ("done", "success")
    with tenant_transaction(linked.organization_id):
        stored = Connection.objects.get(pk=linked.pk).settings
    assert {name: stored[name] for name in newer} == newer


def test_a_run_whose_connection_is_removed_meanwhile_is_let_go(linked: Connection, fail: Fail) -> None:
    run = asked(linked)
    with tenant(linked.organization_id):
        with tenant_transaction():
            lease = claim(run.pk)
            Run.objects.filter(pk=run.pk).update(lease_until=None)
        assert lease is not None
        with tenant_transaction():
            Run.objects.filter(pk=run.pk).delete()
        with capture_logs() as lines:
            conclude.conclude(lease, drive.Place(), drive.LeaseLost())
            assert not advance(run.pk)
    assert [line for line in lines if line["log_level"] == "error"] == []


# --- workers that die without a word -------------------------------------------------------------------------------------------------


def die(run: Run, times: int) -> None:
    """So many workers take the run and never give it back."""
    for _ in range(times):
        with tenant(run.organization_id):
            assert claim(run.pk) is not None
        expire(run)


def test_a_run_that_kills_its_workers_ends(linked: Connection, handle: Handle, fail: Fail) -> None:
    handle()
    run = asked(linked)
    fail(fetch, "land_page", Killed(), when=of_tickets)
    with tenant(run.organization_id), pytest.raises(Killed):
        advance(run.pk)
    expire(run)
    die(run, conclude.DEATHS - 1)
    [closed] = slices(run)
    assert (closed.state, closed.error_code) == ("failed", "worker_died")
    assert closed.message.startswith(
        "The workers of this sync ended 20 times in a row while fetching (tickets, page 1) without a word, as they do when"
    )


def test_deaths_with_an_advance_in_between_end_nothing(linked: Connection, handle: Handle) -> None:
    handle()
    run = asked(linked)
    die(run, conclude.DEATHS)
    with tenant_transaction(linked.organization_id):
        Run.objects.filter(pk=run.pk).update(claims=conclude.DEATHS - 1)
    closed = rested(run)
    assert (closed.state, closed.claims) == ("done", 1)


def test_waits_that_the_psa_asks_for_are_no_deaths(linked: Connection, handle: Handle, calm: Sandbox) -> None:
    handle()
    calm.control("faults", kind="429", retry_after=30)
    run = asked(linked)
    with tenant(run.organization_id):
        for _ in range(3):
            advance(run.pk)
            with tenant_transaction():
                Run.objects.filter(pk=run.pk, state="waiting").update(wait_until=None)
    with tenant_transaction(linked.organization_id):
        now = Run.objects.get(pk=run.pk)
    assert (now.state, now.claims, now.faults, now.attempts) == ("waiting", 0, 0, 0)


# --- errors in what deals with errors ---------------------------------------------------------------------------------------------------


def press_cancel(run: Run) -> None:
    """As a press while a worker has the run."""
    with tenant_transaction(run.organization_id):
        RunSignal.objects.create(organization_id=run.organization_id, run=run, kind="cancel")


@pytest.mark.parametrize("error", [TransientError("The PSA is away."), Odd()])
def test_a_cancel_is_seen_in_the_handling_of_an_error(
    linked: Connection, handle: Handle, fail: Fail, error: Exception
) -> None:
    handle()
    run = asked(linked)

    def pressed(work: Any, spec: Any, *more: Any) -> bool:
        if spec.name == "tickets":
            press_cancel(run)
        return bool(spec.name == "tickets")

    fail(fetch, "land_page", error, when=pressed)
    [closed] = slices(run)
    assert (closed.state, closed.result, staged(closed)) == ("cancelled", "cancelled", 0)


def test_a_run_that_cannot_be_ended_as_usual_is_ended_all_the_same(
    linked: Connection, handle: Handle, fail: Fail
) -> None:
    handle()
    fail(drive, "connect", Odd())
    fail(finish, "note_failures", Odd())
    closed = rested(asked(linked))
    assert (closed.state, closed.result, closed.error_code) == ("failed", "error", "fault")
    assert "It could not be ended as usual. Tell support the log reference " in closed.message


def test_a_cancelled_run_that_cannot_be_ended_as_usual_is_cancelled_all_the_same(
    linked: Connection, handle: Handle, fail: Fail
) -> None:
    handle()
    run = asked(linked)
    fail(finish, "close_cancelled", Odd())
    press_cancel(run)
    closed = rested(run)
    assert (closed.state, closed.result) == ("cancelled", "cancelled")


# --- the database itself ----------------------------------------------------------------------------------------------------------------


def raised(error: psycopg.Error) -> Exception:
    """As Django raises it."""
    try:
        try:
            raise error
        except psycopg.Error as cause:
            raise OperationalError(str(cause)) from cause
    except OperationalError as wrapped:
        return wrapped


def test_a_database_that_can_not_work_is_waited_for_and_then_said(
    linked: Connection, handle: Handle, fail: Fail
) -> None:
    handle()
    fail(fetch, "land_page", raised(psycopg.errors.DiskFull("no space left")), when=of_tickets)
    *waiting, run = slices(asked(linked))
    assert len(waiting) == containment.AWAY.tries - 1
    assert waiting[0].wait_reason == (
        "MSPortal's own database could not be used: its disk is full. Tried 1 of 20 times; the sync goes on by itself."
    )
    assert (run.state, run.error_code) == ("failed", "database_away")
    assert "Whoever runs MSPortal has to look after the database." in run.message


def test_a_run_that_a_full_disk_leaves_no_line_for_waits_and_no_worker_counts_as_dead(
    linked: Connection, handle: Handle, fail: Fail
) -> None:
    handle()
    full = raised(psycopg.errors.DiskFull("no space left"))
    fail(fetch, "land_page", full, when=of_tickets)
    fail(finish, "park", full)
    waiting = next(iter(slices(asked(linked))))
    assert (waiting.state, waiting.claims, waiting.lease_until) == ("waiting", 0, None)
    assert waiting.wait_reason == (
        "MSPortal's own database could not be used: its disk is full. The sync goes on by itself once there is room."
    )


@pytest.mark.parametrize("error", [psycopg.errors.DeadlockDetected("x"), psycopg.errors.SerializationFailure("x")])
def test_writers_in_each_others_way_try_again(
    linked: Connection, handle: Handle, fail: Fail, error: psycopg.Error
) -> None:
    handle()
    fail(fetch, "land_page", raised(error), when=of_tickets, times=4)
    run = rested(asked(linked))
    assert (run.state, run.result) == ("done", "success")


ERRORS = psycopg.errors
KINDS: list[tuple[Exception, tuple[bool, bool, bool]]] = [
    (ERRORS.StringDataRightTruncation(), (True, False, False)),
    (ERRORS.UntranslatableCharacter(), (True, False, False)),
    (ERRORS.NotNullViolation(), (True, False, False)),
    (ERRORS.ProgramLimitExceeded(), (True, False, False)),
    (raised(ERRORS.ProgramLimitExceeded()), (True, False, False)),
    (psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"), (True, False, False)),
    (ERRORS.DeadlockDetected(), (False, True, False)),
    (ERRORS.QueryCanceled(), (False, True, False)),
    (ERRORS.DiskFull(), (False, False, True)),
    (ERRORS.AdminShutdown(), (False, False, True)),
    (raised(psycopg.OperationalError("the connection is closed")), (False, False, True)),
    (ERRORS.UndefinedColumn(), (False, False, False)),
    (KeyError("x"), (False, False, False)),
]


@pytest.mark.parametrize(("error", "kinds"), KINDS)
def test_errors_of_the_database_are_told_apart(error: Exception, kinds: tuple[bool, bool, bool]) -> None:
    assert (refuses_data(error), is_busy(error), is_away(error)) == kinds


@pytest.mark.parametrize(
    ("error", "status"), [(ERRORS.ProgramLimitExceeded(), 500), (ERRORS.DiskFull(), 503), (ERRORS.AdminShutdown(), 503)]
)
def test_pages_tell_refused_data_and_an_outage_apart(rf: RequestFactory, error: psycopg.Error, status: int) -> None:
    try:
        raise raised(error)
    except OperationalError:
        assert server_error(rf.get("/")).status_code == status


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (redis.exceptions.ConnectionError("Connection refused."), 503),
        (redis.exceptions.ResponseError("MISCONF Errors writing to the AOF file: No space left on device"), 503),
        (redis.exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), 503),
        (redis.exceptions.ResponseError("WRONGTYPE Operation against a key"), 500),
    ],
)
def test_pages_tell_a_message_queue_that_is_away_from_a_fault(
    rf: RequestFactory, error: redis.RedisError, status: int
) -> None:
    try:
        raise error
    except redis.RedisError:
        assert server_error(rf.get("/")).status_code == status


def test_pages_say_that_a_disk_is_full(rf: RequestFactory) -> None:
    try:
        raise raised(ERRORS.DiskFull())
    except OperationalError:
        answer = server_error(rf.get("/"))
    assert answer["Retry-After"] == "5"
    assert b"A disk of MSPortal&#x27;s servers is full: whoever runs MSPortal has to free some space" in answer.content


def test_why_the_database_is_away_is_said() -> None:
    assert away_words(ERRORS.OutOfMemory()) == "it is out of memory"
    assert away_words(ERRORS.CannotConnectNow()) == "it is being shut down or restarted"
    assert away_words(psycopg.OperationalError("connection failed")) == "it did not answer"


def test_what_readers_see_stays_when_a_fault_ends_a_full_sync(
    linked: Connection, handle: Handle, synced: Synced, calm: Sandbox, fail: Fail
) -> None:
    handle()
    synced()
    with tenant_transaction(linked.organization_id):
        before = sorted(Ticket.objects.values_list("pk", "summary"))
    calm.control("change", n=5, set={"summary": "not to be seen"})
    fail(drive, "apply_staged", Odd())
    run = rested(asked(linked, "full"))
    with tenant_transaction(linked.organization_id):
        assert sorted(Ticket.objects.values_list("pk", "summary")) == before
        states = set(RunStream.objects.filter(run=run).values_list("state", flat=True))
    assert states == {"failed"}
