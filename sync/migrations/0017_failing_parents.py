"""Parents below which a run could not read: noted while it is at work, and named in issues."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

APP = f'"{settings.DATABASE_APP_ROLE}"'


class Migration(migrations.Migration):
    dependencies = [("sync", "0016_containment")]

    operations = [
        migrations.RunSQL(
            [
                "CREATE TABLE staging.failures (run_id bigint NOT NULL, organization_id bigint NOT NULL, "
                "connection_id bigint NOT NULL, stream text NOT NULL, parent_remote_id text NOT NULL, "
                "failed_at timestamptz NOT NULL, code text NOT NULL, message text NOT NULL, counts boolean NOT NULL, "
                "is_final boolean NOT NULL)",
                "CREATE INDEX ON staging.failures (run_id, stream, parent_remote_id)",
                f"GRANT SELECT, INSERT, DELETE ON staging.failures TO {APP}",
            ],
            "DROP TABLE staging.failures",
        ),
        migrations.AddField(
            model_name="runissue",
            name="parent_remote_id",
            field=models.CharField(blank=True, max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="issue",
            name="parent_remote_id",
            field=models.CharField(blank=True, max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.RemoveConstraint(model_name="issue", name="issue_open_once"),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.UniqueConstraint(
                fields=["connection", "stream", "parent_remote_id", "remote_id"],
                name="issue_open_once",
                condition=Q(cleared_at=None),
            ),
        ),
    ]
