"""The door of one compressed night: started by ``nights`` on its own servers. Every process in it is a real one."""

from __future__ import annotations

import sys
from pathlib import Path

import django


def enter(arguments: list[str]) -> int:
    """Sets Django up, and lives through the night. ``arguments``: connections, directory of the log. Returns the exit code."""
    django.setup()
    from lab.benchmark.night_lived import main

    return main(int(arguments[0]), Path(arguments[1]))


if __name__ == "__main__":
    raise SystemExit(enter(sys.argv[1:]))
