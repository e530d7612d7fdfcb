"""How much memory this process has needed at most."""

from __future__ import annotations

import re
from pathlib import Path

_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_PEAK = "5"
"""What makes Linux forget the peak so far; see proc_pid_clear_refs(5)."""


def forget() -> None:
    """The peak is counted from now on."""
    _FORGET.write_text(_PEAK)


def peak_megabytes() -> float:
    """The largest resident size since then."""
    found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
    return int(found[1]) / 1024 if found else 0.0
