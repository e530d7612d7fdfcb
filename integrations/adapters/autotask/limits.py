"""What Autotask does not offer, and what is not read from it, and why."""

from __future__ import annotations

from integrations.port import Limit

_NO_STAMP = "Read whole at full syncs: Autotask does not say when one changed."

LIMITS = (
    Limit(stream="company_statuses", why="Companies are active or not, and that is kept.", offered=False),
    Limit(stream="items", why="Autotask has issue types and sub-issue types.", offered=False),
    Limit(stream="teams", why="Autotask's tickets have queues and resources.", offered=False),
    Limit(stream="sites", why=_NO_STAMP),
    Limit(stream="products", why="Products, and the services that contracts sell; bundles of services are not read."),
    Limit(stream="products", why=_NO_STAMP),
    Limit(stream="agreements", why=f"{_NO_STAMP} What one costs is the sum of its services."),
    Limit(
        stream="agreement_additions",
        why=f"{_NO_STAMP} Quantities are those of the running period; block hours, retainers and charges are not read.",
    ),
    Limit(
        stream="invoices",
        why=f"{_NO_STAMP} What is paid in part is not told; lines come where the API user may query BillingItems.",
    ),
)
