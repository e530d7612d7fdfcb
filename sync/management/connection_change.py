"""manage.py connection change …: the steps of changing the PSA instance, as the page takes them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import msgspec
from django.core.management.base import CommandError

from foundation.tenancy.scope import tenant_transaction
from integrations import registry
from integrations.commands import ConnectionCommand
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.selectors import connection_whole
from integrations.services.choices import check_first_choices
from integrations.services.connections import (
    connection_configure,
    connection_credentials_set,
    connection_setup_move,
)
from integrations.services.probing import (
    connection_catalog_read,
    connection_tested,
    credentials_probe,
    reason_and_action,
    usable,
)
from integrations.settings_schema import readable_settings
from mappings.selectors import unmapped
from sync.management.commands.sync import GLANCE, until_closed
from sync.management.connection_input import credentials_from, json_file, settings_for
from sync.models import InstanceChange, Run
from sync.selectors.archive import archive_of
from sync.selectors.instance import change_of
from sync.selectors.resync_impact import live_counts, resync_impact
from sync.services import instance
from sync.services.purge import purge_advance
from sync.services.runs import RunRequested
from sync.services.summary import EXIT_CODES, run_summary

Step = InstanceChange.Step
Options = dict[str, Any]
NEXT = {
    Step.DISCONNECTED: "purge, or cancel",
    Step.PURGING: "connect, once the purge has ended",
    Step.PURGED: "connect",
    Step.CONNECTING: "read",
    Step.READING: "first, once members and companies are read and mapped",
}


def change_step(command: ConnectionCommand, connection: Connection, options: Options) -> int | None:
    """Takes one step, in the tenant scope and outside of a transaction. Returns the exit code."""
    return STEPS[options["step"]](command, connection, options)


def show(command: ConnectionCommand, connection: Connection, options: Options) -> None:
    _answer(command, connection)


def disconnect(command: ConnectionCommand, connection: Connection, options: Options) -> None:
    with tenant_transaction():
        instance.change_begin(connection=connection, actor=None, reason=options["reason"])
    _answer(command, connection)


def cancel(command: ConnectionCommand, connection: Connection, options: Options) -> None:
    with tenant_transaction():
        instance.change_cancel(change=_open(connection), actor=None)
    _answer(command, connection)


def export(command: ConnectionCommand, connection: Connection, options: Options) -> None:
    """At any time, as on the page. The file appears when it is whole, and only its owner can read it."""
    path = Path(options["file"])
    if path.exists():
        raise CommandError(f"{path} is there already. Nothing was written: name another file.")
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part:
            unfinished = Path(part.name)
            try:
                with tenant_transaction():
                    written = archive_of(connection, part)
                unfinished.rename(path)
            finally:
                unfinished.unlink(missing_ok=True)
    except OSError as err:
        raise CommandError(f"{path} can't be written: {err.strerror}.") from err
    records = sum(written.values())
    answer = {"connection": connection.pk, "name": connection.name, "file": str(path), "records": written}
    command.answer(answer, [f"{records:,} records of {connection.name} are in {path}."])


def purge(command: ConnectionCommand, connection: Connection, options: Options) -> None:
    with tenant_transaction():
        change = _open(connection)
        # One that an earlier call began is waited for, not begun again.
        if change.step != Step.PURGING or not options["wait"]:
            require_named(connection, options["confirm"])
            instance.change_purge(change=change, actor=None)
    if options["wait"]:
        until_purged(change.pk)
    _answer(command, connection)


def connect(command: ConnectionCommand, connection: Connection, options: Options) -> None:
    system = registry.provider(options["provider"])
    with tenant_transaction():
        change = _open(connection)
        instance.require_purged(change)
    credentials = credentials_from(json_file(options["credentials_file"]), system.key)
    given = json_file(options["settings_file"]) if options["settings_file"] else {}
    stored = msgspec.to_builtins(readable_settings(connection))
    kept = {name: value for name, value in stored.items() if name not in instance.OF_THE_INSTANCE}
    wanted = settings_for(system.key, {**kept, **given}, given)
    report = credentials_probe(system.key, credentials, besides=connection.pk)
    if not usable(report.checks):
        raise CommandError(f"Nothing was connected. {reason_and_action(report.checks)}")
    check_first_choices(provider=system.key, credentials=credentials, settings=wanted)
    with tenant_transaction():
        instance.change_connect(change=change, provider=system.key, actor=None)
        fresh = connection_whole(connection.pk)
        connected = connection_credentials_set(connection=fresh, credentials=credentials, report=report)
        connection_tested(connection=connected, report=report)
        connection_configure(connection=connected, settings=wanted, chosen=given)
        connection_setup_move(connection=connected, step="")
    with suppress(IntegrationError):  # the settings pages can ask again
        connection_catalog_read(connection=connected)
    _answer(command, connection)


def read(command: ConnectionCommand, connection: Connection, options: Options) -> int | None:
    with tenant_transaction():
        asked = instance.change_read(change=_open(connection), actor=None)
    return _followed(command, connection, asked, options)


def first(command: ConnectionCommand, connection: Connection, options: Options) -> int | None:
    with tenant_transaction():
        asked = instance.change_finish(change=_open(connection), actor=None)
    return _followed(command, connection, asked, options)


STEPS: dict[str, Callable[[ConnectionCommand, Connection, Options], int | None]] = {
    "show": show,
    "disconnect": disconnect,
    "cancel": cancel,
    "export": export,
    "purge": purge,
    "connect": connect,
    "read": read,
    "first": first,
}


def require_named(connection: Connection, name: str | None) -> None:
    """Purging takes the connection's name, as the page asks for it. Raises CommandError that says what would go."""
    if name is not None and name.strip() == connection.name.strip():
        return
    if name is not None:
        raise CommandError(f"The connection is called “{connection.name}”; --confirm must say exactly that.")
    rows, unsent = sum(count for _, count in live_counts(connection)), resync_impact(connection).unsent_count
    lost = f" and {unsent:,} edits that were not sent" if unsent else ""
    raise CommandError(
        f"This deletes {rows:,} records of “{connection.name}”{lost}, with its mappings and credentials. Nothing was deleted. "
        "Add --confirm with the connection's name to do it."
    )


def until_purged(change_id: int) -> None:
    """Returns when the purge has ended. Works on it here whenever no worker does: the change's row decides who."""
    while True:
        again = purge_advance(change_id)
        with tenant_transaction():
            if InstanceChange.objects.get(pk=change_id).step != Step.PURGING:
                return
        if not again:
            threading.Event().wait(GLANCE)


def _open(connection: Connection) -> InstanceChange:
    """The change that is under way, in the caller's transaction. Raises CommandError when there is none."""
    change = change_of(connection)
    if change is None:
        raise CommandError(f"The instance of “{connection.name}” is not being changed. Begin with `change disconnect`.")
    return change


def _followed(command: ConnectionCommand, connection: Connection, asked: RunRequested, options: Options) -> int | None:
    """Says how far it is; with --wait what came of the run, as an exit code."""
    if not options["wait"]:
        _answer(command, connection, asked.run.pk)
        return None
    until_closed(asked.run.pk)
    return EXIT_CODES[_answer(command, connection, asked.run.pk)["run"]["result"]]


def _answer(command: ConnectionCommand, connection: Connection, run_id: int | None = None) -> dict[str, Any]:
    with tenant_transaction():
        answer = change_answer(connection_whole(connection.pk), run_id)
    command.answer(answer, change_lines(answer))
    return answer


def change_answer(connection: Connection, run_id: int | None = None) -> dict[str, Any]:
    """How far the change is. ``step`` is null where none is under way; ``run``: what reads, or the first sync."""
    change = change_of(connection)
    reading = run_id if run_id is not None else change.reading if change is not None else None
    run = Run.objects.filter(pk=reading).first() if reading else None
    read_to_end = change is not None and change.step == Step.READING and run is not None and run.state == Run.State.DONE
    return {
        "connection": connection.pk,
        "name": connection.name,
        "provider": connection.provider,
        "step": change.step if change is not None else None,
        "next": NEXT[Step(change.step)] if change is not None else None,
        "reason": change.reason if change is not None else None,
        "old": change.old if change is not None else None,
        "started_at": change.started_at if change is not None else None,
        "counts": change.counts if change is not None and change.counts else dict(live_counts(connection)),
        "deleted": sum(change.purged.values()) if change is not None else 0,
        "unmapped": unmapped(connection) if read_to_end else None,
        "run": run_summary(run) if run is not None else None,
    }


def change_lines(answer: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    records = sum(answer["counts"].values())
    if answer["step"] is None:
        yield f"{answer['name']} leads to its PSA; no change of the instance is under way. {records:,} records."
    else:
        yield f"{answer['name']}: {Step(answer['step']).label}, since {answer['started_at']:%Y-%m-%d %H:%M} UTC. {answer['reason']}"
        yield f"  {answer['deleted']:,} rows deleted; {records:,} records when it was counted."
    if answer["run"]:
        yield f"  run {answer['run']['run']}: {answer['run']['state']}"
    for kind, left in (answer["unmapped"] or {}).items():
        if left:
            yield f"  {kind}: {left:,} not mapped"
    if answer["next"]:
        yield f"  Next: {answer['next']}."
