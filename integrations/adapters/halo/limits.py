"""What Halo does not offer, and what is not read from it, and why."""

from __future__ import annotations

from integrations.port import Limit

_DETAIL = (
    "are not on Halo's lists; reading them takes a request for each, at each full sync, of the 700 in five minutes."
)
_LISTS = "Read whole at full syncs: that Halo filters this list by time of change was never seen to work."

LIMITS = (
    Limit(stream="company_statuses", why="Halo's clients are active or inactive, and that is kept.", offered=False),
    Limit(stream="company_types", why="Customer types are look-ups of each Halo's own; they are not read yet."),
    Limit(stream="items", why="The third of Halo's four categories; the fourth is not kept."),
    Limit(stream="companies", why=_LISTS),
    Limit(stream="companies", why=f"Their custom fields {_DETAIL}"),
    Limit(stream="sites", why=_LISTS),
    Limit(stream="contacts", why=_LISTS),
    Limit(stream="contacts", why=f"Their custom fields and addresses {_DETAIL}"),
    Limit(
        stream="contacts",
        why="Halo's users have no type; their relationships are look-ups that are not read.",
        offered=False,
    ),
    Limit(
        stream="tickets",
        why="Where a ticket came from is a number whose words no document of Halo's names; it is not read.",
    ),
    Limit(stream="tickets", why="Projects have an end point of their own and are not read."),
    Limit(stream="notes", why="Actions that took time come as time entries."),
    Limit(stream="time_entries", why="Time that was not booked on a ticket is not read."),
    Limit(
        stream="assets",
        why="Read type by type, whole at each full sync; assets of a type that the application may not see are left out. "
        "Maker, model, serial number and system are found by the names of the type's fields.",
    ),
    Limit(
        stream="agreements",
        why="Contracts, and recurring invoices under them; contracts do not say how often they are billed.",
    ),
    Limit(stream="agreement_additions", why="The lines of recurring invoices; Halo's contracts have none."),
    Limit(
        stream="opportunity_statuses",
        why="Those of tickets, for Halo has no others; that one means won or lost is taken from its name.",
    ),
    Limit(stream="opportunities", why="Quotes are not read."),
    Limit(stream="invoices", why="What is paid is told by the amounts; Halo numbers its states without naming them."),
)
