"""manage.py mapping, as an operator calls it."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from foundation.tenancy.models import AuditEvent, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from mappings.models import Mapping
from mappings.services.values import values_prepare
from tests.tickets.factories import make_board, make_company, make_member, make_status, make_ticket
from tickets.models import Status

pytestmark = pytest.mark.committed


def mapping(action: str, connection: Connection, *arguments: str) -> Any:
    """The answer of the command in JSON."""
    out = StringIO()
    call_command("mapping", action, "--connection", str(connection.pk), "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def vendor(connection: Connection) -> Status:
    with tenant_transaction(connection.organization_id):
        values_prepare()
        status = make_status(connection, make_board(connection, "Desk"), "Waiting on vendor")
        make_ticket(connection, status=status)
    return status


def test_values_are_listed_proposed_accepted_and_taken_back(connection: Connection, vendor: Status) -> None:
    (row,) = mapping("list", connection, "--kind", "statuses")
    assert (row["value"], row["about"], row["mapped"], row["open_tickets"]) == (vendor.remote_id, "Desk", False, 1)
    (proposed,) = mapping("suggest", connection, "--kind", "status")
    assert (proposed["to"], proposed["reason"]) == ("Waiting for vendor", "its name says “vendor”")
    assert mapping("suggest", connection, "--kind", "status", "--accept")["changed"] == 1
    assert mapping("list", connection, "--kind", "status", "--state", "unmapped") == []
    (act,) = mapping("history", connection)
    assert mapping("revert", connection, "--act", str(act["act"]))["reverts"] == act["act"]
    assert mapping("list", connection, "--kind", "status")[0]["mapped"] is False
    with tenant_transaction(connection.organization_id):
        assert AuditEvent.objects.filter(action="mapping.reverted", origin="cli").exists()


def test_one_value_is_set_by_name_kept_and_cleared(connection: Connection, vendor: Status) -> None:
    own = ("--kind", "status", "--value", vendor.remote_id)
    mapping("set", connection, *own, "--to", "in PROGRESS")
    assert mapping("list", connection, "--kind", "status")[0]["to"] == "In progress"
    mapping("set", connection, *own, "--keep")
    row = mapping("list", connection, "--kind", "status")[0]
    assert (row["mapped"], row["to"]) == (True, None)
    mapping("set", connection, *own, "--clear")
    assert mapping("set", connection, *own, "--clear") == {"changed": 0}


def test_people_go_by_email_and_clients_are_made(connection: Connection, technician: User) -> None:
    with tenant_transaction(connection.organization_id):
        member, company = make_member(connection), make_company(connection, "Acme")
    mapping("set", connection, "--kind", "member", "--value", member.remote_id, "--to", technician.email.upper())
    mapping("set", connection, "--kind", "company", "--value", company.remote_id, "--new")
    with tenant_transaction(connection.organization_id):
        assert Mapping.objects.get(kind="member").user == technician
        assert Mapping.objects.get(kind="company").client.name == "Acme"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("set", "--kind", "nonsense", "--value", "1", "--keep"), "Kinds are status, priority"),
        (("set", "--kind", "status", "--value", "1", "--to", "Nothing"), "There is nothing called “Nothing”"),
        (("set", "--kind", "status", "--value", "404", "--keep"), "has no status 404"),
        (("revert", "--act", "404"), "There is no change 404"),
    ],
)
def test_mistakes_are_said_in_a_sentence(connection: Connection, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words) as caught:
        mapping(arguments[0], connection, *arguments[1:])
    assert caught.value.returncode == 2


def test_an_unknown_connection_is_said(connection: Connection) -> None:
    with pytest.raises(CommandError, match="There is no connection 9999"):
        call_command("mapping", "list", "--connection", "9999", stdout=StringIO())
