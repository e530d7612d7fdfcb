"""The ids of a company's types, beside their names."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clients", "0005_assets_agreements_sales")]

    operations = [
        migrations.AddField(
            model_name="company",
            name="type_remote_ids",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
        ),
    ]
