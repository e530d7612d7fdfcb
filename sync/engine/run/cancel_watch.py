"""A press of Cancel reaches a worker in a long statement: somebody else looks for it, and cancels the statement."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import structlog
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg_pool import PoolTimeout

from foundation.tenancy.scope import tenant_transaction
from sync.engine.run.lease import Lease, RunCancelled, raise_if_cancelled

log = structlog.get_logger("sync")
GLANCE_SECONDS = 3.0
"""How often it looks. A slice that is over by then costs nothing."""
CANCEL_SECONDS = 5.0
"""How long the request to cancel a statement may take."""


@contextmanager
def watched(lease: Lease) -> Iterator[None]:
    """Inside, a statement of this thread ends with an error of the database once a person has cancelled the run."""
    over = threading.Event()
    line = connections[DEFAULT_DB_ALIAS]
    watcher = threading.Thread(target=watch, args=(lease, line, over), name=f"watch-{lease.run_id}", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join(2 * CANCEL_SECONDS)


def watch(lease: Lease, line: BaseDatabaseWrapper, over: threading.Event) -> None:
    """Looks every few seconds until the slice is over. While the database is away there is nothing to see, and nothing to cancel."""
    try:
        while not over.wait(GLANCE_SECONDS):
            with suppress(DatabaseError, InterfaceError, PoolTimeout, psycopg.Error):
                if is_cancelled(lease) and not over.is_set():
                    cancel_statement(line)
    finally:
        connection.close()


def is_cancelled(lease: Lease) -> bool:
    """Whether a person wants the run's end, as others see it: by a connection of this thread's own."""
    try:
        with tenant_transaction(lease.organization_id):
            raise_if_cancelled(lease)
    except RunCancelled:
        return True
    return False


def cancel_statement(line: BaseDatabaseWrapper) -> None:
    """Cancels what the connection executes now; where it executes nothing, nothing happens."""
    session = line.connection
    if isinstance(session, psycopg.Connection):
        session.cancel_safe(timeout=CANCEL_SECONDS)
        log.info("A long statement was cancelled, since its run was")
