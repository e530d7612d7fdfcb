"""Audit entries in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from foundation.tenancy.models import AuditEvent

AREAS = {
    "session": "Log-ins",
    "password": "Passwords",
    "access": "Refused pages",
    "membership": "People",
    "invitation": "Invitations",
    "role": "Roles",
    "connection": "Connections",
    "mapping": "Mappings",
    "portal_value": "Values",
    "schedule": "Schedules",
    "sync": "Syncs",
    "organization": "Organization",
}
ACTIONS = {
    "access.refused": "was refused a page",
    "connection.configured": "changed the settings of the connection",
    "connection.created": "connected",
    "connection.credentials_changed": "changed the credentials of the connection",
    "connection.credentials_reencrypted": "encrypted the credentials anew of the connection",
    "connection.deleted": "removed the connection",
    "connection.renamed": "renamed the connection",
    "invitation.accepted": "accepted the invitation of",
    "invitation.created": "invited",
    "invitation.revoked": "took back the invitation of",
    "invitation.sent_again": "sent the invitation again to",
    "mapping.changed": "changed mappings of",
    "mapping.forgotten": "forgot the mappings of",
    "mapping.reverted": "took back a change of mappings of",
    "membership.created": "gave a place to",
    "membership.removed": "removed",
    "membership.role_changed": "changed the role of",
    "organization.created": "made the organization",
    "password.changed": "set a new password",
    "portal_value.changed": "changed the value",
    "portal_value.created": "added the value",
    "portal_value.removed": "removed the value",
    "role.changed": "changed the role",
    "role.created": "composed the role",
    "role.deleted": "deleted the role",
    "schedule.brought_forward": "brought the nightly sync forward of",
    "schedule.changed": "changed the schedule of",
    "schedule.paused": "paused the schedule of",
    "schedule.resumed": "resumed the schedule of",
    "session.ended": "logged out",
    "session.ended_everywhere": "logged out on all devices",
    "session.refused": "tried to log in as",
    "session.started": "logged in",
    "sync.approved": "approved the held run",
    "sync.cancelled": "cancelled the run",
    "sync.rejected": "rejected the held run",
    "sync.requested": "started the run",
}
ORIGINS = {"page": "in the browser", "cli": "on the command line", "api": "through the API", "system": "by the system"}


@dataclass(frozen=True, slots=True)
class Change:
    """One field, before and after, as a reader sees it; None for nothing."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """One entry of the audit's page."""

    event: AuditEvent
    words: str
    origin: str
    changes: tuple[Change, ...]
    warning: bool


def presented(event: AuditEvent) -> ShownEvent:
    """The entry in words; an action that is not known here is spelt out from its name."""
    area, _, verb = event.action.partition(".")
    return ShownEvent(
        event,
        ACTIONS.get(event.action, f"{area}: {verb.replace('_', ' ')}"),
        ORIGINS.get(event.origin, event.origin),
        tuple(Change(_field(name), _value(pair[0]), _value(pair[1])) for name, pair in event.changes.items()),
        verb == "refused",
    )


def _field(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _value(value: Any) -> str | None:
    if value is None or value == "" or value == []:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    return str(value)
