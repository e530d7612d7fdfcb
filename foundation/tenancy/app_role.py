"""Refuses to serve as a role that row security doesn't hold for."""

from __future__ import annotations

from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from foundation.tenancy.older_database import OlderDatabase, refuse_older

QUERY = """
SELECT me.rolname::text, me.rolsuper, me.rolbypassrls, me.rolcreaterole,
  (SELECT count(*) FROM pg_class c WHERE c.relowner = me.oid AND c.relkind IN ('r', 'p', 'v', 'm')),
  coalesce((SELECT string_agg(r.rolname, ', ') FROM pg_roles r
    WHERE r.oid <> me.oid AND pg_has_role(me.oid, r.oid, 'USAGE')), ''),
  coalesce((SELECT string_agg(r.rolname, ', ') FROM pg_roles r
    WHERE r.oid <> me.oid AND r.rolname <> 'portal_system' AND pg_has_role(me.oid, r.oid, 'MEMBER')), ''),
  EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'portal_system' AND pg_has_role(me.oid, r.oid, 'MEMBER'))
FROM pg_roles me WHERE me.rolname = current_user
"""
REMEDY = (
    "DATABASE_URL must name a role that only serves. `psql -f embedded/roles.sql` makes the right ones "
    "(portal_app for DATABASE_URL, portal_owner for DATABASE_OWNER_URL); then run `manage.py migrate` as the owner."
)
DJANGO_PARAMETERS = ("cursor_factory", "context", "prepare_threshold")
_verified: set[str] = set()


class WrongRole(ImproperlyConfigured):
    """The role of DATABASE_URL could see or change other organizations' rows."""


def faults_of(row: tuple[Any, ...]) -> list[str]:
    """Sentences about one row of ``QUERY``; empty when the role is right."""
    name, superuser, bypass, creates_roles, tables, inherited, member_of, reaches_system = row
    found = [
        (superuser, "is a superuser, whom row security does not hold"),
        (bypass and not superuser, "has BYPASSRLS, so that row security does not hold it"),
        (creates_roles and not superuser, "has CREATEROLE, and could give itself any other role"),
        (tables and not superuser, f"owns {tables} tables or views, whose row security it could switch off"),
        (inherited and not superuser, f"inherits the rights of {inherited} (it must be NOINHERIT)"),
        (member_of and not superuser, f"is a member of {member_of}, which it could become"),
        (not reaches_system, "is not a member of portal_system, so that nothing would be dispatched"),
    ]
    return [f"The role {name} {words}." for wrong, words in found if wrong]


def refuse(row: tuple[Any, ...] | None) -> None:
    """Raises WrongRole with every fault and the way to mend it."""
    faults = faults_of(row) if row else []
    if faults:
        raise WrongRole(" ".join([*faults, REMEDY]))


def verify_connection(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """On the first connection of each process that serves; later ones are of the same role."""
    if settings.DATABASE_ROLE != "app" or connection.alias in _verified:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(QUERY)
            refuse(cursor.fetchone())
            refuse_older(cursor)
    except (WrongRole, OlderDatabase):
        connection.close()
        raise
    _verified.add(connection.alias)


def verify_at_start() -> None:
    """For processes that would otherwise start and refuse every request. PostgreSQL may be away for now: that is said later.

    By a connection of its own, since a pool must not be open when a server forks. Raises WrongRole and OlderDatabase.
    """
    if settings.DATABASE_ROLE != "app":
        return
    parameters = connections["default"].get_connection_params()
    plain = {name: value for name, value in parameters.items() if name not in DJANGO_PARAMETERS}
    try:
        with psycopg.connect(**plain, connect_timeout=5) as connection, connection.cursor() as cursor:
            refuse(cursor.execute(QUERY).fetchone())
            refuse_older(cursor)
    except psycopg.OperationalError:
        return
