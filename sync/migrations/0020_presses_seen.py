"""The sweeper looks for presses of Cancel that met a locked run."""

from django.db import migrations

from portal.tenancy.operations import shown_to_system


class Migration(migrations.Migration):
    dependencies = [("sync", "0019_words_of_scope")]

    operations = [shown_to_system("sync_runsignal")]
