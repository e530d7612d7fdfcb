"""Row security for the ledger of runs. The dispatcher and the reaper look across organizations as the system role."""

from django.db import migrations

from portal.tenancy.operations import anchor, secure, spine


class Migration(migrations.Migration):
    dependencies = [("sync", "0001_initial"), ("integrations", "0002_walls")]

    operations = [
        secure("sync_run", system="SELECT"),
        secure("sync_schedule", system="SELECT"),
        secure("sync_nightly", system="SELECT"),
        *(
            secure(f"sync_{table}")
            for table in ("runstream", "runissue", "runlog", "runsignal", "cursor", "parentread")
        ),
        anchor("sync_run"),
        *(
            spine(f"sync_{t}", "connection_id", "integrations_connection")
            for t in ("run", "schedule", "nightly", "cursor", "parentread")
        ),
        *(spine(f"sync_{table}", "run_id", "sync_run") for table in ("runstream", "runissue", "runlog", "runsignal")),
    ]
