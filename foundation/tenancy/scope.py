"""Which organization the running code works for: the first of the two walls, and the setting behind the second.

A scope is entered in three places only: the request middleware, the Celery task base class, and commands.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

SYSTEM = -1
SYSTEM_ROLE = "portal_system"
SETTING = "portal.organization"

_current: ContextVar[int | None] = ContextVar("organization", default=None)


class TenantMissing(RuntimeError):
    """A tenant's table was touched while no organization was set."""


def current_organization_id() -> int:
    """The organization of the running code. Raises TenantMissing when there is none."""
    value = _current.get()
    if value is None or value == SYSTEM:
        raise TenantMissing("No organization is set: enter tenant(…) first.")
    return value


def active_scope() -> int | None:
    """The current organization's id, SYSTEM, or None."""
    return _current.get()


@contextmanager
def tenant(organization_id: int) -> Iterator[None]:
    """Code inside works for this organization. Supplies a scope, not a transaction: see ``tenant_transaction``."""
    token = _current.set(organization_id)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def tenant_transaction(organization_id: int | None = None) -> Iterator[None]:
    """A transaction in which the database shows this organization's rows (default: the current scope's).

    Inside another transaction it is a savepoint, after which the database shows what it showed before.
    """
    wanted = current_organization_id() if organization_id is None else organization_id
    with tenant(wanted), transaction.atomic():
        before = _enter(wanted)
        yield
        _leave(f"SELECT set_config('{SETTING}', %s, true)", before)


@contextmanager
def system_transaction() -> Iterator[None]:
    """A transaction as the system role, which sees the few tables of all organizations that have a policy for it.

    For the dispatcher and the reaper only; find what is due here, then work inside ``tenant``.
    """
    token = _current.set(SYSTEM)
    try:
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL ROLE {SYSTEM_ROLE}")
            yield
            _leave("SET LOCAL ROLE NONE")
    finally:
        _current.reset(token)


def _enter(organization_id: int) -> str:
    """Sets the tenant for this transaction; returns what was set before ("" for none)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT current_setting('{SETTING}', true), set_config('{SETTING}', %s, true)", [str(organization_id)]
        )
        row: tuple[str | None, str] = cursor.fetchone()
    return row[0] or ""


def _leave(statement: str, *parameters: str) -> None:
    """A savepoint's release keeps LOCAL settings until the outer transaction ends, so they are put back by hand.

    A rolled-back savepoint puts them back itself, and an outermost transaction takes them along.
    """
    if len(connection.savepoint_ids) and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
