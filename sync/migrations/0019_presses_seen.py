"""The sweeper looks for presses of Cancel that met a locked run."""

from django.db import migrations

from portal.tenancy.operations import shown_to_system


class Migration(migrations.Migration):
    dependencies = [("sync", "0018_database_times")]

    operations = [shown_to_system("sync_runsignal")]
