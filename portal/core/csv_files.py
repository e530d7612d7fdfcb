"""CSV files that spreadsheets open as they are meant, and take no cell of for a formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
BOM = "\ufeff"
"""Without it spreadsheets take UTF-8 for something else."""


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV lines of safe cells."""
    out = io.StringIO()
    csv.writer(out).writerows([safe_cell(value) for value in row] for row in rows)
    return out.getvalue()


def safe_cell(value: Any) -> str | int | float:
    """A value that no spreadsheet takes for a formula: text that begins like one gets an apostrophe in front."""
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
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
