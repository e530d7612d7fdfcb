"""Organizations, people, permissions, row security, audit."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class TenancyConfig(AppConfig):
    name = "portal.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        from portal.tenancy.app_role import verify_connection
        from portal.tenancy.grants import grant_library_tables

        post_migrate.connect(grant_library_tables, sender=self, dispatch_uid="grant_library_tables")
        connection_created.connect(verify_connection, dispatch_uid="verify_app_role")
