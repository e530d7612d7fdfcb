"""What is mapped without a person: only the certain, and never against one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from foundation.tenancy.models import AuditEvent, Organization, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from mappings.models import Client, MappingAct, MappingChange, PortalValue
from mappings.selectors import unmapped
from mappings.services import connection_forgotten, map_automatically, mapping_revert
from tests.mappings.conftest import mapped, set_to
from tests.tickets.factories import NOON, make_board, make_company, make_member, make_priority, make_status

Value = Callable[[str, str], PortalValue]


def test_equal_names_are_mapped_and_others_are_left(psa: Connection, value: Value) -> None:
    board = make_board(psa)
    closed = make_status(psa, board, " closed", is_closed=True)
    make_status(psa, board, "Parts on order")
    make_status(psa, board, "Resolved", removed_at=NOON)
    make_status(psa, board, "Scheduled", is_active=False)
    high = make_priority(psa, "HIGH")
    assert map_automatically(psa) == {"status": 1, "priority": 1}
    assert mapped(psa, "status") == {closed.remote_id: value("status", "closed").pk}
    assert mapped(psa, "priority") == {high.remote_id: value("priority", "high").pk}
    assert unmapped(psa) == {"status": 1, "priority": 0, "category": 0, "field": 0, "company": 0, "member": 0}
    assert map_automatically(psa) == {}
    change = MappingChange.objects.get(label__startswith=" closed")
    assert (change.before, change.label) == (None, " closed · Service desk")
    assert change.after == {
        "value": value("status", "closed").pk,
        "name": "Closed",
        "how": "automatic",
        "reason": "same name",
    }


def test_members_are_mapped_by_email_to_people_of_the_organization_alone(
    psa: Connection, technician: User, make_person: Callable[..., User], other_organization: Organization
) -> None:
    stranger = make_person(other_organization, "admin", "stranger@umbrella.test")
    tom = make_member(psa, "T. Technician", email="Tom@ACME.test ")
    make_member(psa, "Stranger", email=stranger.email)
    make_member(psa, "Nobody", email="")
    assert map_automatically(psa) == {"member": 1}
    assert mapped(psa, "member") == {tom.remote_id: technician.pk}


def test_a_company_name_that_two_companies_share_is_not_certain(psa: Connection) -> None:
    for name in ("Acme", "Globex"):
        Client.objects.create(organization_id=psa.organization_id, name=name)
    make_company(psa, "Acme")
    make_company(psa, "acme ")
    globex = make_company(psa, "GLOBEX")
    assert map_automatically(psa) == {"company": 1}
    assert list(mapped(psa, "company")) == [globex.remote_id]


@pytest.mark.parametrize(
    ("stream", "kind"),
    [("statuses", "status"), ("priorities", "priority"), ("companies", "company"), ("members", "member")],
)
def test_only_what_a_run_brought_is_looked_at(psa: Connection, technician: User, stream: str, kind: str) -> None:
    Client.objects.create(organization_id=psa.organization_id, name="Acme")
    make_status(psa, make_board(psa), "Closed")
    make_priority(psa, "High")
    make_company(psa, "Acme")
    make_member(psa, email=technician.email)
    assert map_automatically(psa, streams=["tickets", "notes"]) == {}
    assert map_automatically(psa, streams=[stream, "tickets"]) == {kind: 1}


def test_what_a_person_took_away_stays_away(psa: Connection) -> None:
    closed = make_status(psa, make_board(psa), "Closed")
    map_automatically(psa)
    act = MappingAct.objects.get()
    mapping_revert(act=act)
    assert mapped(psa, "status") == {}
    assert map_automatically(psa) == {}
    set_to(psa, "status", closed.remote_id, "keep")
    assert map_automatically(psa) == {}
    assert mapped(psa, "status") == {closed.remote_id: None}


def test_a_forgotten_connection_begins_anew_and_keeps_targets(psa: Connection, technician: User) -> None:
    make_status(psa, make_board(psa), "Closed")
    make_member(psa, email=technician.email)
    map_automatically(psa)
    mapping_revert(act=MappingAct.objects.get(kind="status"))
    values = PortalValue.objects.count()
    assert connection_forgotten(psa) == 1
    [entry] = AuditEvent.objects.filter(action="mapping.forgotten")
    assert (entry.target_id, entry.changes) == (psa.pk, {"mappings": [1, 0]})
    assert (mapped(psa, "member"), PortalValue.objects.count()) == ({}, values)
    assert not MappingAct.objects.filter(forgotten_at=None).exists()
    assert map_automatically(psa) == {"status": 1, "member": 1}


def test_another_connections_and_another_organizations_values_are_untouched(
    psa: Connection, other_connection: Connection
) -> None:
    with tenant_transaction(other_connection.organization_id):
        make_priority(other_connection, "High")
    make_priority(psa, "High")
    assert map_automatically(psa) == {"priority": 1}
    with tenant_transaction(other_connection.organization_id):
        assert unmapped(other_connection)["priority"] == 1
        assert mapped(other_connection, "priority") == {}
