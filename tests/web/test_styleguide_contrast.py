"""Contrast by WCAG 2.2 of the stylesheet's own colours, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css"
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS.read_text(encoding="utf-8")
    )
}
GROUNDS = ("canvas", "surface", "subtle", "rail", "hover")
TONES = ("ok", "info", "warn", "bad", "neutral")
WORDS = [
    *[(ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent-ink") for ground in GROUNDS],
    *[(tone, f"{tone}-soft") for tone in TONES],
    *[(tone, ground) for tone in TONES for ground in ("canvas", "surface", "subtle")],
    *[("ink-2", f"{tone}-soft") for tone in TONES],
    *[("ink", f"{tone}-soft") for tone in TONES],
    ("accent-ink", "accent-soft"),
    *[("on-solid", solid) for solid in ("accent", "accent-hover", "bad-solid", "bad-solid-hover")],
]
MARKS = [
    *[(mark, ground) for mark in ("ok-mark", "warn-mark", "bad-mark", "chart") for ground in ("surface", "canvas")],
    *[("control-line", ground) for ground in ("surface", "canvas")],
]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_scale_is_that_of_the_specification() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), WORDS)
def test_words_are_legible(ink: str, ground: str, theme: int) -> None:
    assert contrast(COLOURS[ink][theme], COLOURS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_and_edges_of_controls_are_seen(mark: str, ground: str, theme: int) -> None:
    assert contrast(COLOURS[mark][theme], COLOURS[ground][theme]) >= 3
