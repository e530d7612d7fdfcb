"""CSV files that spreadsheets open as they are meant, and take no cell of for a formula."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

BOM = "\ufeff"
"""Without it spreadsheets take UTF-8 for something else."""
SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
"""What formulas begin with, also as East Asian input methods write it."""
UNSEEN = r"\s\u200b-\u200f\u2060\ufeff"
FIRST = re.compile(rf"[{UNSEEN}]*[{SIGNS}]|[ ]*[\t\r\n]")
"""A cell that begins like a formula, or with what a spreadsheet drops before it looks."""
FURTHER = re.compile(rf"([;\t\r\n][{UNSEEN}\"]*)(?=[{SIGNS}])")
"""A formula's beginning behind what another spreadsheet takes for the end of a cell: where the separator is a semicolon, a quoted
cell in the middle of a line is not quoted any more."""
QUOTED = re.compile(r"[,;|\t\r\n\"]|^\s|\s$")


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV lines of safe cells (RFC 4180)."""
    return "".join(",".join(_written(safe_cell(value)) for value in row) + "\r\n" for row in rows)


def safe_cell(value: Any) -> str | int | float:
    """A value of which no spreadsheet takes any part for a formula: an apostrophe goes before what begins like one."""
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, dt.date | Decimal):
        return str(value)
    return _safe_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _safe_text(text: str) -> str:
    begins = FIRST.match(text)
    rest = begins.end() if begins else 0
    return ("'" if begins else "") + text[:rest] + FURTHER.sub(r"\1'", text[rest:])


def _written(cell: str | int | float) -> str:
    """Once more over the whole cell: one that begins with a line's end is two by another separator."""
    text = FURTHER.sub(r"\1'", str(cell))
    return '"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text
