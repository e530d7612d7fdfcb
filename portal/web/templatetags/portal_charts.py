"""Geometry of the charts: numbers in, SVG attributes out, so that no inline style is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import template

register = template.Library()

WIDTH, HEIGHT = 200, 32
COLUMNS_HEIGHT = 96
GAP = 0.24


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Paths in a box of 200 × 32 units."""

    line: str
    area: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart; ``share`` is its length as "42.0%" of the longest."""

    label: str
    value: float
    share: str
    tone: str
    href: str


@dataclass(frozen=True, slots=True)
class Column:
    """One upright bar in a box of 200 × 96 units."""

    x: str
    y: str
    width: str
    height: str
    tone: str
    title: str


@register.simple_tag
def sparkline(values: Sequence[float] | None) -> Sparkline | None:
    """The line through ``values`` from left to right, zero at the bottom; None for fewer than two values."""
    numbers = [float(value) for value in values or ()]
    if len(numbers) < 2:
        return None
    top = max(numbers) or 1.0
    step = WIDTH / (len(numbers) - 1)
    points = [
        f"{index * step:.1f},{HEIGHT - 1 - (HEIGHT - 3) * max(number, 0) / top:.1f}"
        for index, number in enumerate(numbers)
    ]
    line = "M" + " L".join(points)
    return Sparkline(line, f"{line} L{WIDTH},{HEIGHT} L0,{HEIGHT} Z")


@register.simple_tag
def bars(rows: Sequence[Any] | None) -> list[Bar]:
    """Bars of ``rows`` (mappings or objects with label, value, and perhaps tone and href)."""
    found = [
        (_of(row, "label"), float(_of(row, "value") or 0), _of(row, "tone"), _of(row, "href")) for row in rows or ()
    ]
    top = max((value for _, value, _, _ in found), default=0) or 1.0
    return [
        Bar(
            str(label),
            int(value) if value.is_integer() else value,
            f"{100 * max(value, 0) / top:.1f}%",
            tone or "",
            href or "",
        )
        for label, value, tone, href in found
    ]


@register.simple_tag
def columns(rows: Sequence[Any] | None) -> list[Column]:
    """Upright bars of ``rows`` (label, value, perhaps tone), side by side over the whole width."""
    found = bars(rows)
    if not found:
        return []
    slot = WIDTH / len(found)
    top = max(bar.value for bar in found) or 1.0
    return [_column(index, bar, slot, top) for index, bar in enumerate(found)]


def _column(index: int, bar: Bar, slot: float, top: float) -> Column:
    height = (COLUMNS_HEIGHT - 2) * max(bar.value, 0) / top
    return Column(
        x=f"{index * slot + slot * GAP / 2:.2f}",
        y=f"{COLUMNS_HEIGHT - 1 - height:.2f}",
        width=f"{slot * (1 - GAP):.2f}",
        height=f"{height:.2f}",
        tone=bar.tone,
        title=f"{bar.label}: {bar.value:,}",
    )


def _of(row: Any, name: str) -> Any:
    return row.get(name) if isinstance(row, dict) else getattr(row, name, None)
