"""Two people at once at the mappings of a connection, or at the organization's own words."""

from __future__ import annotations

import pytest

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from mappings.kinds import KINDS
from mappings.models import Mapping, MappingAct, PortalValue
from mappings.services import MappingChange, connection_forgotten, mapping_revert, mappings_set
from mappings.services.values import Change, values_change, values_held, values_prepare
from tests.fixtures.interleaving import AtOnce
from tests.tickets.factories import make_board, make_status
from tickets.models import Status

pytestmark = pytest.mark.committed


@pytest.fixture
def status(connection: Connection) -> Status:
    """Of a PSA, with the organization's own words beside it."""
    with tenant_transaction(connection.organization_id):
        values_prepare()
        return make_status(connection, make_board(connection), "Odd")


def target(connection: Connection, key: str) -> PortalValue:
    with tenant_transaction(connection.organization_id):
        found: PortalValue = PortalValue.objects.get(kind="status", key=key)
    return found


def acts(connection: Connection) -> list[tuple[object, object]]:
    """(before, after) of each act, in order."""
    with tenant_transaction(connection.organization_id):
        made = MappingAct.objects.filter(forgotten_at=None).order_by("pk")
        pairs = [(change.before or {}, change.after or {}) for act in made for change in act.changes.all()]
    return [(before.get("value"), after.get("value")) for before, after in pairs]


def test_what_two_people_map_at_once_is_kept_one_after_the_other(
    at_once: AtOnce, connection: Connection, status: Status
) -> None:
    one, two = target(connection, "closed").pk, target(connection, "new").pk

    def mapped(value: int) -> object:
        return mappings_set(
            connection=connection, kind=KINDS["status"], wanted=[MappingChange(status.remote_id, value)]
        )

    at_once(lambda: mapped(one), lambda: mapped(two))
    assert acts(connection) == [(None, one), (one, two)]


def test_a_revert_knows_what_was_mapped_in_the_same_moment(
    at_once: AtOnce, connection: Connection, status: Status
) -> None:
    one, two = target(connection, "closed").pk, target(connection, "new").pk

    def mapped(value: int) -> MappingAct | None:
        return mappings_set(
            connection=connection, kind=KINDS["status"], wanted=[MappingChange(status.remote_id, value)]
        )

    with tenant_transaction(connection.organization_id):
        act = mapped(one)
    assert act is not None
    at_once(lambda: mapped(two), lambda: mapping_revert(act=act))
    assert acts(connection) == [(None, one), (one, two), (two, None)]


def test_what_is_mapped_in_the_moment_in_which_mappings_are_forgotten_is_forgotten(
    at_once: AtOnce, connection: Connection, status: Status
) -> None:
    wanted = [MappingChange(status.remote_id, target(connection, "closed").pk)]
    at_once(
        lambda: mappings_set(connection=connection, kind=KINDS["status"], wanted=wanted),
        lambda: connection_forgotten(connection),
    )
    with tenant_transaction(connection.organization_id):
        assert not Mapping.objects.exists()
    assert acts(connection) == []


def test_a_form_of_the_organizations_words_sees_what_was_saved_in_the_same_moment(
    at_once: AtOnce, connection: Connection, status: Status
) -> None:
    closed = target(connection, "closed")
    done = at_once(
        lambda: values_change(changes=[Change(closed, "All done")]),
        lambda: {value.key: value.name for value in values_held("status")}["closed"],
    )
    assert done.second == "All done"
