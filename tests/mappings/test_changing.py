"""What people set, accept and take back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from foundation.core.errors import Refused
from foundation.tenancy.models import AuditEvent, Organization, User
from integrations.models import Connection
from mappings.kinds import KINDS
from mappings.models import Client, Mapping, MappingAct, PortalValue
from mappings.selectors import in_use, unmapped
from mappings.services import (
    MappingChange,
    connection_forgotten,
    map_automatically,
    mapping_revert,
    mappings_set,
    suggestions_accept,
)
from mappings.services.values import value_add, value_change, value_remove
from tests.mappings.conftest import mapped, set_to
from tests.tickets.factories import make_board, make_company, make_member, make_priority, make_status

Value = Callable[[str, str], PortalValue]


def test_a_press_is_one_act_with_its_audit_and_only_what_changes(psa: Connection, value: Value, admin: User) -> None:
    board = make_board(psa)
    one, two = make_status(psa, board, "Parts"), make_status(psa, board, "On site")
    vendor, scheduled = value("status", "waiting_vendor"), value("status", "scheduled")
    wanted = [MappingChange(one.remote_id, vendor.pk), MappingChange(two.remote_id, scheduled.pk)]
    act = mappings_set(connection=psa, kind=KINDS["status"], wanted=wanted, actor=admin)
    assert act is not None
    assert (act.count, act.by, act.changes.count()) == (2, admin, 2)
    assert mapped(psa, "status") == {one.remote_id: vendor.pk, two.remote_id: scheduled.pk}
    assert mappings_set(connection=psa, kind=KINDS["status"], wanted=wanted, actor=admin) is None
    entry = AuditEvent.objects.get(action="mapping.changed")
    assert entry.changes == {
        "statuses": [
            ["Parts · Service desk: not mapped", "On site · Service desk: not mapped"],
            ["Parts · Service desk: Waiting for vendor", "On site · Service desk: Scheduled"],
        ]
    }
    assert in_use(psa) == {"status"}


def test_a_revert_restores_what_stood_before_and_can_itself_be_reverted(psa: Connection, value: Value) -> None:
    closed = make_status(psa, make_board(psa), "Closed")
    map_automatically(psa)
    set_to(psa, "status", closed.remote_id, value("status", "resolved").pk)
    act = MappingAct.objects.latest("pk")
    back = mapping_revert(act=act)
    assert back is not None
    row = Mapping.objects.get(kind="status")
    assert (row.value, row.how, row.reason) == (value("status", "closed"), "automatic", "same name")
    assert (back.how, back.reverts) == ("revert", act)
    mapping_revert(act=back)
    assert mapped(psa, "status") == {closed.remote_id: value("status", "resolved").pk}
    set_to(psa, "status", closed.remote_id, None)
    assert mapped(psa, "status") == {}


def test_what_was_forgotten_or_leads_to_what_is_gone_is_not_brought_back(psa: Connection, value: Value) -> None:
    status = make_status(psa, make_board(psa), "Odd")
    extra = value_add(kind="status", name="Extra")
    set_to(psa, "status", status.remote_id, extra.pk)
    with pytest.raises(Refused, match="1 value is mapped to “Extra”"):
        value_remove(value=extra)
    set_to(psa, "status", status.remote_id, value("status", "new").pk)
    act = MappingAct.objects.latest("pk")
    value_remove(value=PortalValue.objects.get(name="Extra"))
    with pytest.raises(Refused, match="“Extra” is not here any more"):
        mapping_revert(act=act)
    connection_forgotten(psa)
    with pytest.raises(Refused, match="forgotten"):
        mapping_revert(act=MappingAct.objects.earliest("pk"))


@pytest.mark.parametrize(
    ("kind", "remote_id", "target"), [("status", "404", 1), ("status", None, 2**40), ("member", None, 2**40)]
)
def test_unknown_values_and_targets_are_refused(psa: Connection, kind: str, remote_id: str | None, target: int) -> None:
    made = make_status(psa, make_board(psa), "Odd") if kind == "status" else make_member(psa)
    with pytest.raises(Refused):
        set_to(psa, kind, remote_id or made.remote_id, target)
    assert mapped(psa, kind) == {}


def test_a_value_of_another_kind_and_a_person_of_another_organization_are_no_targets(
    psa: Connection, value: Value, make_person: Callable[..., User], other_organization: Organization
) -> None:
    stranger = make_person(other_organization, "admin", "stranger@umbrella.test")
    priority, member = make_priority(psa, "Odd"), make_member(psa)
    with pytest.raises(Refused, match="no such value"):
        set_to(psa, "priority", priority.remote_id, value("status", "closed").pk)
    with pytest.raises(Refused, match="no such person"):
        set_to(psa, "member", member.remote_id, stranger.pk)
    with pytest.raises(Refused, match="invited"):
        set_to(psa, "member", member.remote_id, "new")


def test_all_proposals_are_accepted_at_once_and_make_the_clients_they_need(psa: Connection) -> None:
    Client.objects.create(organization_id=psa.organization_id, name="Globex", website="https://www.globex.test/start")
    globex = make_company(psa, "Globex Europe", website="globex.test")
    acme = make_company(psa, "Acme", website="acme.test")
    make_company(psa, "Twin")
    make_company(psa, "Twin")
    act = suggestions_accept(connection=psa, kind=KINDS["company"])
    assert act is not None
    assert act.count == 2
    names = {row.remote_id: row.client.name for row in Mapping.objects.select_related("client")}
    assert names == {globex.remote_id: "Globex", acme.remote_id: "Acme"}
    assert unmapped(psa)["company"] == 2
    assert suggestions_accept(connection=psa, kind=KINDS["company"]) is None


def test_one_proposal_is_accepted_alone(psa: Connection, value: Value) -> None:
    board = make_board(psa)
    vendor = make_status(psa, board, "Waiting on vendor")
    make_status(psa, board, "Done", is_closed=True)
    suggestions_accept(connection=psa, kind=KINDS["status"], remote_ids=[vendor.remote_id])
    row = Mapping.objects.get()
    assert (row.value, row.reason) == (value("status", "waiting_vendor"), "its name says “vendor”")


def test_a_value_is_made_of_a_name_once_whatever_its_letters(psa: Connection) -> None:
    board = make_board(psa)
    one, two = make_status(psa, board, "Limbo"), make_status(psa, board, "LIMBO")
    wanted = [MappingChange(one.remote_id, "new"), MappingChange(two.remote_id, "new")]
    mappings_set(connection=psa, kind=KINDS["status"], wanted=wanted)
    assert len(set(mapped(psa, "status").values())) == 1
    assert PortalValue.objects.filter(name__iexact="limbo").count() == 1


def test_renaming_a_value_keeps_what_is_mapped_and_a_taken_name_is_refused(psa: Connection, value: Value) -> None:
    status = make_status(psa, make_board(psa), "Closed")
    map_automatically(psa)
    value_change(value=value("status", "closed"), name="Finished", tone="ok")
    assert mapped(psa, "status") == {status.remote_id: PortalValue.objects.get(name="Finished").pk}
    with pytest.raises(Refused, match="already a status called “finished”"):
        value_add(kind="status", name=" finished ")
