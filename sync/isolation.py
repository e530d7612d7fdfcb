"""The boundary of one organization's turn: what goes wrong inside costs that turn, is counted and told, and the next one comes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import connection as database

from foundation.core.database_errors import is_away
from sync.engine.run.fault_log import errors_of

log = structlog.get_logger("sync")


@dataclass
class Turn:
    """``reference``: of the line in the log where the turn failed; "" where it did not."""

    reference: str = ""


@contextmanager
def isolated(doing: str, organization_id: int | None = None, **about: int | str) -> Iterator[Turn]:
    """Whatever is raised inside ends here, with a line in the log that names the organization (None: the looking for whose turn it is).
    Only a database that is away goes on: that is nobody's turn. Outside of transactions: one that fails inside is rolled back by then."""
    turn = Turn()
    try:
        yield turn
    except Exception as err:
        if is_away(err):
            raise
        if not database.in_atomic_block:
            database.close_if_unusable_or_obsolete()
        turn.reference = secrets.token_hex(4)
        log_failed(err, doing=doing, organization=organization_id, reference=turn.reference, **about)


def turns_of(doing: str, found: Callable[[], Iterable[tuple[Any, ...]]], act: Callable[..., object]) -> int:
    """``act`` on each of what is found, whose first part is the organization. Returns how many turns failed."""
    failed = 0
    with isolated(f"{doing}: looking for them") as looking:
        for one in found():
            with isolated(doing, one[0], of=str(one[1:])) as turn:
                act(*one)
            failed += bool(turn.reference)
    return failed + bool(looking.reference)


def fault_words(reference: str) -> str:
    """What is said to people of a turn that failed."""
    return f"A fault of MSPortal's own stopped this. Tell support the log reference {reference}."


def log_failed(error: Exception, **about: int | str | None) -> None:
    """One line: whose turn, at what, and where in the code it came from. Of the error's own words nothing: they may quote anything."""
    log.error("One organization's turn failed; the others go on", **about, errors=list(errors_of(error, None)))
