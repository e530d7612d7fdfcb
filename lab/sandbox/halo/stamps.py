"""Times as Halo writes them: UTC without saying so, with milliseconds, and dates of long ago for "none"."""

from __future__ import annotations

import re

from lab.sandbox import clock

NO_DATE = "1899-12-30T00:00:00"
_FRACTION = re.compile(r"(\.\d+)?Z?$")


def written(moment: int, milliseconds: int = 0) -> str:
    """``2026-10-03T06:24:10.967``."""
    return f"{clock.written(moment)[:-1]}.{milliseconds:03}"


def read(text: str) -> float:
    """Seconds since 1970, of a time with or without fraction and Z. Raises ValueError."""
    found = _FRACTION.search(text)
    fraction = found[1] if found and found[1] else ""
    whole = clock.read(_FRACTION.sub("", text))
    return whole + (float(fraction) if fraction else 0.0)
