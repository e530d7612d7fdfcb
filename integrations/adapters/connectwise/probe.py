"""The connection test: what works, what does not, and what to do about it.

One question without keys tells whether the address and the company are right; then one small read per collection, side
by side, so that all missing rights are named at once. The whole takes no longer than ``TIME_LIMIT``.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence

import msgspec

from foundation.core.outbound import Limits
from integrations.adapters.connectwise import payloads as cw
from integrations.adapters.connectwise.client import ConnectWise
from integrations.adapters.connectwise.streams import PROJECT_TICKETS, SOURCES, TABLES
from integrations.answers import Answer
from integrations.decoding import Listing
from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    IntegrationError,
    PermissionMissing,
    ProtocolError,
    RateLimited,
)
from integrations.port import Check
from integrations.threads import CallPool

TIME_LIMIT = 9.5
CLOCK_TOLERANCE = dt.timedelta(minutes=5)
_PER_REQUEST = 4.0
_AT_ONCE = 5
_KEYS = "Keys"
_CUSTOM_FIELDS = "Custom fields"
_GLOBAL = {
    "Service boards": "boards",
    "Priorities": "priorities",
    "Members": "members",
    "Company statuses": "company_statuses",
    "Company types": "company_types",
    "Companies": "companies",
    "Contacts": "contacts",
    "Tickets": "tickets",
    "Project tickets": "project_tickets",
    "Time entries": "time_entries",
    "Assets": "assets",
    "Products": "products",
    "Agreements": "agreements",
    "Invoices": "invoices",
    "Opportunities": "opportunities",
}
_BELOW = {
    "Board statuses": "statuses",
    "Sites": "sites",
    "Ticket notes": "notes",
    "Agreement additions": "agreement_additions",
}
_OPTIONAL = {
    _CUSTOM_FIELDS,
    "Project tickets",
    "Assets",
    "Products",
    "Agreements",
    "Agreement additions",
    "Invoices",
    "Opportunities",
}
"""A key without the right to these is a key to work with: syncs leave them out and say so."""

_ASKED = {**SOURCES, "project_tickets": PROJECT_TICKETS}


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe learnt."""

    checks: Sequence[Check]
    company: cw.CompanyInfo | None = None
    answer: Answer | None = None


class _Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One read: its rows or its error."""

    name: str
    permission: str
    listing: Listing[cw.Row] | None = None
    error: IntegrationError | None = None

    @property
    def first_id(self) -> int | None:
        return self.listing.rows[0].id if self.listing is not None and self.listing.rows else None


class _Clock:
    """What is left of the probe's time, as limits of the next request."""

    def __init__(self) -> None:
        self._end = time.monotonic() + TIME_LIMIT

    def limits(self) -> Limits:
        left = max(min(_PER_REQUEST, self._end - time.monotonic()), 0.05)
        return Limits(connect=left, read=left, total=left)


def probe(remote: ConnectWise) -> ProbeResult:
    """Runs the whole test. Raises nothing of ``integrations.errors``: each failure is a check."""
    clock = _Clock()
    try:
        company, answer = remote.company_info(clock.limits())
    except AuthenticationFailed as err:
        return ProbeResult(checks=[_reached(), _unknown_company(err)])
    except IntegrationError as err:
        return ProbeResult(checks=[_unreachable(err)])
    checks = [_reached(), _known_company(company)]
    outcomes = _read_all(remote, clock)
    keys = _keys(outcomes)
    checks.append(keys)
    if keys.ok:
        checks += [_readable(outcome) for outcome in outcomes]
    checks.append(_clock_check(answer.server_time))
    return ProbeResult(checks=checks, company=company, answer=answer)


def _read_all(remote: ConnectWise, clock: _Clock) -> list[_Outcome]:
    with CallPool(max_workers=_AT_ONCE, thread_name_prefix="probe") as pool:
        wide = [
            (label, source.path, source.payload, source.spec.permission)
            for label, source in ((label, _ASKED[name]) for label, name in _GLOBAL.items())
        ]
        wide.append((_CUSTOM_FIELDS, "system/userDefinedFields", cw.FieldDefinition, TABLES))
        outcomes = list(pool.map(lambda question: _read(remote, clock, *question), wide))
        if any(isinstance(outcome.error, AuthenticationFailed) for outcome in outcomes):
            return outcomes
        parents = {_GLOBAL[outcome.name]: outcome.first_id for outcome in outcomes if outcome.name in _GLOBAL}
        below = [
            (label, source.path.format(parent=parent), source.payload, source.spec.permission)
            for label, source, parent in (
                (label, SOURCES[name], parents[SOURCES[name].spec.parent]) for label, name in _BELOW.items()
            )
            if parent is not None
        ]
        return outcomes + list(pool.map(lambda question: _read(remote, clock, *question), below))


def _read(remote: ConnectWise, clock: _Clock, name: str, path: str, kind: type[cw.Row], permission: str) -> _Outcome:
    try:
        listing = remote.list(path, kind, {"pageSize": 1}, permission=permission, limits=clock.limits())
    except IntegrationError as err:
        return _Outcome(name=name, permission=permission, error=err)
    return _Outcome(name=name, permission=permission, listing=listing)


def _reached() -> Check:
    return Check(name="Address", ok=True, message="ConnectWise answers at this address.")


def _unreachable(error: IntegrationError) -> Check:
    if isinstance(error, AddressRefused):
        action = "Correct the address. A ConnectWise in a private network needs that network in the operator's list of allowed networks."
    elif isinstance(error, ProtocolError):
        action = "Enter the address that you open ConnectWise with, for example na.myconnectwise.net."
    else:
        action = "Check the address, and whether ConnectWise is up and may be reached from here."
    return Check(name="Address", ok=False, message=error.message, action=action, error=error.code)


def _known_company(company: cw.CompanyInfo) -> Check:
    named = company.company_name or company.company_id or "the company"
    version = f", release {company.version_code}" if company.version_code else ""
    return Check(name="Company", ok=True, message=f"The company is known: {named}{version}.")


def _unknown_company(error: IntegrationError) -> Check:
    action = "Enter the company id that you type when you log in to ConnectWise."
    return Check(name="Company", ok=False, message=error.message, action=action, error=error.code)


def _keys(outcomes: Sequence[_Outcome]) -> Check:
    refused = next((outcome.error for outcome in outcomes if isinstance(outcome.error, AuthenticationFailed)), None)
    if refused is not None:
        action = "Make new keys for the API member (System › Members › API Members › API Keys) and enter them, with the client id."
        return Check(name=_KEYS, ok=False, message=refused.message, action=action, error=refused.code)
    if all(outcome.error is not None and not isinstance(outcome.error, PermissionMissing) for outcome in outcomes):
        error = next(outcome.error for outcome in outcomes if outcome.error is not None)
        action = "Test again in a while; the keys could not be tried."
        return Check(name=_KEYS, ok=False, message=error.message, action=action, error=error.code)
    return Check(name=_KEYS, ok=True, message="The keys are accepted.")


def _readable(outcome: _Outcome) -> Check:
    name, permission, error = outcome.name, outcome.permission, outcome.error
    if error is None:
        return _read_fine(outcome)
    optional = name in _OPTIONAL
    if isinstance(error, PermissionMissing):
        message = f"{name} cannot be read: the security role lacks {permission}."
        action = f"In ConnectWise, open System › Security Roles, choose the API member's role and set {permission}."
        return Check(
            name=name,
            ok=optional,
            warning=optional,
            message=message,
            permission=permission,
            action=action,
            error=error.code,
        )
    action = (
        "Wait a minute and test again."
        if isinstance(error, RateLimited)
        else "Test again; if it stays, look at ConnectWise's own status."
    )
    return Check(
        name=name, ok=optional, warning=optional, message=f"{name}: {error.message}", action=action, error=error.code
    )


def _read_fine(outcome: _Outcome) -> Check:
    if outcome.name == "Service boards" and outcome.first_id is None:
        message = "Service boards can be read, but ConnectWise shows none to this API member."
        action = "Check the API member's location, department and board restrictions: what they exclude is left out in silence."
        return Check(name=outcome.name, ok=True, warning=True, message=message, action=action)
    return Check(name=outcome.name, ok=True, message=f"{outcome.name} can be read.")


def _clock_check(server_time: dt.datetime | None) -> Check:
    if server_time is None:
        return Check(name="Clock", ok=True, message="ConnectWise does not tell its time.", warning=True)
    skew = server_time - dt.datetime.now(dt.UTC)
    if abs(skew) <= CLOCK_TOLERANCE:
        return Check(name="Clock", ok=True, message="The clocks agree.")
    minutes = round(abs(skew).total_seconds() / 60)
    side = "ahead of" if skew > dt.timedelta(0) else "behind"
    message = f"ConnectWise's clock is {minutes} minutes {side} ours. Syncs go by ConnectWise's clock and stay correct."
    action = "Correct the clock of whichever server is wrong, so that times on pages can be compared."
    return Check(name="Clock", ok=True, warning=True, message=message, action=action)
