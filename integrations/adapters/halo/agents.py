"""What Halo tells of an agent only where the agent is asked for alone: the e-mail address, by which people are found.

Source: rows of ``/Agent`` of a live Halo, which have none; ``/Agent/{id}`` of the vendor's OpenAPI document of March 2025.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.client import Halo
from integrations.errors import IntegrationError, NotFound, PermissionMissing, ProtocolError, UnsupportedFeature
from integrations.port import Remark
from integrations.threads import CallPool

AGENTS_AT_ONCE = 30
"""Agents of a page: each costs a request of its own, and a page is what a kill costs at most."""
SIDE_BY_SIDE = 3
"""Requests at once, as many as a run has in flight."""
PARAMS = {"includedetails": "true"}


class Emails(NamedTuple):
    """Addresses by agent, "" for one who has none; agents whose address could not be learnt are missing, and said in ``remarks``."""

    emails: dict[int, str]
    remarks: list[Remark]


def emails_of(remote: Halo, rows: Sequence[halo.Agent], permission: str) -> Emails:
    """The addresses of these agents: from their rows where they stand there, else with a request for each."""
    known = {row.id: row.email for row in rows if row.email}
    missing = [row.id for row in rows if row.id not in known]
    if not missing:
        return Emails(known, [])

    def read(number: int) -> str | Remark:
        try:
            listing = remote.record(f"Agent/{number}", halo.Agent, PARAMS, permission=permission)
            return _untold(str(number)) if "email" in listing.absent else listing.rows[0].email or ""
        except (NotFound, UnsupportedFeature, ProtocolError) as err:
            return _left(str(number), err)

    try:
        first = read(missing[0])
    except PermissionMissing as err:
        # What is refused for one is refused for all: the list shows agents, and their own pages do not open.
        return Emails(known, [_left("", err)])
    with CallPool(max_workers=SIDE_BY_SIDE, thread_name_prefix="agent") as pool:
        found = dict(zip(missing, [first, *pool.map(read, missing[1:])], strict=True))
    emails = known | {number: value for number, value in found.items() if isinstance(value, str)}
    remarks = [value for value in found.values() if isinstance(value, Remark)]
    if len(remarks) == len(found) and all(one == _untold(one.remote_id) for one in remarks):
        remarks = [_untold("")]
    return Emails(emails, remarks)


def _untold(remote_id: str) -> Remark:
    """That an agent came without the field, which says something else than that there is no address. "" for all of them."""
    whose = "The agent's e-mail" if remote_id else "Agents' e-mail"
    message = f"{whose} could not be looked up: the answer has no such field. What is here of it stays as it is."
    return Remark(remote_id=remote_id, field="email", message=message)


def _left(remote_id: str, error: IntegrationError) -> Remark:
    whose = "The agent's e-mail" if remote_id else "Agents' e-mail"
    message = f"{whose} could not be read and stays as it is here: {error.message}"
    return Remark(remote_id=remote_id, field="email", message=message)
