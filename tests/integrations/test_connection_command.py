"""manage.py connection …: what operators script against."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.core.management.base import CommandError

from foundation.tenancy.models import AuditEvent, Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.registry import providers
from integrations.services.connections import connection_create
from sync.models import Run, Schedule
from tests.fixtures.systems import CREDENTIALS, Sandbox

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*arguments: str) -> Any:
    """The JSON that a connection command prints."""
    out = io.StringIO()
    call_command("connection", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def refused(*arguments: str) -> str:
    """The sentence with which a command refuses, with exit code 2."""
    with pytest.raises(CommandError) as caught:
        call_command("connection", *arguments, stdout=io.StringIO())
    assert caught.value.returncode in {1, 2}
    return str(caught.value)


@pytest.fixture
def credentials_file(tmp_path: Path) -> Path:
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(CREDENTIALS))
    return path


def create(path: Path, *more: str) -> tuple[str, ...]:
    named = ("--organization", "acme", "--provider", "connectwise", "--name", "Main")
    return ("create", *named, "--credentials-file", str(path), *more)


def test_a_system_is_connected_tested_and_scheduled(
    organization: Organization, sandbox: Sandbox, tmp_path: Path
) -> None:
    credentials, settings = tmp_path / "c.json", tmp_path / "s.json"
    credentials.write_text(json.dumps(sandbox.credentials))
    settings.write_text('{"date_range_days": null}')
    made = run(*create(credentials, "--settings-file", str(settings)))
    assert (made["name"], made["organization"], made["state"]) == ("Main", "acme", "connected")
    assert made["settings"]["date_range_days"] is None
    assert all(check["ok"] for check in made["checks"])
    with tenant_transaction(organization.pk):
        stored = Connection.objects.get(pk=made["id"])
        assert stored.fingerprint
        assert Schedule.objects.filter(connection=stored).exists()
        [entry] = AuditEvent.objects.filter(action="connection.created")
    assert entry.origin == "cli"
    assert not any(sandbox.credentials[key] in json.dumps(made) for key in ("private_key", "public_key", "client_id"))


def test_bad_keys_make_nothing_and_say_why(organization: Organization, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({**sandbox.credentials, "private_key": "wrong"}))
    said = refused(*create(path))
    assert said.startswith("Nothing was made.")
    assert "Make new keys for the API member" in said
    assert "wrong" not in said
    with tenant_transaction(organization.pk):
        assert not Connection.objects.exists()


def test_a_dead_address_makes_nothing(organization: Organization, credentials_file: Path) -> None:
    assert refused(*create(credentials_file)).startswith("Nothing was made.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON: line 1"),
        ("[]", "must hold one JSON object"),
        ('{"adress": "x"}', "ConnectWise PSA has no adress"),
        ('{"address": "na.myconnectwise.net"}', "private_key: Private key is missing."),
        ("{}", "The keys are address, company_id, public_key, private_key, client_id."),
        ('{"address": 7}', "Credentials are texts; address is not."),
    ],
)
def test_a_wrong_credentials_file_gets_a_sentence(
    organization: Organization, tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "c.json"
    path.write_text(text)
    assert words in refused(*create(path))


def test_a_file_that_is_not_there_and_an_unknown_organization_and_system_get_sentences(
    organization: Organization, credentials_file: Path
) -> None:
    assert "can't be read" in refused(*create(Path("/nowhere/at-all.json")))
    assert "no organization “moon”" in refused(*(a if a != "acme" else "moon" for a in create(credentials_file)))
    assert "no system called “halo2”" in refused(
        *(a if a != "connectwise" else "halo2" for a in create(credentials_file))
    )


def test_credentials_come_from_standard_input(
    organization: Organization, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(sandbox.credentials)))
    assert run(*create(Path("-")))["state"] == "connected"


def test_settings_not_named_in_the_file_stay(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"boards": [1, 2], "date_range_days": 90}')
    assert run("configure", "--connection", str(connection.pk), "--settings-file", str(path))["settings"]["boards"] == [
        "1",
        "2",
    ]
    path.write_text('{"excluded_statuses": ["7"]}')
    found = run("configure", "--connection", str(connection.pk), "--settings-file", str(path))["settings"]
    assert (found["boards"], found["date_range_days"], found["excluded_statuses"]) == (["1", "2"], 90, ["7"])
    path.write_text('{"bords": []}')
    assert "There is no setting “bords”" in refused(
        "configure", "--connection", str(connection.pk), "--settings-file", str(path)
    )


def test_boards_and_statuses_that_the_psa_does_not_have_are_refused_by_name(
    organization: Organization, sandbox: Sandbox, tmp_path: Path
) -> None:
    credentials, settings = tmp_path / "c.json", tmp_path / "s.json"
    credentials.write_text(json.dumps(sandbox.credentials))
    settings.write_text('{"boards": ["987001"]}')
    said = refused(*create(credentials, "--settings-file", str(settings)))
    assert said.startswith("boards: the PSA has no board 987001. It shows this key ")
    with tenant_transaction(organization.pk):
        assert not Connection.objects.exists()
    made = run(*create(credentials))
    with tenant_transaction(organization.pk):
        known = Connection.objects.get(pk=made["id"]).catalog["boards"][0]
    which = ("configure", "--connection", str(made["id"]), "--settings-file", str(settings))
    status = known["statuses"][0]["remote_id"]
    settings.write_text(json.dumps({"boards": [known["remote_id"]], "excluded_statuses": [status, 987002, "987003"]}))
    said = refused(*which)
    assert said.startswith("excluded_statuses: the PSA has no status 987002, 987003. ")
    settings.write_text(json.dumps({"boards": [known["remote_id"]], "excluded_statuses": [status]}))
    found = run(*which)["settings"]
    assert (found["boards"], found["excluded_statuses"]) == ([known["remote_id"]], [status])


def test_what_was_made_since_the_choices_were_read_is_known(
    organization: Organization, sandbox: Sandbox, tmp_path: Path
) -> None:
    credentials, settings = tmp_path / "c.json", tmp_path / "s.json"
    credentials.write_text(json.dumps(sandbox.credentials))
    made = run(*create(credentials))
    with tenant_transaction(organization.pk):
        stored = Connection.objects.get(pk=made["id"])
        board = stored.catalog["boards"].pop()["remote_id"]
        stored.save()
    settings.write_text(json.dumps({"boards": [board]}))
    found = run("configure", "--connection", str(made["id"]), "--settings-file", str(settings))
    assert found["settings"]["boards"] == [board]


def test_a_connection_is_found_by_its_id_alone_and_only_in_its_own_organization(
    connection: Connection, other_organization: Organization
) -> None:
    assert run("schedule", "--connection", str(connection.pk))["connection"] == connection.pk
    said = refused("schedule", "--connection", str(connection.pk), "--organization", "umbrella")
    assert said == refused("schedule", "--connection", "999999").replace("999999", f"{connection.pk} in umbrella")


def test_the_list_holds_one_organization_or_all(connection: Connection, other_organization: Organization) -> None:
    with tenant_transaction(other_organization.pk):
        connection_create(
            organization_id=other_organization.pk, provider="connectwise", name="Theirs", credentials=dict(CREDENTIALS)
        )
    assert [found["name"] for found in run("list", "--organization", "acme")] == ["Main"]
    assert sorted(found["name"] for found in run("list")) == ["Main", "Theirs"]


def test_a_failed_test_is_exit_code_one(connection: Connection) -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("connection", "test", "--connection", str(connection.pk), "--json", stdout=out)
    assert caught.value.code == 1
    found = json.loads(out.getvalue())
    assert (found["ok"], found["checks"][0]["name"]) == (False, "Address")


def test_capabilities_name_streams_and_the_rights_they_need(connection: Connection) -> None:
    streams = {stream["name"]: stream for stream in run("capabilities", "--provider", "connectwise")["streams"]}
    assert streams["notes"]["parent"] == "tickets"
    assert streams["tickets"]["permission"] == "Service Desk › Service Tickets: Inquire All"
    assert run("capabilities", "--connection", str(connection.pk))["connection"] == connection.pk
    assert [found["provider"] for found in run("capabilities")] == [entry.key for entry in providers()]


def test_the_schedule_is_changed_and_paused(connection: Connection) -> None:
    which = ("schedule", "--connection", str(connection.pk))
    found = run(
        *which, "--quick-minutes", "5", "--nightly-at", "02:30", "--nightly-kind", "quick", "--full-every", "month"
    )
    assert (found["quick_minutes"], found["nightly_at"], found["full_every"]) == (5, "02:30", "month")
    assert run(*which, "--pause")["paused_at"]
    assert run(*which, "--resume")["paused_at"] is None
    assert run(*which, "--nightly", "off")["nightly_next_at"] is None
    assert "every 1 to 1,440 minutes" in refused(*which, "--quick-minutes", "9999")
    assert "25:00" in refused(*which, "--nightly-at", "25:00")


def test_removing_takes_the_name_and_refuses_while_a_run_is_open(connection: Connection) -> None:
    which = ("delete", "--connection", str(connection.pk), "--confirm")
    assert "called “Main”" in refused(*which, "main")
    with tenant_transaction(connection.organization_id):
        open_run = Run.objects.create(
            organization_id=connection.organization_id,
            connection=connection,
            kind="full",
            lane="bulk",
            trigger="command",
            created_at=connection.created_at,
        )
    assert "Cancel it first" in refused(*which, "Main")
    with tenant_transaction(connection.organization_id):
        Run.objects.filter(pk=open_run.pk).update(state="cancelled")
    assert run(*which, "Main")["deleted"] == connection.pk
    with tenant_transaction(connection.organization_id):
        assert not Connection.objects.exists()


def test_removing_without_being_sure_says_what_would_go(connection: Connection) -> None:
    which = ("delete", "--connection", str(connection.pk))
    assert refused(*which).startswith("This removes “Main” with 0 records")
    with tenant_transaction(connection.organization_id):
        assert Connection.objects.exists()
    assert run(*which, "--yes")["deleted"] == connection.pk


def test_thresholds_that_contradict_each_other_are_refused_where_they_are_named(
    connection: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "s.json"
    which = ("configure", "--connection", str(connection.pk), "--settings-file", str(path))
    path.write_text('{"hold_percent": 30, "hold_second_percent": 20}')
    assert "Make it 30 or more" in refused(*which)
    path.write_text('{"hold_percent": 30, "undo_hours": 5}')
    found = run(*which)["settings"]
    assert (found["hold_percent"], found["hold_second_percent"], found["undo_hours"]) == (30, 20, 5)


def test_credentials_move_to_a_new_key(connection: Connection, settings) -> None:
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIAL_KEYS]
    out = io.StringIO()
    call_command("credentials", "reencrypt", "--json", stdout=out)
    assert json.loads(out.getvalue()) == [{"organization": "acme", "moved": 1, "current": 0, "unreadable": []}]


@pytest.mark.committed
def test_misuse_is_exit_code_two_of_the_process(organization: Organization, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"address": "http://127.0.0.1:9"}')
    made = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "connection", *create(path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (made.returncode, made.stdout) == (2, "")
    assert "Company ID is missing." in made.stderr
    wrong = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "connection", "list", "--moon"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert wrong.returncode == 2
