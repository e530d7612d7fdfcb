"""Becomes another program that the kernel ends together with its parent: ``mortal.py PARENT PROGRAM ARGUMENT…``.

A program of its own, since the same call between fork and exec of a threaded parent could hang.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, program: list[str]) -> None:
    """Does not return."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit("The supervisor ended while this program began.")
    os.execvp(program[0], program)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
