"""Commands for operators: what they print, and exit code 2 for misuse."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from foundation.tenancy.models import AuditEvent, Organization, Role, User
from foundation.tenancy.scope import tenant_transaction

ROOT = Path(__file__).resolve().parents[3]


def said(*arguments: str) -> Any:
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def test_an_organization_is_made_with_its_roles_and_an_audit_entry(database: None) -> None:
    made = said("organization", "create", "--slug", "acme", "--name", "Acme MSP", "--time-zone", "Europe/Amsterdam")
    assert made["slug"] == "acme"
    assert "T" in made["created_at"]
    assert [o["slug"] for o in said("organization", "list")] == ["acme"]
    with tenant_transaction(made["id"]):
        assert sorted(Role.objects.values_list("builtin", flat=True)) == ["admin", "readonly", "technician"]
        event = AuditEvent.objects.get()
        assert (event.action, event.origin, event.actor_label) == ("organization.created", "cli", "Command line")


def test_a_person_without_a_password_is_told_how_to_get_one(organization: Organization) -> None:
    out = io.StringIO()
    call_command("user", "create", "--organization", "acme", "--email", "ada@acme.test", "--role", "admin", stdout=out)
    assert "ada@acme.test is Admin in acme." in out.getvalue()
    assert "manage.py changepassword" in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--slug", "acme", "--name", "A", "--time-zone", "Mars/Base"), "not a time zone"),
        (("--slug", "Ac me", "--name", "A", "--time-zone", "UTC"), "can't be a slug"),
        (("--slug", "acme", "--name", " ", "--time-zone", "UTC"), "1 to 120 characters"),
        (("--slug", "umbrella", "--name", "A", "--time-zone", "UTC"), "already"),
    ],
)
def test_a_bad_organization_is_refused_with_a_sentence(
    other_organization: Organization, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as caught:
        call_command("organization", "create", *arguments)
    assert caught.value.returncode == 2


def test_a_person_gets_a_log_in_and_a_role(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a-good-long-passphrase\n"))
    person = ("--organization", "acme", "--email", "New@Acme.test", "--role", "technician")
    made = said("user", "create", *person, "--password-stdin")
    assert (made["email"], made["role"], made["can_log_in"]) == ("new@acme.test", "technician", True)
    assert User.objects.get(email="new@acme.test").check_password("a-good-long-passphrase")
    with pytest.raises(CommandError, match="belongs to Acme MSP already"):
        call_command("user", "create", *person)


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--organization", "nobody", "no organization"),
        ("--role", "king", "Roles here"),
        ("--email", "x", "email address"),
    ],
)
def test_a_bad_person_is_refused_with_a_sentence(
    organization: Organization, option: str, value: str, sentence: str
) -> None:
    given = {"--organization": "acme", "--email": "a@b.test", "--role": "admin"} | {option: value}
    with pytest.raises(CommandError, match=sentence):
        call_command("user", "create", *(word for pair in given.items() for word in pair))


def test_a_weak_password_is_refused(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    with pytest.raises(CommandError, match="12 characters"):
        call_command(
            "user", "create", "--organization", "acme", "--email", "a@b.test", "--role", "admin", "--password-stdin"
        )


@pytest.mark.committed
@pytest.mark.parametrize(
    "arguments", [("create", "--slug", "a", "--name", "A", "--time-zone", "Mars"), ("destroy",), ()]
)
def test_misuse_ends_with_2_a_sentence_and_no_traceback(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "organization", *arguments],
        check=False,
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
