"""What the contract has to know of TinyDesk."""

from __future__ import annotations

from tests.integrations.adapters.facts import Facts

FACTS = Facts(
    tickets=r"/v1/tickets$",
    hides={"members": "people", "tickets": "tickets"},
    note="text",
    time="text",
    sandbox="tests.integrations.adapters.tinydesk.sandbox",
)
