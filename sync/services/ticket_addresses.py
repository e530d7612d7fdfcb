"""Which ticket a number or an address of a PSA means."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from integrations.models import Connection
from integrations.port import Adapter
from sync.services.verdicts import Verdict

PLACE = "7002003004005"
"""Stands for an id, to learn where a PSA's addresses keep theirs."""

ID_NAMES = frozenset({"id", "recid", "srrecid", "service_recid", "ticketid", "ticket_id"})
"""Query parameters that hold a ticket's id in the other addresses under which the vendors show a ticket."""

NUMBER = re.compile(r"#?\s*(\d{1,18})")


class NotUnderstood(Exception):
    """The text names no ticket. ``verdict`` says why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.said)
        self.verdict = verdict


def remote_id_in(text: str, adapter: Adapter, connection: Connection) -> str:
    """The PSA's id of the ticket in a number, "#number" or an address of the PSA. Raises NotUnderstood."""
    plain = text.strip()
    if number := NUMBER.fullmatch(plain):
        return number[1]
    try:
        given = urlsplit(plain if "//" in plain else f"//{plain}")
    except ValueError:  # a broken IPv6 address
        given = urlsplit("")
    example = urlsplit(adapter.page_url("tickets", PLACE))
    if not given.hostname or ("." not in given.hostname and given.hostname != "localhost"):
        raise NotUnderstood(
            Verdict(
                "not_understood",
                "That is neither a ticket number nor the address of a ticket.",
                "Enter the number as the PSA shows it, such as 48210, or copy the address from the PSA's own page.",
            )
        )
    if example.hostname and given.hostname != example.hostname:
        raise NotUnderstood(
            Verdict(
                "other_instance",
                f"That address leads to {given.hostname}; {connection.name} is {example.hostname}.",
                "Choose the connection of that PSA, or connect it.",
                "connections",
            )
        )
    names = ID_NAMES | {name.lower() for name, value in parse_qsl(example.query) if value == PLACE}
    for name, value in parse_qsl(given.query) + parse_qsl(urlsplit(given.fragment).query):
        if name.lower() in names and value.isdecimal():
            return value
    if example.path and PLACE in example.path:
        pattern = re.escape(example.path).replace(PLACE, r"(\d{1,18})")
        if found := re.match(pattern, given.path):
            return found[1]
    raise NotUnderstood(
        Verdict(
            "no_number",
            "That is an address of this PSA, but no ticket's.",
            "Open the ticket in the PSA and copy the address from there, or enter its number.",
        )
    )
