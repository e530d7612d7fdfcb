"""Organizations, people and the audit, behind row security; the look-ups that happen before a tenant is known."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from foundation.core.create_models import CreateModels
from foundation.tenancy.operations import search_function, secure, tenant_foreign_key, tenant_key

APP = f'"{settings.DATABASE_APP_ROLE}"'


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Organization",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("slug", models.SlugField(max_length=60, unique=True)),
                        ("name", models.CharField(max_length=120)),
                        ("time_zone", models.CharField(default="UTC", max_length=64)),
                        ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                ),
                migrations.CreateModel(
                    name="User",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                        ("email", models.EmailField(max_length=254, unique=True)),
                        ("name", models.CharField(blank=True, max_length=120)),
                        ("is_active", models.BooleanField(default=True)),
                        (
                            "is_staff",
                            models.BooleanField(
                                default=False, help_text="Operates this installation; sees the style guide."
                            ),
                        ),
                        ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        (
                            "last_organization",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        ("session_generation", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                django.db.models.functions.text.Lower("email"), name="user_email_any_case"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Role",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=60)),
                        ("builtin", models.CharField(blank=True, max_length=20)),
                        (
                            "permissions",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=60), default=list, size=None
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("organization", "name"), name="role_name_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Membership",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "role",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="memberships",
                                to="tenancy.role",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("organization", "user"), name="membership_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Invitation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("email", models.EmailField(max_length=254)),
                        ("token_digest", models.CharField(max_length=64, unique=True)),
                        ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ("expires_at", models.DateTimeField()),
                        ("accepted_at", models.DateTimeField(blank=True, null=True)),
                        ("revoked_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "invited_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "role",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.role",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="AuditEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ("actor_label", models.CharField(blank=True, max_length=254)),
                        ("origin", models.CharField(default="system", max_length=16)),
                        ("action", models.CharField(max_length=60)),
                        ("target_type", models.CharField(blank=True, max_length=40)),
                        ("target_id", models.BigIntegerField(null=True)),
                        ("target_label", models.CharField(blank=True, max_length=200)),
                        ("changes", models.JSONField(default=dict)),
                        ("ip_address", models.GenericIPAddressField(null=True)),
                        ("user_agent", models.CharField(blank=True, max_length=300)),
                        ("request_id", models.CharField(blank=True, max_length=64)),
                        (
                            "actor",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["organization", "-at", "-id"], name="audit_by_time"),
                            models.Index(fields=["organization", "actor", "-at", "-id"], name="audit_by_person"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PasswordResetRequest",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("email", models.EmailField(max_length=254)),
                        ("asked_at", models.DateTimeField()),
                        ("not_before", models.DateTimeField(db_index=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="LogInFailure",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
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
            ],
        ),
        migrations.RunSQL(f"GRANT SELECT, INSERT, UPDATE ON tenancy_user TO {APP}", migrations.RunSQL.noop),
        secure("tenancy_organization", column="id", system="SELECT"),
        secure("tenancy_role", system="SELECT"),
        secure("tenancy_membership", system="SELECT"),
        secure("tenancy_invitation", system="SELECT"),
        secure("tenancy_auditevent", write="SELECT, INSERT"),
        tenant_key("tenancy_role"),
        tenant_foreign_key("tenancy_membership", "role_id", "tenancy_role", on_delete="RESTRICT"),
        tenant_foreign_key("tenancy_invitation", "role_id", "tenancy_role"),
        search_function(
            "portal_system",
            "portal_memberships(person bigint) RETURNS TABLE (organization_id bigint, slug text, name text, time_zone text, role text, permissions text[])",
            "SELECT o.id, o.slug::text, o.name::text, o.time_zone::text, r.name::text, r.permissions::text[] "
            "FROM tenancy_membership m JOIN tenancy_organization o ON o.id = m.organization_id "
            "JOIN tenancy_role r ON r.id = m.role_id WHERE m.user_id = person ORDER BY o.name, o.id",
        ),
        search_function(
            "portal_system",
            "portal_invitation(digest text) RETURNS TABLE (id bigint, organization_id bigint, organization text, email text, role text)",
            "SELECT i.id, i.organization_id, o.name::text, i.email::text, r.name::text FROM tenancy_invitation i "
            "JOIN tenancy_organization o ON o.id = i.organization_id JOIN tenancy_role r ON r.id = i.role_id "
            "WHERE i.token_digest = digest AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()",
        ),
        search_function(
            "portal_system",
            "portal_organization_by_slug(wanted text) RETURNS TABLE (id bigint, name text, time_zone text)",
            "SELECT o.id, o.name::text, o.time_zone::text FROM tenancy_organization o WHERE o.slug = wanted",
        ),
        migrations.RunSQL(
            [
                f"GRANT SELECT, INSERT, DELETE ON tenancy_loginfailure TO {APP}",
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON tenancy_passwordresetrequest TO {APP}",
            ],
            migrations.RunSQL.noop,
        ),
    ]
