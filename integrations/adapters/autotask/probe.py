"""The connection test: what works, what does not, and what to do about it.

The zone directory tells, without credentials, whether the user is known. Then one signed request tries the secret, and only
one: Autotask locks users whose secret is wrong several times. Then one small read per entity, so that all missing rights
are named at once. The whole takes no longer than ``TIME_LIMIT``.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence

import msgspec

from foundation.core.outbound import Limits
from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.client import Autotask
from integrations.adapters.autotask.filters import EVERY_RECORD
from integrations.adapters.autotask.streams import DELETED, SOURCES, right
from integrations.adapters.autotask.zones import Zone
from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    IntegrationError,
    PermissionMissing,
    RateLimited,
)
from integrations.port import Check
from integrations.threads import CallPool

TIME_LIMIT = 9.5
CLOCK_TOLERANCE = dt.timedelta(minutes=5)
BUSY = 0.5
"""The share of the hourly requests above which Autotask answers more slowly."""
_PER_REQUEST = 4.0
_AT_ONCE = 4
_KEYS = "Keys"
_HOLDINGS = {
    "assets": "Configuration items",
    "products": "Products",
    "agreements": "Contracts",
    "agreement_additions": "Contract services",
    "opportunities": "Opportunities",
    "invoices": "Invoices",
}
_OPTIONAL = frozenset({"Custom fields", "Deletions"} | set(_HOLDINGS.values()))
_LABELS = {
    "members": "Resources",
    "companies": "Companies",
    "sites": "Company locations",
    "contacts": "Contacts",
    "tickets": "Tickets",
    "notes": "Ticket notes",
    "time_entries": "Time entries",
    **_HOLDINGS,
}


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe learnt."""

    checks: Sequence[Check]
    zone: Zone | None = None
    server_time: dt.datetime | None = None


class _Question(msgspec.Struct, frozen=True, kw_only=True):
    """One small read, and the right that it needs."""

    name: str
    permission: str
    ask: Callable[[Limits], object]


class _Clock:
    """What is left of the probe's time, as limits of the next request."""

    def __init__(self) -> None:
        self._end = time.monotonic() + TIME_LIMIT

    def limits(self) -> Limits:
        left = max(min(_PER_REQUEST, self._end - time.monotonic()), 0.05)
        return Limits(connect=left, read=left, total=left)


def probe(remote: Autotask) -> ProbeResult:
    """Runs the whole test. Raises nothing of ``integrations.errors``: each failure is a check."""
    clock = _Clock()
    try:
        found = remote.zone(clock.limits())
    except AuthenticationFailed as err:
        return ProbeResult(checks=[_reached(), _unknown_user(err)])
    except IntegrationError as err:
        return ProbeResult(checks=[_unreachable(err)])
    checks = [_reached(), _known_user(found.zone)]
    try:
        threshold, answer = remote.threshold(clock.limits())
    except IntegrationError as err:
        checks.append(_refused(err))
        return ProbeResult(checks=checks, zone=found.zone, server_time=found.answer.server_time)
    checks.append(Check(name=_KEYS, ok=True, message="The secret and the integration code are accepted."))
    checks += _read_all(remote, clock)
    checks += [_requests_check(threshold), _clock_check(answer.server_time)]
    return ProbeResult(checks=checks, zone=found.zone, server_time=answer.server_time)


def _questions(remote: Autotask) -> list[_Question]:
    def reads(entity: str) -> Callable[[Limits], object]:
        return lambda limits: remote.query(
            entity, at.Row, [EVERY_RECORD], most=1, permission=right(entity), limits=limits
        )

    asked = [
        _Question(name=_LABELS[source.spec.name], permission=source.spec.permission, ask=reads(source.entity))
        for source in SOURCES
    ]
    asked.append(
        _Question(
            name="Pick lists",
            permission=right("Tickets"),
            ask=lambda limits: remote.fields("Tickets", permission=right("Tickets"), limits=limits),
        )
    )
    asked.append(
        _Question(
            name="Custom fields",
            permission=right("Tickets"),
            ask=lambda limits: remote.user_fields("Tickets", permission=right("Tickets"), limits=limits),
        )
    )
    asked.append(_Question(name="Deletions", permission=right(DELETED), ask=reads(DELETED)))
    return asked


def _read_all(remote: Autotask, clock: _Clock) -> list[Check]:
    with CallPool(max_workers=_AT_ONCE, thread_name_prefix="probe") as pool:
        return list(pool.map(lambda question: _readable(question, clock), _questions(remote)))


def _readable(question: _Question, clock: _Clock) -> Check:
    try:
        question.ask(clock.limits())
    except IntegrationError as err:
        return _unreadable(question, err)
    return Check(name=question.name, ok=True, message=f"{question.name} can be read.")


def _unreadable(question: _Question, error: IntegrationError) -> Check:
    optional = question.name in _OPTIONAL
    message, permission = f"{question.name}: {error.message}", ""
    action = "Test again; if it stays, look at Autotask's own status page."
    if isinstance(error, PermissionMissing):
        message = f"{question.name} cannot be read: the security level lacks {question.permission}."
        action = (
            f"In Autotask, open Admin › Security Levels, choose the API user's level and give it {question.permission}."
        )
        permission = question.permission
    elif isinstance(error, RateLimited):
        action = "Wait a minute and test again."
    return Check(
        name=question.name,
        ok=optional,
        warning=optional,
        message=message,
        permission=permission,
        action=action,
        error=error.code,
    )


def _reached() -> Check:
    return Check(name="Address", ok=True, message="Autotask's zone directory answers.")


def _unreachable(error: IntegrationError) -> Check:
    action = "Check whether Autotask is up and may be reached from here."
    if isinstance(error, AddressRefused):
        action = "Leave the address empty, or enter the one that you open Autotask with."
    return Check(name="Address", ok=False, message=error.message, action=action, error=error.code)


def _known_user(zone: Zone) -> Check:
    where = f" in the zone {zone.name}" if zone.name else ""
    return Check(name="API user", ok=True, message=f"The API user is known{where}.")


def _unknown_user(error: IntegrationError) -> Check:
    action = "Enter the API user's name as Autotask shows it, with what follows the @."
    return Check(name="API user", ok=False, message=error.message, action=action, error=error.code)


def _refused(error: IntegrationError) -> Check:
    action = "Test again in a while; the secret could not be tried."
    if isinstance(error, AuthenticationFailed):
        action = (
            "Make a new secret for the API user (Admin › Resources/Users) and enter it, with its integration code. "
            "Do not try often: Autotask locks a user after several wrong secrets."
        )
    return Check(name=_KEYS, ok=False, message=error.message, action=action, error=error.code)


def _requests_check(threshold: at.Threshold) -> Check:
    used, most = threshold.current_timeframe_request_count, threshold.external_request_threshold
    message = f"{used:,} of {most:,} requests of this hour are used, by all integrations together."
    if not most or used < most * BUSY:
        return Check(name="Requests", ok=True, message=message)
    action = "Autotask answers more slowly above half of them. Look which integration asks so much."
    return Check(name="Requests", ok=True, warning=True, message=message, action=action)


def _clock_check(server_time: dt.datetime | None) -> Check:
    if server_time is None:
        return Check(name="Clock", ok=True, message="Autotask does not tell its time.", warning=True)
    skew = server_time - dt.datetime.now(dt.UTC)
    if abs(skew) <= CLOCK_TOLERANCE:
        return Check(name="Clock", ok=True, message="The clocks agree.")
    minutes = round(abs(skew).total_seconds() / 60)
    side = "ahead of" if skew > dt.timedelta(0) else "behind"
    message = f"Autotask's clock is {minutes} minutes {side} ours. Syncs go by Autotask's clock and stay correct."
    action = "Correct the clock of whichever server is wrong, so that times on pages can be compared."
    return Check(name="Clock", ok=True, warning=True, message=message, action=action)
