"""Connections as pages and commands read them. No selector here hands out credentials."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet

from foundation.tenancy.scope import system_transaction
from integrations.models import Connection

CONFIRMED_FOR = dt.timedelta(minutes=15)
"""How long one success proves that a connection works."""
QUIET_FOR = dt.timedelta(hours=1)
"""After this long without a success, "not confirmed" asks for attention."""

State = Connection.State


@dataclass(frozen=True, slots=True)
class Health:
    """A connection's state in words. ``tone``: ok, info, warn, bad or neutral; ``rule``: how the state is found; ``reason``: why, in a
    sentence. ``retry_at``: when the system is asked again by itself, where it refused the credentials."""

    state: str
    word: str
    tone: str
    rule: str
    reason: str = ""
    since: dt.datetime | None = None
    retry_at: dt.datetime | None = None


RULES = {
    State.DRAFT: "Setting up has been begun and is not finished.",
    State.CONNECTED: "A call to the system succeeded within the last 15 minutes.",
    State.STALE: "The last call succeeded, but longer than 15 minutes ago.",
    State.FAILING: "The last call failed.",
    State.REFUSED: "The system did not accept the credentials at the last call.",
    State.PAUSED: "A person paused the schedule. Syncs start only when somebody presses a button.",
}


def connection_list() -> QuerySet[Connection]:
    """The organization's connections by name, without their secrets."""
    return _shown().order_by("name", "pk")


def connection_get(connection_id: int) -> Connection:
    """One connection, credentials deferred. Raises Connection.DoesNotExist, for foreign and absent ones alike."""
    connection: Connection = _shown().get(pk=connection_id)
    return connection


def connection_whole(connection_id: int) -> Connection:
    """One connection with its encrypted credentials, to open it. Raises Connection.DoesNotExist."""
    connection: Connection = Connection.objects.get(pk=connection_id)
    return connection


def connected_to(provider: str, fingerprint: str, *, besides: int = 0) -> Connection | None:
    """The organization's connection to this PSA instance; ``besides``: the one that is not counted. None where the instance is not known."""
    if not fingerprint:
        return None
    return _shown().filter(provider=provider, fingerprint=fingerprint).exclude(pk=besides).order_by("pk").first()


def connection_home(connection_id: int) -> int | None:
    """The organization of a connection, for commands that are given no organization; None when there is no such connection."""
    with system_transaction():
        found: int | None = (
            Connection.objects.filter(pk=connection_id).values_list("organization_id", flat=True).first()
        )
    return found


def health_of(
    connection: Connection, now: dt.datetime, *, paused_at: dt.datetime | None = None, paused_by: str = ""
) -> Health:
    """What is true of the connection now: "connected" only while a success is fresh, failures before pauses."""
    state = connection.state
    if state in {State.REFUSED, State.FAILING}:
        word = State(state).label
        return Health(
            state,
            word,
            "bad",
            RULES[State(state)],
            connection.state_reason,
            connection.state_since,
            connection.retry_at,
        )
    if connection.setup_step:
        return Health(State.DRAFT, "Setting up", "neutral", RULES[State.DRAFT], "", connection.created_at)
    if paused_at is not None or state == State.PAUSED:
        reason = f"Paused by {paused_by}." if paused_by else "The schedule is paused."
        return Health(State.PAUSED, "Paused", "warn", RULES[State.PAUSED], reason, paused_at or connection.state_since)
    last = connection.last_ok_at
    if last is None:
        return Health(
            State.DRAFT, "Not tested", "neutral", "No call to the system has been made yet.", "", connection.created_at
        )
    if state == State.CONNECTED and now - last <= CONFIRMED_FOR:
        tone = "warn" if connection.state_reason else "ok"
        return Health(
            State.CONNECTED, "Connected", tone, RULES[State.CONNECTED], connection.state_reason, connection.state_since
        )
    tone = "neutral" if now - last <= QUIET_FOR else "warn"
    reason = "Nothing has asked the system since. A test or the next sync tells."
    return Health(State.STALE, "Not confirmed", tone, RULES[State.STALE], reason, last)


def _shown() -> QuerySet[Connection]:
    rows: QuerySet[Connection] = Connection.objects.defer("credentials", "draft_credentials", "catalog")
    return rows
