"""What the contract has to know of ConnectWise."""

from __future__ import annotations

from tests.integrations.adapters.facts import Facts

FACTS = Facts(
    tickets=r"service/tickets$", hides={"members": "members", "tickets": "tickets"}, note="text", time="notes"
)
