"""Each act leaves exactly its entries in the audit log: which, about what, by whom, with what changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone

from foundation.tenancy.models import AuditEvent, Membership, Organization, Role, User
from foundation.tenancy.scope import tenant, tenant_transaction
from foundation.tenancy.services.invitations import (
    invitation_accept,
    invitation_create,
    invitation_renew,
    invitation_revoke,
)
from foundation.tenancy.services.organizations import membership_create, organization_zone_set
from foundation.tenancy.services.people import membership_remove, membership_role_set
from foundation.tenancy.services.roles import role_create, role_delete, role_update
from integrations.models import Connection
from integrations.services.connections import (
    connection_configure,
    connection_create,
    connection_credentials_set,
    connection_delete,
    connection_rename,
)
from mappings.services.values import value_add, value_change, value_remove
from sync.models import Issue, Run
from sync.services.issues import issues_dismiss, issues_reopen, issues_retry
from sync.services.previews import preview_request
from sync.services.runs import run_approve, run_cancel, run_reject, run_request
from sync.services.schedules import (
    nightly_bring_forward,
    schedule_of,
    schedule_pause,
    schedule_resume,
    schedule_update,
)
from tests.fixtures.people import MakePerson
from tests.fixtures.runs import make_run
from tests.fixtures.systems import CREDENTIALS
from tests.source_files import PRODUCT, ROOT, source_files

Entry = tuple[str, Model | None, dict[str, list[Any]]]
"""Action, what it is about, what changed."""


@dataclass
class Place:
    """Where acts are done: a tenant's transaction with an admin and a connection."""

    organization: Organization
    admin: User
    connection: Connection
    make_person: MakePerson

    def role(self, name: str = "Dispatch") -> Role:
        return role_create(name=name, permissions=["view_tickets"], actor=self.admin)

    def builtin(self, name: str) -> Role:
        return Role.objects.get(builtin=name)

    def member(self) -> Membership:
        user = self.make_person(self.organization, "readonly", "rita@acme.test")
        return Membership.objects.get(user=user)

    def held(self) -> Run:
        guard = {"streams": [{"stream": "tickets", "rows": 9, "live": 90, "allowed": 2, "second": False}], "groups": []}
        return make_run(self.connection, "full", result="held", verification={"guard": guard})

    def issue(self, **values: Any) -> Issue:
        now = timezone.now()
        made: Issue = Issue.objects.create(
            organization_id=self.organization.pk,
            connection=self.connection,
            stream="tickets",
            remote_id="7",
            code="record_rejected",
            cause="odd",
            message="odd",
            first_at=now,
            last_at=now,
            **values,
        )
        return made


Act = Callable[[Place], tuple[Callable[[], Any], Callable[[Any], list[Entry]]]]
"""Prepares, and gives the act and, from what it returned, the entries that it leaves."""
ACTS: dict[str, Act] = {}


def act(prepare: Act) -> Act:
    ACTS[prepare.__name__] = prepare
    return prepare


@act
def somebody_joins(place: Place) -> Any:
    user, role = User.objects.create_user("new@acme.test", "x" * 20), place.builtin("readonly")
    return (
        lambda: membership_create(organization=place.organization, user=user, role=role, actor=place.admin),
        lambda made: [("membership.created", made, {"role": [None, "Read only"]})],
    )


@act
def somebody_gets_another_role(place: Place) -> Any:
    member = place.member()
    return (
        lambda: membership_role_set(membership=member, role=place.builtin("technician"), actor=place.admin),
        lambda made: [("membership.role_changed", made, {"role": ["Read only", "Technician"]})],
    )


@act
def somebody_is_removed(place: Place) -> Any:
    member = place.member()
    gone = Membership(pk=member.pk, user=member.user, role=member.role, organization=place.organization)
    changes = {"email": ["rita@acme.test", None], "role": ["Read only", None]}
    return (
        lambda: membership_remove(membership=member, actor=place.admin),
        lambda _: [("membership.removed", gone, changes)],
    )


@act
def an_organization_moves(place: Place) -> Any:
    changes = {"time_zone": ["Europe/Amsterdam", "America/New_York"]}
    return (
        lambda: organization_zone_set(organization_id=place.organization.pk, time_zone="America/New_York"),
        lambda _: [("organization.changed", place.organization, changes)],
    )


@act
def a_role_is_composed(place: Place) -> Any:
    changes = {"name": [None, "Dispatch"], "permissions": [[], ["view_tickets"]]}
    return place.role, lambda made: [("role.created", made, changes)]


@act
def a_role_is_changed(place: Place) -> Any:
    role = place.role()
    changes = {"name": ["Dispatch", "Desk"], "permissions": [["view_tickets"], ["view_clients"]]}
    return (
        lambda: role_update(role=role, name="Desk", permissions=["view_clients"], actor=place.admin),
        lambda made: [("role.changed", made, changes)],
    )


@act
def a_role_is_deleted(place: Place) -> Any:
    role = place.role()
    gone = Role(pk=role.pk, name=role.name, organization=place.organization)
    changes = {"name": ["Dispatch", None], "permissions": [["view_tickets"], []]}
    return lambda: role_delete(role=role, actor=place.admin), lambda _: [("role.deleted", gone, changes)]


def invited(place: Place) -> Any:
    return invitation_create(email="new@acme.test", role=place.builtin("readonly"), actor=place.admin)


@act
def somebody_is_invited(place: Place) -> Any:
    changes = {"email": [None, "new@acme.test"], "role": [None, "Read only"]}
    return lambda: invited(place), lambda made: [("invitation.created", made.invitation, changes)]


@act
def an_invitation_is_sent_again(place: Place) -> Any:
    offered = invited(place)
    return (
        lambda: invitation_renew(invitation=offered.invitation, actor=place.admin),
        lambda made: [("invitation.sent_again", made.invitation, {})],
    )


@act
def an_invitation_is_taken_back(place: Place) -> Any:
    offered = invited(place)
    return (
        lambda: invitation_revoke(invitation=offered.invitation, actor=place.admin),
        lambda _: [("invitation.revoked", offered.invitation, {})],
    )


@act
def an_invitation_is_accepted(place: Place) -> Any:
    offered = invitation_create(email=place.admin.email[::-1] + ".test", role=place.builtin("readonly"), actor=None)
    user = User.objects.create_user(offered.invitation.email, "x" * 20)
    place.admin = user
    return (
        lambda: invitation_accept(token=offered.token, user=user),
        lambda _: [
            ("membership.created", Membership.objects.get(user=user), {"role": [None, "Read only"]}),
            ("invitation.accepted", offered.invitation, {}),
        ],
    )


@act
def a_connection_is_made(place: Place) -> Any:
    hidden = {"client_id": ["", "•••"], "company_id": ["", "•••"]}
    hidden |= {"public_key": [None, "•••"], "private_key": [None, "•••"]}
    changes = hidden | {"name": ["", "Second"], "provider": ["", "connectwise"], "address": ["", "http://127.0.0.1:10"]}
    return (
        lambda: connection_create(
            organization_id=place.organization.pk,
            provider="connectwise",
            name="Second",
            credentials=CREDENTIALS | {"address": "http://127.0.0.1:10"},
            actor=place.admin,
        ),
        lambda made: [("connection.created", made, changes)],
    )


@act
def a_connection_is_renamed(place: Place) -> Any:
    return (
        lambda: connection_rename(connection=place.connection, name="Main desk", actor=place.admin),
        lambda made: [("connection.renamed", made, {"name": ["Main", "Main desk"]})],
    )


@act
def settings_are_changed(place: Place) -> Any:
    return (
        lambda: connection_configure(connection=place.connection, settings={"hold_percent": 4}, actor=place.admin),
        lambda _: [("connection.configured", place.connection, {"hold_percent": [5, 4]})],
    )


@act
def credentials_are_changed(place: Place) -> Any:
    return (
        lambda: connection_credentials_set(
            connection=place.connection, credentials=CREDENTIALS | {"private_key": "another-key"}, actor=place.admin
        ),
        lambda _: [("connection.credentials_changed", place.connection, {"private_key": ["•••", "•••"]})],
    )


@act
def a_connection_is_removed(place: Place) -> Any:
    gone = Connection(pk=place.connection.pk, name=place.connection.name, provider=place.connection.provider)
    changes = {"name": ["Main", ""], "address": ["http://127.0.0.1:9", ""]}
    return (
        lambda: connection_delete(connection=place.connection, actor=place.admin),
        lambda _: [("connection.deleted", gone, changes)],
    )


@act
def a_schedule_is_changed(place: Place) -> Any:
    schedule = schedule_of(place.connection)
    before = schedule.quick_minutes
    return (
        lambda: schedule_update(schedule=schedule, actor=place.admin, quick_minutes=before + 1),
        lambda made: [("schedule.changed", made, {"quick_minutes": [str(before), str(before + 1)]})],
    )


@act
def a_schedule_is_paused(place: Place) -> Any:
    schedule = schedule_of(place.connection)
    return (
        lambda: schedule_pause(schedule=schedule, actor=place.admin),
        lambda made: [("schedule.paused", made, {})],
    )


@act
def a_schedule_goes_on(place: Place) -> Any:
    schedule = schedule_pause(schedule=schedule_of(place.connection), actor=place.admin)
    return (
        lambda: schedule_resume(schedule=schedule, actor=place.admin),
        lambda made: [("schedule.resumed", made, {})],
    )


@act
def a_night_is_brought_forward(place: Place) -> Any:
    schedule = schedule_update(schedule=schedule_of(place.connection), actor=None, nightly_on=True)
    return (
        lambda: nightly_bring_forward(schedule=schedule, actor=place.admin),
        lambda made: [("schedule.brought_forward", made, {})],
    )


@act
def a_sync_is_asked_for(place: Place) -> Any:
    return (
        lambda: run_request(
            connection=place.connection, kind="full", trigger="person", actor=place.admin, reason="A look"
        ),
        lambda asked: [("sync.requested", asked.run, {"kind": [None, "full"], "reason": [None, "A look"]})],
    )


@act
def a_preview_is_asked_for(place: Place) -> Any:
    return (
        lambda: preview_request(connection=place.connection, kind="full", trigger="person", actor=place.admin),
        lambda asked: [("sync.previewed", asked.run, {"kind": [None, "full"]})],
    )


@act
def a_sync_is_cancelled(place: Place) -> Any:
    run = make_run(place.connection, "full")
    return (
        lambda: run_cancel(run=run, actor=place.admin, reason="Not now"),
        lambda _: [("sync.cancelled", run, {"reason": [None, "Not now"]})],
    )


@act
def a_held_sync_is_approved(place: Place) -> Any:
    run = place.held()
    return (
        lambda: run_approve(run=run, actor=place.admin, reason="They are gone"),
        lambda _: [("sync.approved", run, {"reason": [None, "They are gone"]})],
    )


@act
def a_held_sync_is_rejected(place: Place) -> Any:
    run, changes = place.held(), {"reason": [None, "They are not"]}
    return (
        lambda: run_reject(run=run, actor=place.admin, reason="They are not"),
        lambda _: [("sync.rejected", run, changes), ("sync.cancelled", run, changes)],
    )


@act
def an_issue_is_retried(place: Place) -> Any:
    issue = place.issue()
    return (
        lambda: issues_retry(issue=issue, all_alike=False, actor=place.admin),
        lambda _: [("issue.retried", issue, {"records": [None, 1]})],
    )


@act
def an_issue_is_dismissed(place: Place) -> Any:
    issue = place.issue()
    return (
        lambda: issues_dismiss(issue=issue, reason="Known", actor=place.admin),
        lambda _: [("issue.dismissed", issue, {"records": [None, 1], "reason": [None, "Known"]})],
    )


@act
def an_issue_is_back(place: Place) -> Any:
    issue = place.issue(dismissed_at=timezone.now())
    return (
        lambda: issues_reopen(issue=issue, actor=place.admin),
        lambda _: [("issue.reopened", issue, {"records": [None, 1]})],
    )


def value(place: Place) -> Any:
    return value_add(kind="status", name="Waiting", actor=place.admin)


@act
def a_value_is_made(place: Place) -> Any:
    return lambda: value(place), lambda made: [("portal_value.created", made, {"status": [None, "Waiting"]})]


@act
def a_value_is_changed(place: Place) -> Any:
    made = value(place)
    return (
        lambda: value_change(value=made, name="On hold", tone="warn", actor=place.admin),
        lambda _: [("portal_value.changed", made, {"name": ["Waiting", "On hold"], "tone": ["neutral", "warn"]})],
    )


@act
def a_value_is_removed(place: Place) -> Any:
    made = value(place)
    number = made.pk
    return (
        lambda: value_remove(value=made, actor=place.admin),
        lambda _: [("portal_value.removed", type(made)(pk=number, name="Waiting"), {"name": ["Waiting", None]})],
    )


@pytest.fixture
def place(organization: Organization, admin: User, connection: Connection, make_person: MakePerson) -> Place:
    return Place(organization, admin, connection, make_person)


@pytest.mark.parametrize("name", sorted(ACTS))
def test_an_act_leaves_exactly_its_entries(place: Place, name: str) -> None:
    with tenant_transaction(place.organization.pk):
        do, entries = ACTS[name](place)
        last = AuditEvent.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    with tenant(place.organization.pk), tenant_transaction():
        wanted = entries(do())
        found = AuditEvent.objects.filter(pk__gt=last).order_by("pk")
        left = [(event.action, event.target_type, event.target_id, event.changes) for event in found]
        assert left == [
            (action, target._meta.label_lower if target else "", target.pk if target else None, changes)
            for action, target, changes in wanted
        ]
        assert {event.actor_label for event in found} == {
            "MSPortal" if name == "an_organization_moves" else place.admin.email
        }


ELSEWHERE = {
    "access.refused": "tests/web/people/test_pages.py",
    "connection.change_begun": "tests/sync/test_change_command.py",
    "connection.change_cancelled": "tests/sync/test_change_command.py",
    "connection.change_connecting": "tests/sync/test_change_command.py",
    "connection.change_done": "tests/sync/test_change_command.py",
    "connection.credentials_reencrypted": "tests/integrations/test_connections.py",
    "connection.purge_begun": "tests/sync/test_change_command.py",
    "connection.purged": "tests/sync/test_instance.py",
    "mapping.forgotten": "tests/mappings/test_automatic.py",
    "organization.created": "tests/foundation/tenancy/test_commands.py",
    "sync.audited": "tests/web/sync/test_audits.py",
    "sync.undone": "tests/sync/test_undo.py",
    "sync.withheld_approved": "tests/sync/test_withheld.py",
    "sync.withheld_kept": "tests/sync/test_withheld.py",
}
"""Acts that need a synced copy, or no organization yet, and the tests that look at their entries."""


def test_each_act_of_the_product_is_looked_at() -> None:
    actions = {
        action
        for path in source_files(*PRODUCT)
        for action in re.findall(r'action="([a-z_]+\.[a-z_]+)"', path.read_text())
    }
    here = set(re.findall(r'\("([a-z_]+\.[a-z_]+)", ', Path(__file__).read_text()))
    assert actions - here - ELSEWHERE.keys() == set()
    assert [action for action, file in ELSEWHERE.items() if f'"{action}"' not in (ROOT / file).read_text()] == []
