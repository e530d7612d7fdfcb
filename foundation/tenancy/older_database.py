"""Refuses a database from before the first release: its migrations are gone, so that nothing could bring it up to date."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import connections
from django.db.backends.utils import CursorWrapper

FIRST_MIGRATION = "0001_schema"
"""Of the app ``tenancy``: every database that this release and later ones use began with it."""
REMEDY = (
    "The database that DATABASE_URL names was made by a version of MSPortal from before its first release, and this one can't go on "
    "with it. Name an empty database in DATABASE_URL and DATABASE_OWNER_URL, run `manage.py migrate`, and connect the PSAs again: "
    "what was synced comes back with the first sync."
)


class OlderDatabase(ImproperlyConfigured):
    """The tables of this database are those of a version that can't be brought up to date."""


def refuse_older(cursor: CursorWrapper | Any) -> None:
    """Raises OlderDatabase where that is so. A database without any migration is new."""
    cursor.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL")
    if not cursor.fetchone()[0]:
        return
    cursor.execute(
        "SELECT count(*), count(*) FILTER (WHERE name = %s) FROM django_migrations WHERE app = 'tenancy'",
        [FIRST_MIGRATION],
    )
    applied, first = cursor.fetchone()
    if applied and not first:
        raise OlderDatabase(REMEDY)


def refuse_older_before_migrating(using: str = "default", **kwargs: Any) -> None:
    """Before ``migrate`` changes anything. Raises CommandError."""
    try:
        with connections[using].cursor() as cursor:
            refuse_older(cursor)
    except OlderDatabase as err:
        raise CommandError(str(err)) from err
