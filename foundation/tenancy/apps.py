"""Organizations, people, permissions, row security, audit."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate


class TenancyConfig(AppConfig):
    name = "foundation.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        from foundation.tenancy.app_role import verify_connection
        from foundation.tenancy.grants import grant_library_tables
        from foundation.tenancy.older_database import refuse_older_before_migrating

        pre_migrate.connect(refuse_older_before_migrating, sender=self, dispatch_uid="refuse_older_database")
        post_migrate.connect(grant_library_tables, sender=self, dispatch_uid="grant_library_tables")
        connection_created.connect(verify_connection, dispatch_uid="verify_app_role")
