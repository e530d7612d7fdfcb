"""What the kernel tells about a process."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path


def is_alive(pid: int) -> bool:
    """Whether there is such a process; one that is dead and waits for its parent is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def first_number(file: Path) -> int | None:
    """The process number that a pid file begins with; None when there is none."""
    try:
        return int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def listener(path: Path) -> int | None:
    """The process that listens on the unix socket ``path``; None when nobody does."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        try:
            line.connect(str(path))
            credentials = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    return int(struct.unpack("3i", credentials)[0]) or None


def works_in(pid: int | None, directory: Path) -> bool:
    """Whether the process is alive and ``directory`` its working directory: the number alone may be another program's by now."""
    if pid is None or not is_alive(pid):
        return False
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", directory)
    except PermissionError:  # the server user's, where root may not look at others' processes
        return True
    except OSError:
        return False
