"""What the contract has to know of HaloPSA."""

from __future__ import annotations

from integrations.errors import PermissionMissing
from tests.integrations.adapters.facts import Facts

FACTS = Facts(
    tickets=r"/api/Tickets$",
    hides={"members": "agents", "tickets": "tickets"},
    note="note",
    time="note",
    refused={"401": PermissionMissing},
)
