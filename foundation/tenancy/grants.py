"""What the app role may do with the tables of libraries, which know no tenant."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections

LIBRARY_APPS = ("auth", "contenttypes", "sessions", "account", "django_celery_beat")
"""Their tables hold log-in sessions, addresses and the beat's bookkeeping: no tenant's data."""


def library_tables() -> list[str]:
    """The database tables of ``LIBRARY_APPS``, many-to-many tables included."""
    models = [m for label in LIBRARY_APPS for m in apps.get_app_config(label).get_models(include_auto_created=True)]
    return sorted({model._meta.db_table for model in models})


def grant_library_tables(using: str = "default", **kwargs: Any) -> None:
    """Runs after each migrate as the owner: reading and writing for the app role, nothing else for anyone."""
    if connections[using].settings_dict["USER"] == settings.DATABASE_APP_ROLE:
        return
    with connections[using].cursor() as cursor:
        app = connections[using].ops.quote_name(settings.DATABASE_APP_ROLE)
        existing = set(connections[using].introspection.table_names(cursor))
        for table in library_tables():
            if table in existing:
                cursor.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO {app}')
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {app}")
        cursor.execute(f"GRANT SELECT ON django_migrations TO {app}")
