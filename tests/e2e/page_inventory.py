"""Every page of the product, with an address to see it at. A page that is not here fails the test of that name."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

SIGNED_OUT = {
    "account_login": "/account/login/",
    "account_reset_password": "/account/password/reset/",
    "account_reset_password_done": "/account/password/reset/done/",
    "account_reset_password_from_key": "/account/password/reset/key/1-used-long-ago/",
    "account_reset_password_from_key_done": "/account/password/reset/key/done/",
    "account_signup": "/account/signup/",
    "account_inactive": "/account/inactive/",
}
PAGES = {
    "dashboard": "/",
    "ticket_list": "/tickets/",
    "ticket": "/tickets/{ticket}/",
    "client_list": "/clients/",
    "client": "/clients/{client}/",
    "contacts": "/clients/contacts/",
    "assets": "/clients/assets/",
    "agreements": "/clients/agreements/",
    "invoices": "/clients/invoices/",
    "opportunities": "/clients/opportunities/",
    "contact": "/clients/contacts/{contact}/",
    "asset": "/clients/assets/{asset}/",
    "agreement": "/clients/agreements/{agreement}/",
    "invoice": "/clients/invoices/{invoice}/",
    "opportunity": "/clients/opportunities/{opportunity}/",
    "sync_history": "/sync/history/",
    "issues": "/sync/issues/",
    "missing_ticket": "/sync/missing/",
    "run": "/sync/runs/{run}/",
    "run_items": "/sync/runs/{run}/items/",
    "run_log": "/sync/runs/{run}/log/",
    "run_diff": "/sync/runs/{run}/changes/",
    "run_victims": "/sync/runs/{run}/victims/",
    "drift_audit": "/sync/audits/{audit}/",
    "run_undo": "/sync/runs/{run}/undo/",
    "run_apply": "/sync/runs/{preview}/apply/",
    "connection_sync": "/sync/connections/{connection}/",
    "clear_resync": "/sync/connections/{connection}/clear/",
    "integrations": "/settings/integrations/",
    "connection_new": "/settings/integrations/new/connectwise/",
    "connection": "/settings/integrations/{connection}/",
    "connection_remove": "/settings/integrations/{connection}/remove/",
    "connection_tickets": "/settings/integrations/{connection}/tickets/",
    "connection_schedule": "/settings/integrations/{connection}/schedule/",
    "connection_safeguards": "/settings/integrations/{connection}/safeguards/",
    "connection_change": "/settings/integrations/{connection}/change/",
    "connection_handling": "/settings/integrations/{connection}/handling/",
    "connection_mapping": "/settings/integrations/{connection}/mappings/statuses/",
    "connection_mapping_history": "/settings/integrations/{connection}/mappings/statuses/history/",
    "portal_values": "/settings/integrations/values/statuses/",
    "connection_credentials": "/settings/integrations/{connection}/credentials/",
    "people": "/settings/people/",
    "person": "/settings/people/{person}/",
    "invite": "/settings/people/invite/",
    "roles": "/settings/roles/",
    "role_new": "/settings/roles/new/",
    "role": "/settings/roles/{role}/",
    "audit": "/settings/audit/",
    "notifications": "/settings/notifications/",
    "no_organization": "/organization/none/",
    "account_change_password": "/account/password/change/",
    "account_logout": "/account/logout/",
    "styleguide": "/styleguide/",
}
SEEN_ELSEWHERE = {"connection_configure", "invitation", "issue"}
"""Their addresses come up in a story: setting up a connection, joining by a link, a failed record."""
NOT_PAGES = {
    "connection_export",
    *("healthz", "readyz", "switch_organization", "account_email", "account_set_password", "account_reauthenticate"),
    *(
        "run_start",
        "preview_start",
        "audit_start",
        "run_cancel",
        "run_decide",
        "run_withheld",
        "run_progress",
        "run_notices",
        "connection_test",
        "connection_rename",
    ),
    *("issue_retry", "issue_dismiss", "issue_reopen", "missing_ticket_fetch"),
    *("connection_mappings", "connection_mapping_revert"),
    *("connection_choices", "connection_pause", "ticket_refresh", "ticket_client_options", "invitation_resend"),
    *(
        "invitation_revoke",
        "role_delete",
        "person_remove",
        "sync_history_csv",
        "ticket_list_csv",
        "run_diff_csv",
        "connection_tickets_csv",
        "client_fetch",
        "ticket_fetch",
        *(f"{name}_fetch" for name in ("contact", "asset", "agreement", "invoice", "opportunity")),
        "clients_csv",
        "contacts_csv",
        "assets_csv",
        "agreements_csv",
        "invoices_csv",
        "opportunities_csv",
    ),
}
"""Answers to buttons, parts of pages, files, and what only leads elsewhere."""


def names() -> set[str]:
    """The name of every address."""
    return set(_names(get_resolver().url_patterns))


def _names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name
