"""What Halo does not offer, and what is not read from it, and why."""

from __future__ import annotations

from integrations.port import Limit

_LISTS = "Read whole at full syncs: that Halo filters this list by time of change was never seen to work."
_LATER = "Halo has them; MSPortal does not read them yet."

LIMITS = (
    Limit(stream="company_statuses", why="Halo's clients are active or inactive, and that is kept.", offered=False),
    Limit(stream="company_types", why="Customer types are look-ups of each Halo's own; they are not read yet."),
    Limit(stream="items", why="The third of Halo's four categories; the fourth is not kept."),
    Limit(stream="companies", why=_LISTS),
    Limit(stream="companies", why="Their custom fields are not on Halo's lists."),
    Limit(stream="sites", why=_LISTS),
    Limit(stream="contacts", why=_LISTS),
    Limit(stream="tickets", why="Opportunities and projects have end points of their own and are not read."),
    Limit(stream="notes", why="Actions that took time come as time entries."),
    Limit(stream="time_entries", why="Time that was not booked on a ticket is not read."),
    Limit(stream="assets", why=_LATER),
    Limit(stream="products", why=_LATER),
    Limit(stream="agreements", why=_LATER),
    Limit(stream="agreement_additions", why=_LATER),
    Limit(stream="opportunity_statuses", why=_LATER),
    Limit(stream="opportunities", why=_LATER),
    Limit(stream="invoices", why=_LATER),
)
