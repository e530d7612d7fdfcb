"""Time zones by the names that organizations have. A name that this machine does not know, or no more, stops nothing: UTC stands in."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UTC = ZoneInfo("UTC")


def zone_named(name: str) -> ZoneInfo:
    """The zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def zone_words(name: str) -> str:
    """The name, or what stands in for it and why."""
    return "UTC" if zone_problem(name) else name


def zone_problem(name: str) -> str:
    """What is wrong with the name of a zone, in a sentence; "" where it is right."""
    if zone_named(name).key == name:
        return ""
    return (
        f"This machine knows no time zone “{name}”, so all times of the organization are in UTC. Whoever runs MSPortal gives it "
        "another one with `manage.py time_zone`."
    )
