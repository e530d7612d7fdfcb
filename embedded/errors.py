"""What can go wrong around the embedded servers, told to the person at the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EDQUOT, EEXIST, ENOSPC, ENOTDIR, EPERM, EROFS
from pathlib import Path


class ServersError(Exception):
    """The message says what is wrong and what to do; commands print it alone and end with ``EXIT_CODE``."""

    EXIT_CODE = 2


@contextmanager
def explained(place: Path) -> Iterator[None]:
    """Turns the operating system's refusals below ``place`` into a ServersError that names the way out."""
    try:
        yield
    except OSError as err:
        if err.errno in {ENOSPC, EDQUOT}:
            raise ServersError(full_disk(place)) from err
        if err.errno in {EACCES, EPERM, EROFS}:
            raise ServersError(
                f"{err.filename or place} cannot be written by this user. Run as its owner, "
                "or set PORTAL_STATE to a directory of your own."
            ) from err
        if err.errno in {EEXIST, ENOTDIR}:
            raise ServersError(f"{err.filename or place} is not a directory. Set PORTAL_STATE to one.") from err
        raise


def full_disk(place: Path) -> str:
    """The sentence for a disk without room."""
    return f"The disk that holds {place} is full. Free some space on it, or set PORTAL_STATE to a directory elsewhere."
