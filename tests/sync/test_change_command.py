"""manage.py connection change …: the steps of the page, from the shell."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from foundation.tenancy.models import AuditEvent
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import InstanceChange, Run
from tests.fixtures.systems import Sandbox, started_sandbox
from tests.sync.conftest import Sync, Synced
from tickets.models import Member, Ticket


@pytest.fixture
def other_psa() -> Iterator[Sandbox]:
    with started_sandbox() as started:
        started.control("instance", identity="elsewhere")
        yield started


def change(linked: Connection, step: str, *more: str) -> Any:
    """The JSON that a step prints. With --wait the exit code is checked to be 0: another raises SystemExit."""
    out = io.StringIO()
    call_command("connection", "change", step, "--connection", str(linked.pk), "--json", *more, stdout=out)
    return json.loads(out.getvalue())


def refused(linked: Connection, step: str, *more: str) -> str:
    """The sentence with which a step is refused, with exit code 2."""
    with pytest.raises(CommandError) as caught:
        change(linked, step, *more)
    assert caught.value.returncode == 2
    return str(caught.value)


def tickets_of(linked: Connection) -> int:
    with tenant_transaction(linked.organization_id):
        return Ticket.objects.filter(connection=linked).count()


def acts(linked: Connection) -> list[tuple[str, str]]:
    """(action, origin) of what the audit says of the change."""
    with tenant_transaction(linked.organization_id):
        rows = AuditEvent.objects.order_by("pk").values_list("action", "origin")
        return [row for row in rows if row[0].startswith(("connection.change", "connection.purge"))]


def file_of(folder: Path, values: dict[str, Any]) -> str:
    path = folder / "values.json"
    path.write_text(json.dumps(values))
    return str(path)


def test_the_whole_change_from_the_shell(
    linked: Connection, synced: Synced, other_psa: Sandbox, tmp_path: Path
) -> None:
    synced()
    before = tickets_of(linked)
    assert change(linked, "show")["step"] is None
    begun = change(linked, "disconnect", "--reason", "We move to another server")
    assert (begun["step"], begun["next"], begun["reason"]) == (
        "disconnected",
        "purge, or cancel",
        "We move to another server",
    )
    purged = change(linked, "purge", "--confirm", "Linked", "--wait")
    assert (purged["step"], purged["counts"]["tickets"], tickets_of(linked)) == ("purged", before, 0)
    assert purged["deleted"] >= before
    given = ("--provider", "connectwise", "--credentials-file", file_of(tmp_path, other_psa.credentials))
    assert change(linked, "connect", *given)["step"] == "connecting"
    read = change(linked, "read", "--wait")
    assert (read["step"], read["run"]["state"], tickets_of(linked)) == ("reading", "done", 0)
    assert read["unmapped"]["member"] > 0
    with tenant_transaction(linked.organization_id):
        assert Member.objects.filter(connection=linked).exists()
    done = change(linked, "first", "--wait")
    assert (done["step"], done["next"], done["run"]["result"]) == (None, None, "success")
    assert tickets_of(linked) == len(other_psa.control("truth", method="GET", collection="tickets")["ids"])
    assert acts(linked) == [
        ("connection.change_begun", "cli"),
        ("connection.purge_begun", "cli"),
        ("connection.purged", "cli"),
        ("connection.change_connecting", "cli"),
        ("connection.change_done", "cli"),
    ]
    assert not any(secret in json.dumps(done) for secret in other_psa.credentials.values() if len(secret) > 8)


def test_calling_off_goes_back_to_the_same_psa(linked: Connection, sync: Sync, synced: Synced) -> None:
    synced()
    before = tickets_of(linked)
    change(linked, "disconnect", "--reason", "a mistake")
    assert change(linked, "cancel")["step"] is None
    assert tickets_of(linked) == before
    assert sync("quick").result == "no_change"
    assert [action for action, _ in acts(linked)] == ["connection.change_begun", "connection.change_cancelled"]


def test_everything_that_is_here_can_be_taken_along(linked: Connection, synced: Synced, tmp_path: Path) -> None:
    synced()
    before, path = tickets_of(linked), tmp_path / "along.zip"
    told = change(linked, "export", "--file", str(path))
    assert (told["file"], told["records"]["tickets"]) == (str(path), before)
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        assert set(archive.namelist()) == {f"{stream}.csv" for stream in told["records"]}
        rows = list(csv.DictReader(io.StringIO(archive.read("tickets.csv").decode("utf-8-sig"))))
    with tenant_transaction(linked.organization_id):
        ours = set(Ticket.objects.filter(connection=linked).values_list("remote_id", flat=True))
    assert {row["remote_id"] for row in rows} == ours
    assert "is there already" in refused(linked, "export", "--file", str(path))
    assert "can't be written" in refused(linked, "export", "--file", str(tmp_path / "nowhere" / "along.zip"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["along.zip"]


def test_a_purge_wants_the_name_and_says_before_what_would_go(linked: Connection, synced: Synced) -> None:
    synced()
    change(linked, "disconnect", "--reason", "why not")
    said = refused(linked, "purge")
    assert said.startswith("This deletes ")
    assert said.endswith("Nothing was deleted. Add --confirm with the connection's name to do it.")
    assert refused(linked, "purge", "--confirm", "linked") == (
        "The connection is called “Linked”; --confirm must say exactly that."
    )
    assert tickets_of(linked) > 0
    with tenant_transaction(linked.organization_id):
        assert InstanceChange.objects.get().step == "disconnected"
    assert change(linked, "purge", "--confirm", "Linked")["step"] == "purging"
    assert refused(linked, "purge", "--confirm", "Linked") == "The purge has begun already."
    assert change(linked, "purge", "--wait")["step"] == "purged"


def test_steps_out_of_order_are_refused_with_a_sentence(linked: Connection, tmp_path: Path) -> None:
    for step, more in (("cancel", ()), ("purge", ("--confirm", "Linked")), ("read", ()), ("first", ())):
        assert refused(linked, step, *more) == (
            "The instance of “Linked” is not being changed. Begin with `change disconnect`."
        )
    assert "Give a reason" in refused(linked, "disconnect", "--reason", " ")
    change(linked, "disconnect", "--reason", "why not")
    assert "being changed already" in refused(linked, "disconnect", "--reason", "again")
    given = ("--provider", "connectwise", "--credentials-file", file_of(tmp_path, {}))
    assert refused(linked, "connect", *given) == "What came from the old instance is not purged yet."
    assert refused(linked, "read") == "The new instance is not configured yet."
    assert refused(linked, "first") == "Members and companies of the new instance were not read yet."
    assert refused(Connection(pk=987654), "show").startswith("There is no connection 987654")


def test_what_does_not_work_connects_nothing(linked: Connection, other_psa: Sandbox, tmp_path: Path) -> None:
    change(linked, "disconnect", "--reason", "why not")
    change(linked, "purge", "--confirm", "Linked", "--wait")
    wrong = file_of(tmp_path, other_psa.credentials | {"private_key": "wrong"})
    assert refused(linked, "connect", "--provider", "connectwise", "--credentials-file", wrong).startswith(
        "Nothing was connected."
    )
    assert "nowhere" in refused(linked, "connect", "--provider", "nowhere", "--credentials-file", wrong)
    assert "The keys are" in refused(linked, "connect", "--provider", "halo", "--credentials-file", wrong)
    with tenant_transaction(linked.organization_id):
        assert InstanceChange.objects.get().step == "purged"
        found = Connection.objects.get(pk=linked.pk)
        assert (found.provider, found.credentials) == ("connectwise", "")
        assert Run.objects.filter(connection=linked).count() == 0


def test_people_read_lines(linked: Connection) -> None:
    def lines() -> list[str]:
        out = io.StringIO()
        call_command("connection", "change", "show", "--connection", str(linked.pk), stdout=out)
        return out.getvalue().splitlines()

    assert lines() == ["Linked leads to its PSA; no change of the instance is under way. 0 records."]
    change(linked, "disconnect", "--reason", "We move")
    first, *_, last = lines()
    assert first.startswith("Linked: Disconnected, since ")
    assert first.endswith("We move")
    assert last == "  Next: purge, or cancel."
