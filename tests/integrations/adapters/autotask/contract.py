"""What the contract has to know of Autotask."""

from __future__ import annotations

from tests.integrations.adapters.facts import Facts

FACTS = Facts(
    tickets=r"Tickets/query$",
    hides={"members": "members", "tickets": "tickets"},
    note="description",
    time="summaryNotes",
    upwards_only=True,
    silent_merges=True,
    tells_deletions=True,
)
