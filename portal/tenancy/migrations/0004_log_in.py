"""Wrong passwords and requests for new ones, which belong to no organization; sessions that can be ended at once."""

from django.conf import settings
from django.db import migrations, models

APP = f'"{settings.DATABASE_APP_ROLE}"'


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0003_audit_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="PasswordResetRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                ("asked_at", models.DateTimeField()),
                ("not_before", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AddField(
            model_name="user",
            name="session_generation",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="LogInFailure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(max_length=64)),
                ("place", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "at"], name="log_in_failure_by_account"),
                    models.Index(fields=["place", "at"], name="log_in_failure_by_place"),
                ],
            },
        ),
        migrations.RunSQL(
            [
                f"GRANT SELECT, INSERT, DELETE ON tenancy_loginfailure TO {APP}",
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON tenancy_passwordresetrequest TO {APP}",
            ],
            migrations.RunSQL.noop,
        ),
    ]
