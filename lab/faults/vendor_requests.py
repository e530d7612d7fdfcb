"""How each system's interface looks to somebody who spoils it: which requests are what, and what a ticket's text is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Match = dict[str, str]
"""Which requests, as the sandbox's rules say it: regular expressions on path and query."""
NOT_UTC = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """``pages``: of tickets; ``counts``: of tickets; ``whole``: the pages of a full read alone, where addresses tell it;
    ``early``: what a full run asks before its tickets; ``children``: whether there are streams that are read parent by parent;
    ``summary``: the ticket's line of text; ``secrets``: the credentials that nobody may see; ``poisons``: values of a ticket that no
    documentation allows, ``antidote``: what heals them; ``stamp``: how a time is written; ``unlimited``: what lifts the vendor's own
    limits (a deed of the control interface)."""

    pages: Match
    counts: Match
    whole: Match
    early: Match
    summary: str
    secrets: tuple[str, ...]
    poisons: tuple[dict[str, Any], ...]
    antidote: dict[str, Any]
    children: bool = False
    stamp: str = f"{NOT_UTC}Z"
    unlimited: tuple[str, dict[str, Any]] | None = None
    lists_count: bool = False
    """Whether a page of tickets bears the number of them all."""


HUGE = 10**400
WIRES: dict[str, Wire] = {
    "connectwise": Wire(
        pages={"path": "service/tickets$"},
        counts={"path": "service/tickets/count$"},
        whole={"path": "service/tickets$", "query": "^(?!.*lastUpdated)"},
        early={"path": "service/boards/"},
        children=True,
        summary="summary",
        secrets=("private_key", "public_key"),
        poisons=(
            {"budgetHours": HUGE},
            {"customFields": "no list"},
            {"requiredDate": "0001-01-01T00:00:00Z"},
            {"summary": "a zero \x00 inside"},
        ),
        antidote={"budgetHours": 1, "customFields": [], "requiredDate": None},
    ),
    "halo": Wire(
        pages={"path": "/Tickets$", "query": "order=id"},
        counts={"path": "/Tickets$", "query": "page_size=1(&|$)"},
        whole={"path": "/Tickets$", "query": "^(?!.*lastupdatefromdate).*order=id"},
        early={"path": "/(TicketType|Status|Category|Team|Priority|Agent)$"},
        summary="summary",
        secrets=("client_secret",),
        poisons=(
            {"estimate": HUGE},
            {"agent_id": "nobody"},
            {"deadlinedate": "in a while"},
            {"summary": "a zero \x00 inside"},
        ),
        antidote={"estimate": 1, "agent_id": 1, "deadlinedate": None},
        stamp=f"{NOT_UTC}.000",
        lists_count=True,
    ),
    "autotask": Wire(
        pages={"path": "/Tickets/query$"},
        counts={"path": "/Tickets/query/count$"},
        whole={"path": "/Tickets/query$"},
        early={"path": "/(entityInformation/fields|Resources/query|Companies/query|Contacts/query)$"},
        summary="title",
        secrets=("secret", "integration_code"),
        poisons=(
            {"estimatedHours": HUGE},
            {"userDefinedFields": "no list"},
            {"dueDateTime": "in a while"},
            {"title": "a zero \x00 inside"},
        ),
        antidote={"estimatedHours": 1, "userDefinedFields": [], "dueDateTime": None},
        unlimited=("usage", {"used": 0, "limit": 10**9}),
    ),
}
"""By system."""
