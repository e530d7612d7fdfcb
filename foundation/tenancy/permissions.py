"""The named permissions and the three roles that every organization begins with."""

from __future__ import annotations

PERMISSIONS: dict[str, str] = {
    "view_tickets": "See tickets, their notes and time entries",
    "edit_tickets": "Change tickets, add notes and time",
    "view_clients": "See companies, sites and contacts",
    "edit_clients": "Change companies, sites and contacts",
    "manage_integrations": "Connect systems, change their settings, start and cancel syncs",
    "view_integration_logs": "See sync history, runs, their items and logs",
    "manage_api_keys": "Make and revoke API keys",
    "configure_webhooks": "Set up webhooks and see their deliveries",
    "manage_users": "Invite people, change their roles, compose roles",
    "view_audit": "Read the audit log",
}
BUILTIN_ROLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "admin": ("Admin", tuple(PERMISSIONS)),
    "technician": (
        "Technician",
        ("view_tickets", "edit_tickets", "view_clients", "edit_clients", "view_integration_logs"),
    ),
    "readonly": ("Read only", ("view_tickets", "view_clients")),
}
