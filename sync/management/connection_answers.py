"""What the connection command prints: names that operators script against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from integrations.capabilities import SYNCED, capabilities_of
from integrations.port import Check, Provider
from sync.models import Schedule
from sync.selectors.overview import ConnectionCard


def connection_answer(card: ConnectionCard, organization: str) -> dict[str, Any]:
    """One connection. ``state`` is a key, ``state_word`` what pages say."""
    connection, health = card.connection, card.health
    return {
        "id": connection.pk,
        "organization": organization,
        "provider": connection.provider,
        "name": connection.name,
        "address": connection.address,
        "state": health.state,
        "state_word": health.word,
        "state_reason": health.reason,
        "state_since": health.since,
        "retry_at": health.retry_at,
        "last_ok_at": connection.last_ok_at,
        "product": connection.product,
        "version": connection.version,
        "settings": connection.settings,
        "range_start": connection.range_start,
        "next_at": card.next_at,
        "next_kind": card.next_kind,
        "last_run": card.last.pk if card.last else None,
        "last_result": card.last.result if card.last else None,
    }


def connection_lines(answer: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield f"{answer['id']:>5}  {answer['name']}  ({answer['provider']}, {answer['organization']})  {answer['state_word']}"
    if answer["state_reason"]:
        yield f"       {answer['state_reason']}"


def checks_answer(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """The lines of a connection test."""
    found: list[dict[str, Any]] = msgspec.to_builtins(list(checks))
    return found


def check_lines(checks: Iterable[Check]) -> Iterator[str]:
    """The same for people."""
    for check in checks:
        mark = "ok     " if check.ok and not check.warning else "look at" if check.ok else "FAILED "
        yield f"  {mark}  {check.name}: {check.message}"
        if check.action and (check.warning or not check.ok):
            yield f"           {check.action}"


def capabilities_answer(provider: Provider) -> dict[str, Any]:
    """What a system offers, before anything is configured."""
    return {
        "provider": provider.key,
        "name": provider.name,
        "credentials": [msgspec.to_builtins(field) for field in provider.credential_fields],
        "streams": [
            {
                "name": spec.name,
                "reach": spec.reach.value,
                "parent": spec.parent or None,
                "incremental": spec.incremental,
                "counts": spec.counts,
                "permission": spec.permission,
            }
            for spec in provider.streams
        ],
        "capabilities": [msgspec.to_builtins(row) for row in capabilities_of(provider)],
    }


def capability_lines(answer: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield f"{answer['name']} ({answer['provider']})"
    yield f"  credentials: {', '.join(field['name'] for field in answer['credentials'])}"
    for stream in answer["streams"]:
        how = f"read per record of {stream['parent']}" if stream["parent"] else "read in pages"
        since = ", changes since a moment" if stream["incremental"] else ""
        yield f"  {stream['name']:18} {how}{since}; needs {stream['permission'] or 'nothing special'}"
    for row in answer["capabilities"]:
        if row["notes"]:
            where = "" if row["state"] == SYNCED else f" ({row['state'].lower()})"
            yield f"  {row['label']}{where}: {' '.join(row['notes'])}"


def schedule_answer(schedule: Schedule) -> dict[str, Any]:
    """A connection's times."""
    return {
        "connection": schedule.connection_id,
        "quick_minutes": schedule.quick_minutes,
        "nightly_on": schedule.nightly_on,
        "nightly_at": schedule.nightly_at.strftime("%H:%M"),
        "window_minutes": schedule.window_minutes,
        "nightly_kind": schedule.nightly_kind,
        "full_every": schedule.full_every,
        "paused_at": schedule.paused_at,
        "quick_next_at": schedule.quick_next_at,
        "nightly_next_at": schedule.nightly_next_at,
    }


def schedule_lines(answer: dict[str, Any]) -> Iterator[str]:
    """The same for people; times of the next runs in UTC."""
    if answer["paused_at"]:
        yield f"Paused since {answer['paused_at']:%Y-%m-%d %H:%M} UTC."
    quick = f"every {answer['quick_minutes']} min" if answer["quick_minutes"] else "off"
    yield f"Quick sync: {quick}. Next: {_shown(answer['quick_next_at'])}."
    often = "" if answer["nightly_kind"] == "full" else f", a full one each {answer['full_every']}"
    night = f"at {answer['nightly_at']} + up to {answer['window_minutes']} min, {answer['nightly_kind']}{often}"
    yield f"Nightly: {night if answer['nightly_on'] else 'off'}. Next: {_shown(answer['nightly_next_at'])}."


def _shown(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "none"
