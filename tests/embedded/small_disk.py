"""The demo with one organization on a small disk of its own: ``python -m tests.embedded.small_disk STATE PORT TICKETS MEGABYTES``.

The disk is memory, mounted for this process and its children alone: it goes with them, and needs no rights beyond an ordinary user's.
From outside it is seen by ``/proc/PROCESS/root``.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path

from embedded.demo import Options, supervised

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
libc = ctypes.CDLL(None, use_errno=True)


def mount_small_disk(place: Path, megabytes: int) -> None:
    """An ordinary user may mount in a user namespace of its own, where it stays who it is."""
    user, group = os.geteuid(), os.getegid()
    checked(libc.unshare(CLONE_NEWNS if user == 0 else CLONE_NEWNS | CLONE_NEWUSER))
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    checked(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    checked(libc.mount(b"small", os.fsencode(place), b"tmpfs", 0, f"size={megabytes}m,mode=0711".encode()))


def checked(answer: int) -> None:
    if answer != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def main(state: Path, port: int, tickets: int, megabytes: int) -> int:
    """The demo's exit code."""
    mount_small_disk(state, megabytes)
    return supervised(Options(port, tickets, state, smoke=False, fresh=False, others=False), time.monotonic())


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), *map(int, sys.argv[2:])))
