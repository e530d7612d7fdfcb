"""Companies with all that is theirs, behind row security, and the functions that search them.

Under row security PostgreSQL may use no trigram index, so searching is left to functions of a role of their own.
"""

import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.db.models.manager
from django.db import migrations, models

from foundation.core.create_models import CreateModels
from foundation.tenancy.operations import TENANT, search_function, searchable, secure, tenant_foreign_key, tenant_key

TABLES = (
    "companystatus",
    "companytype",
    "company",
    "site",
    "contact",
    "asset",
    "product",
    "agreement",
    "agreementaddition",
    "invoice",
    "opportunitystatus",
    "opportunity",
)
OF_COMPANIES = ("site", "contact", "asset", "agreement", "invoice", "opportunity")
SEARCHED = ("company", "contact", "asset", "agreement", "invoice", "opportunity")
COMPANY = "(' ' || name || ' ' || identifier || ' ' || city || ' ' || phone || ' ' || website)"
CONTACT = (
    "(' ' || first_name || ' ' || last_name || ' ' || email || ' ' || phone || ' ' || title || ' ' || company_name)"
)
"""What is searched. Both begin with a blank, so that "% ab%" finds the beginnings of words."""

BODY = (
    "SELECT id FROM {table} WHERE organization_id = {tenant} AND removed_at IS NULL {more} "
    "AND {text} ILIKE patterns[1] AND {text} ILIKE ALL (patterns) ORDER BY {order} LIMIT most"
)


WORDS = {
    "asset": ("name", "serial_number", "tag", "manufacturer", "model", "company_name", "last_user", "ip_address"),
    "agreement": ("name", "type_name", "company_name", "purchase_order"),
    "invoice": ("number", "company_name", "reference", "purchase_order"),
    "opportunity": ("name", "company_name", "contact_name", "owner_name"),
    "contact": ("first_name", "last_name", "email", "phone", "title", "company_name"),
}
"""What is searched of each. The text begins with a blank, so that "% ab%" finds the beginnings of words."""
ORDERS = {
    "asset": "name, id",
    "agreement": "name, id",
    "invoice": "listed_on DESC, id DESC",
    "opportunity": "listed_on, id",
    "contact": "listed_name, id",
}
"""The order of each list: of more finds than a search considers, those stay that the list would show first."""


def words_of(table):
    return "(' ' || " + " || ' ' || ".join(WORDS[table]) + ")"


def words_index(name, table, text):
    return migrations.RunSQL(
        f"CREATE INDEX {name} ON clients_{table} USING gin (organization_id, {text} gin_trgm_ops) WHERE removed_at IS NULL",
        f"DROP INDEX {name}",
    )


def search_door(table):
    text = words_of(table)
    return search_function(
        "portal_search",
        f"portal_{table}_list_search(patterns text[], most integer) RETURNS SETOF bigint",
        f"SELECT id FROM clients_{table} WHERE organization_id = {TENANT} AND removed_at IS NULL "
        f"AND {text} ILIKE patterns[1] AND {text} ILIKE ALL (patterns) ORDER BY {ORDERS[table]} LIMIT most",
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [("integrations", "0001_schema"), ("tenancy", "0001_schema")]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="CompanyStatus",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("is_active", models.BooleanField(default=True)),
                        ("is_default", models.BooleanField(default=False)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
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
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="clients_companystatus_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Company",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("address_line1", models.TextField(blank=True)),
                        ("address_line2", models.TextField(blank=True)),
                        ("city", models.TextField(blank=True)),
                        ("state", models.TextField(blank=True)),
                        ("postal_code", models.TextField(blank=True)),
                        ("country", models.TextField(blank=True)),
                        ("identifier", models.TextField(blank=True)),
                        ("name", models.TextField()),
                        ("status_remote_id", models.CharField(max_length=64, null=True)),
                        ("status_name", models.TextField(blank=True)),
                        (
                            "type_names",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                        ("phone", models.TextField(blank=True)),
                        ("website", models.TextField(blank=True)),
                        ("territory", models.TextField(blank=True)),
                        ("remote_created_at", models.DateTimeField(null=True)),
                        ("custom_fields", models.JSONField(default=dict)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
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
                            "status",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.companystatus",
                            ),
                        ),
                        (
                            "type_remote_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("removed_at", None)),
                                fields=["organization", "name", "id"],
                                name="company_by_name",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="clients_company_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="CompanyType",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("is_active", models.BooleanField(default=True)),
                        ("is_default", models.BooleanField(default=False)),
                        ("is_vendor", models.BooleanField(default=False)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
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
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="clients_companytype_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Site",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("address_line1", models.TextField(blank=True)),
                        ("address_line2", models.TextField(blank=True)),
                        ("city", models.TextField(blank=True)),
                        ("state", models.TextField(blank=True)),
                        ("postal_code", models.TextField(blank=True)),
                        ("country", models.TextField(blank=True)),
                        ("company_remote_id", models.CharField(max_length=64)),
                        ("name", models.TextField()),
                        ("phone", models.TextField(blank=True)),
                        ("time_zone", models.TextField(blank=True)),
                        ("is_primary", models.BooleanField(default=False)),
                        ("is_active", models.BooleanField(default=True)),
                        (
                            "company",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sites",
                                to="clients.company",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
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
                        "abstract": False,
                        "constraints": [
                            models.UniqueConstraint(fields=("connection", "remote_id"), name="clients_site_remote_once")
                        ],
                        "base_manager_name": "with_removed",
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Contact",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("company_remote_id", models.CharField(max_length=64, null=True)),
                        ("company_name", models.TextField(blank=True)),
                        ("site_remote_id", models.CharField(max_length=64, null=True)),
                        ("first_name", models.TextField(blank=True)),
                        ("last_name", models.TextField(blank=True)),
                        ("title", models.TextField(blank=True)),
                        (
                            "type_names",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                        ("email", models.TextField(blank=True)),
                        ("phone", models.TextField(blank=True)),
                        ("emails", models.JSONField(default=list)),
                        ("phones", models.JSONField(default=list)),
                        ("address", models.TextField(blank=True)),
                        ("is_active", models.BooleanField(default=True)),
                        ("is_default", models.BooleanField(default=False)),
                        ("custom_fields", models.JSONField(default=dict)),
                        (
                            "company",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="contacts",
                                to="clients.company",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
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
                            "site",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.site",
                            ),
                        ),
                        (
                            "listed_name",
                            models.GeneratedField(
                                db_persist=True,
                                expression=django.db.models.functions.text.Concat(
                                    "last_name", models.Value(" ", models.TextField()), "first_name"
                                ),
                                output_field=models.TextField(),
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("removed_at", None)),
                                fields=["organization", "last_name", "first_name", "id"],
                                name="contact_by_name",
                            ),
                            models.Index(
                                condition=models.Q(("removed_at", None)),
                                fields=["organization", "listed_name", "id"],
                                name="contact_listed",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="clients_contact_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Agreement",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("type_name", models.TextField(blank=True)),
                        ("status_name", models.TextField(blank=True)),
                        ("is_active", models.BooleanField(default=True)),
                        ("company_remote_id", models.CharField(max_length=64, null=True)),
                        ("company_name", models.TextField(blank=True)),
                        ("site_remote_id", models.CharField(max_length=64, null=True)),
                        ("contact_remote_id", models.CharField(max_length=64, null=True)),
                        ("contact_name", models.TextField(blank=True)),
                        ("parent_agreement_remote_id", models.CharField(max_length=64, null=True)),
                        ("starts_on", models.DateField(null=True)),
                        ("ends_on", models.DateField(null=True)),
                        ("cancelled_on", models.DateField(null=True)),
                        ("billing_cycle", models.TextField(blank=True)),
                        ("amount", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("currency", models.TextField(blank=True)),
                        ("purchase_order", models.TextField(blank=True)),
                        ("notes", models.TextField(blank=True)),
                        ("remote_created_at", models.DateTimeField(null=True)),
                        ("custom_fields", models.JSONField(default=dict)),
                        (
                            "company",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="agreements",
                                to="clients.company",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "contact",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.contact",
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
                            "parent_agreement",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.agreement",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.site",
                            ),
                        ),
                        ("body_format", models.TextField(default="plain")),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("removed_at", None)),
                                fields=["organization", "name", "id"],
                                name="agreement_by_name",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="clients_agreement_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="AgreementAddition",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("agreement_remote_id", models.CharField(max_length=64)),
                        ("product_remote_id", models.CharField(max_length=64, null=True)),
                        ("product_name", models.TextField(blank=True)),
                        ("description", models.TextField(blank=True)),
                        ("quantity", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("included", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("unit_price", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("unit_cost", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("total", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("billing", models.TextField(blank=True)),
                        ("starts_on", models.DateField(null=True)),
                        ("ends_on", models.DateField(null=True)),
                        ("serial_number", models.TextField(blank=True)),
                        ("custom_fields", models.JSONField(default=dict)),
                        (
                            "agreement",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="additions",
                                to="clients.agreement",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
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
                            "product",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.product",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="clients_agreementaddition_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Asset",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("type_name", models.TextField(blank=True)),
                        ("status_name", models.TextField(blank=True)),
                        ("is_active", models.BooleanField(default=True)),
                        ("company_remote_id", models.CharField(max_length=64, null=True)),
                        ("company_name", models.TextField(blank=True)),
                        ("site_remote_id", models.CharField(max_length=64, null=True)),
                        ("site_name", models.TextField(blank=True)),
                        ("contact_remote_id", models.CharField(max_length=64, null=True)),
                        ("contact_name", models.TextField(blank=True)),
                        ("location", models.TextField(blank=True)),
                        ("manufacturer", models.TextField(blank=True)),
                        ("model", models.TextField(blank=True)),
                        ("serial_number", models.TextField(blank=True)),
                        ("tag", models.TextField(blank=True)),
                        ("operating_system", models.TextField(blank=True)),
                        ("ip_address", models.TextField(blank=True)),
                        ("mac_address", models.TextField(blank=True)),
                        ("last_user", models.TextField(blank=True)),
                        ("purchased_on", models.DateField(null=True)),
                        ("installed_on", models.DateField(null=True)),
                        ("warranty_expires_on", models.DateField(null=True)),
                        ("notes", models.TextField(blank=True)),
                        ("remote_created_at", models.DateTimeField(null=True)),
                        ("custom_fields", models.JSONField(default=dict)),
                        (
                            "warranty_listed_on",
                            models.GeneratedField(
                                db_persist=True,
                                expression=django.db.models.functions.comparison.Coalesce(
                                    "warranty_expires_on", models.Value(datetime.date(9999, 12, 31), models.DateField())
                                ),
                                output_field=models.DateField(),
                            ),
                        ),
                        (
                            "company",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="assets",
                                to="clients.company",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "contact",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.contact",
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
                            "site",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.site",
                            ),
                        ),
                        ("body_format", models.TextField(default="plain")),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("removed_at", None)),
                                fields=["organization", "name", "id"],
                                name="asset_by_name",
                            ),
                            models.Index(
                                condition=models.Q(("removed_at", None)),
                                fields=["organization", "warranty_listed_on", "id"],
                                name="asset_by_warranty",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="clients_asset_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Invoice",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("number", models.TextField(blank=True)),
                        ("type_name", models.TextField(blank=True)),
                        ("status_name", models.TextField(blank=True)),
                        ("company_remote_id", models.CharField(max_length=64, null=True)),
                        ("company_name", models.TextField(blank=True)),
                        ("agreement_remote_id", models.CharField(max_length=64, null=True)),
                        ("ticket_remote_id", models.CharField(max_length=64, null=True)),
                        ("invoiced_on", models.DateField(null=True)),
                        ("due_on", models.DateField(null=True)),
                        ("subtotal", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("tax", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("total", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("paid", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("balance", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("currency", models.TextField(blank=True)),
                        ("purchase_order", models.TextField(blank=True)),
                        ("reference", models.TextField(blank=True)),
                        ("lines", models.JSONField(default=list)),
                        ("remote_created_at", models.DateTimeField(null=True)),
                        ("custom_fields", models.JSONField(default=dict)),
                        (
                            "listed_on",
                            models.GeneratedField(
                                db_persist=True,
                                expression=django.db.models.functions.comparison.Coalesce(
                                    "invoiced_on", models.Value(datetime.date(1, 1, 1), models.DateField())
                                ),
                                output_field=models.DateField(),
                            ),
                        ),
                        (
                            "agreement",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.agreement",
                            ),
                        ),
                        (
                            "company",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="invoices",
                                to="clients.company",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
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
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("removed_at", None)),
                                fields=["organization", "listed_on", "id"],
                                name="invoice_by_day",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="clients_invoice_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Opportunity",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("type_name", models.TextField(blank=True)),
                        ("stage_name", models.TextField(blank=True)),
                        ("status_remote_id", models.CharField(max_length=64, null=True)),
                        ("status_name", models.TextField(blank=True)),
                        ("rating", models.TextField(blank=True)),
                        ("probability", models.IntegerField(null=True)),
                        ("value", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("currency", models.TextField(blank=True)),
                        ("company_remote_id", models.CharField(max_length=64, null=True)),
                        ("company_name", models.TextField(blank=True)),
                        ("site_remote_id", models.CharField(max_length=64, null=True)),
                        ("contact_remote_id", models.CharField(max_length=64, null=True)),
                        ("contact_name", models.TextField(blank=True)),
                        ("owner_remote_id", models.CharField(max_length=64, null=True)),
                        ("owner_name", models.TextField(blank=True)),
                        ("source", models.TextField(blank=True)),
                        ("expected_close_on", models.DateField(null=True)),
                        ("closed_at", models.DateTimeField(null=True)),
                        ("notes", models.TextField(blank=True)),
                        ("remote_created_at", models.DateTimeField(null=True)),
                        ("custom_fields", models.JSONField(default=dict)),
                        (
                            "listed_on",
                            models.GeneratedField(
                                db_persist=True,
                                expression=django.db.models.functions.comparison.Coalesce(
                                    "expected_close_on", models.Value(datetime.date(9999, 12, 31), models.DateField())
                                ),
                                output_field=models.DateField(),
                            ),
                        ),
                        (
                            "company",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="opportunities",
                                to="clients.company",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "contact",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.contact",
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
                            "site",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.site",
                            ),
                        ),
                        (
                            "status",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.opportunitystatus",
                            ),
                        ),
                        ("body_format", models.TextField(default="plain")),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("removed_at", None)),
                                fields=["organization", "listed_on", "id"],
                                name="opportunity_by_day",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="clients_opportunity_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="OpportunityStatus",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("is_active", models.BooleanField(default=True)),
                        ("is_closed", models.BooleanField(default=False)),
                        ("is_won", models.BooleanField(default=False)),
                        ("is_lost", models.BooleanField(default=False)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
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
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="clients_opportunitystatus_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Product",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("identifier", models.TextField(blank=True)),
                        ("name", models.TextField(blank=True)),
                        ("description", models.TextField(blank=True)),
                        ("category", models.TextField(blank=True)),
                        ("manufacturer", models.TextField(blank=True)),
                        ("unit_price", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("unit_cost", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        ("currency", models.TextField(blank=True)),
                        ("is_active", models.BooleanField(default=True)),
                        ("custom_fields", models.JSONField(default=dict)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
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
                        ("body_format", models.TextField(default="plain")),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="clients_product_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
            ],
        ),
        *(secure(f"clients_{table}") for table in TABLES),
        *(tenant_foreign_key(f"clients_{table}", "connection_id", "integrations_connection") for table in TABLES),
        tenant_key("clients_company"),
        *(
            tenant_foreign_key(f"clients_{table}", "company_id", "clients_company", on_delete="SET NULL")
            for table in OF_COMPANIES
        ),
        tenant_key("clients_agreement"),
        tenant_foreign_key("clients_agreementaddition", "agreement_id", "clients_agreement", on_delete="SET NULL"),
        *(searchable(f"clients_{table}") for table in SEARCHED),
        words_index("company_words", "company", COMPANY),
        words_index("contact_words", "contact", CONTACT),
        *(words_index(f"{table}_list_words", table, words_of(table)) for table in WORDS if table != "contact"),
        search_function(
            "portal_search",
            "portal_company_search(patterns text[], most integer) RETURNS SETOF bigint",
            BODY.format(table="clients_company", tenant=TENANT, more="", text=COMPANY, order="name, id"),
        ),
        search_function(
            "portal_search",
            "portal_contact_search(patterns text[], company bigint, most integer) RETURNS SETOF bigint",
            BODY.format(
                table="clients_contact",
                tenant=TENANT,
                more="AND company_id = company",
                text=CONTACT,
                order="last_name, first_name, id",
            ),
        ),
        *(search_door(table) for table in WORDS),
    ]
