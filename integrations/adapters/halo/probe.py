"""The connection test: what works, what does not, and what to do about it.

One question without a token tells whether the address is right, one sign-in whether the credentials are; then one small read
per collection, side by side, so that all missing rights are named at once. The whole takes no longer than ``TIME_LIMIT``.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from foundation.core.outbound import Limits
from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.client import Halo
from integrations.adapters.halo.streams import FIELDS, SOURCES
from integrations.answers import Answer
from integrations.decoding import Listing
from integrations.errors import AddressRefused, IntegrationError, PermissionMissing, ProtocolError, RateLimited
from integrations.port import Check
from integrations.threads import CallPool

TIME_LIMIT = 9.5
CLOCK_TOLERANCE = dt.timedelta(minutes=5)
_PER_REQUEST = 4.0
_AT_ONCE = 4
_CUSTOM_FIELDS = "Custom fields"
_COLLECTIONS = {
    "Ticket types": "boards",
    "Statuses": "statuses",
    "Categories": "types",
    "Teams": "teams",
    "Priorities": "priorities",
    "Agents": "members",
    "Clients": "companies",
    "Sites": "sites",
    "Users": "contacts",
    "Tickets": "tickets",
    "Assets": "assets",
    "Items": "products",
    "Contracts": "agreements",
    "Recurring invoices": "agreement_additions",
    "Opportunities": "opportunities",
    "Invoices": "invoices",
}
_OPTIONAL = frozenset(
    {_CUSTOM_FIELDS, "Assets", "Items", "Contracts", "Recurring invoices", "Opportunities", "Invoices"}
)
"""What may be left out: its stream is skipped, and the rest is synced."""
_ONE: Mapping[str, str | int] = {"pageinate": "true", "page_no": 1, "page_size": 1}


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe learnt."""

    checks: Sequence[Check]
    instance: halo.Instance | None = None
    answer: Answer | None = None


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One small read."""

    name: str
    path: str
    payload: Any
    params: Mapping[str, str | int]
    key: str
    permission: str


class _Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Its rows, or its error."""

    asked: _Asked
    listing: Listing[Any] | None = None
    error: IntegrationError | None = None


class _Clock:
    """What is left of the probe's time, as limits of the next request."""

    def __init__(self) -> None:
        self._end = time.monotonic() + TIME_LIMIT

    def limits(self) -> Limits:
        left = max(min(_PER_REQUEST, self._end - time.monotonic()), 0.05)
        return Limits(connect=left, read=left, total=left)


def probe(remote: Halo) -> ProbeResult:
    """Runs the whole test. Raises nothing of ``integrations.errors``: each failure is a check."""
    clock = _Clock()
    try:
        instance, answer = remote.instance(clock.limits())
    except IntegrationError as err:
        return ProbeResult(checks=[_unreachable(err)])
    checks = [_reached(instance)]
    try:
        remote.sign_in(clock.limits())
    except IntegrationError as err:
        return ProbeResult(checks=[*checks, _refused(err)], instance=instance, answer=answer)
    checks.append(Check(name="Credentials", ok=True, message="The client ID and secret are accepted."))
    checks += [_readable(outcome) for outcome in _read_all(remote, clock)]
    checks.append(_clock_check(answer.server_time))
    return ProbeResult(checks=checks, instance=instance, answer=answer)


def _read_all(remote: Halo, clock: _Clock) -> list[_Outcome]:
    asked = [_asked(label, name) for label, name in _COLLECTIONS.items()]
    asked.append(
        _Asked(
            name=_CUSTOM_FIELDS,
            path="FieldInfo",
            payload=halo.FieldDefinition,
            params={},
            key="fields",
            permission=FIELDS,
        )
    )
    with CallPool(max_workers=_AT_ONCE, thread_name_prefix="probe") as pool:
        outcomes = list(pool.map(lambda question: _read(remote, clock, question), asked))
        ticket = next(
            (o.listing.rows[0].id for o in outcomes if o.asked.name == "Tickets" and o.listing and o.listing.rows), None
        )
        if ticket is None:
            return outcomes
        below = _asked("Actions", "notes")
        params = {**below.params, "ticket_id": ticket}
        return [*outcomes, _read(remote, clock, msgspec.structs.replace(below, params=params))]


def _asked(label: str, stream: str) -> _Asked:
    source = SOURCES[stream]
    return _Asked(
        name=label,
        path=source.path,
        payload=source.payload,
        params={**source.params, **(_ONE if source.paged else {})},
        key=source.key,
        permission=source.spec.permission,
    )


def _read(remote: Halo, clock: _Clock, asked: _Asked) -> _Outcome:
    try:
        listing = remote.list(
            asked.path,
            asked.payload,
            asked.params,
            key=asked.key,
            permission=asked.permission,
            limits=clock.limits(),
        )
    except IntegrationError as err:
        return _Outcome(asked=asked, error=err)
    return _Outcome(asked=asked, listing=listing)


def _reached(instance: halo.Instance) -> Check:
    version = f", version {instance.app_version}" if instance.app_version else ""
    return Check(name="Address", ok=True, message=f"{instance.app_name or 'Halo'} answers at this address{version}.")


def _unreachable(error: IntegrationError) -> Check:
    if isinstance(error, AddressRefused):
        action = "Correct the address. A Halo in a private network needs that network in the operator's list of allowed networks."
    elif isinstance(error, ProtocolError):
        action = "Enter the resource server that Configuration › Integrations › Halo API shows, which ends in /api."
    else:
        action = "Check the address, and whether Halo is up and may be reached from here."
    return Check(name="Address", ok=False, message=error.message, action=action, error=error.code)


def _refused(error: IntegrationError) -> Check:
    if isinstance(error, ProtocolError | AddressRefused):
        action = "Enter the authorisation server as Configuration › Integrations › Halo API shows it."
    elif isinstance(error, PermissionMissing):
        action = (
            "Open the application's Permissions tab (Configuration › Integrations › Halo API) and tick what it needs."
        )
    else:
        action = (
            "Check client ID and secret, that the application is active, of the kind “Client ID and Secret (Services)”, and "
            "has an agent to log in as; a hosted Halo also wants its tenant."
        )
    return Check(name="Credentials", ok=False, message=error.message, action=action, error=error.code)


def _readable(outcome: _Outcome) -> Check:
    name, error = outcome.asked.name, outcome.error
    if error is None:
        return _read_fine(outcome)
    optional = name in _OPTIONAL
    permission = outcome.asked.permission if isinstance(error, PermissionMissing) else ""
    message = f"{name} cannot be read: {permission} is missing." if permission else f"{name}: {error.message}"
    return Check(
        name=name,
        ok=optional,
        warning=optional,
        message=message,
        permission=permission,
        action=_action(error),
        error=error.code,
    )


def _action(error: IntegrationError) -> str:
    if isinstance(error, PermissionMissing):
        return (
            "In Halo, tick it on the application's Permissions tab, and give it to the role of the agent that the "
            "application logs in as. Both count from the next sign-in on."
        )
    if isinstance(error, RateLimited):
        return "Wait five minutes and test again: all of your integrations share Halo's limit."
    return "Test again; if it stays, look at Halo's own status."


def _read_fine(outcome: _Outcome) -> Check:
    name = outcome.asked.name
    if name == "Ticket types" and outcome.listing is not None and not outcome.listing.rows:
        message = "Ticket types can be read, but Halo shows none to this agent."
        action = "Check the ticket types and clients that the agent's role is restricted to: the rest is left out in silence."
        return Check(name=name, ok=True, warning=True, message=message, action=action)
    return Check(name=name, ok=True, message=f"{name} can be read.")


def _clock_check(server_time: dt.datetime | None) -> Check:
    if server_time is None:
        return Check(name="Clock", ok=True, message="Halo does not tell its time.", warning=True)
    skew = server_time - dt.datetime.now(dt.UTC)
    if abs(skew) <= CLOCK_TOLERANCE:
        return Check(name="Clock", ok=True, message="The clocks agree.")
    minutes = round(abs(skew).total_seconds() / 60)
    side = "ahead of" if skew > dt.timedelta(0) else "behind"
    message = f"Halo's clock is {minutes} minutes {side} ours. Syncs go by Halo's clock and stay correct."
    action = "Correct the clock of whichever server is wrong, so that times on pages can be compared."
    return Check(name="Clock", ok=True, warning=True, message=message, action=action)
